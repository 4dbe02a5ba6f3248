package dataverse

import (
	"cmp"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
)

// A Dialect is how an organisation is spoken to.
type Dialect string

const (
	// DialectAuto finds out which of the two an organisation speaks, by reading only.
	DialectAuto Dialect = "auto"
	// DialectRealtime is paid events of real-time journeys, today's product.
	DialectRealtime Dialect = "realtime"
	// DialectOutbound is paid events of outbound marketing, its predecessor.
	DialectOutbound Dialect = "outbound"
)

// Config is the section "dataverse" of an environment: where the organisation is, how to sign in, and how it is spoken to.
type Config struct {
	// URL of the organisation, as the Power Platform admin center shows it: https://contoso.crm4.dynamics.com
	URL string `yaml:"url"`
	// Dialect: realtime (paid events of real-time journeys), outbound (of outbound marketing), or auto: find out. Default: auto.
	Dialect Dialect `yaml:"dialect,omitempty"`

	// TenantID is the directory (tenant) id of the app registration in Microsoft Entra.
	TenantID string `yaml:"tenant_id,omitempty"`
	// ClientID is the application (client) id of the app registration. With managed_identity it names a user-assigned identity;
	// leave it out for the system-assigned one.
	ClientID string `yaml:"client_id,omitempty"`
	// ClientSecret is the secret of the app registration: its value, not its id. Exactly one of client_secret,
	// client_certificate, federated_token_file and managed_identity is to be given. All of them are read again at each sign-in, so
	// a renewed one needs no restart.
	ClientSecret field.Secret `yaml:"client_secret,omitempty"`
	// ClientCertificate is a PEM file with the certificate of the app registration and its RSA key, not encrypted.
	ClientCertificate field.Secret `yaml:"client_certificate,omitempty"`
	// FederatedTokenFile is a file in which the platform (Kubernetes, for example) keeps a token that Entra trusts.
	FederatedTokenFile string `yaml:"federated_token_file,omitempty"`
	// ManagedIdentity signs in as the Azure resource that paybridge runs on.
	ManagedIdentity bool `yaml:"managed_identity,omitempty"`

	// Window is how long Dynamics keeps a temporary registration: 50m for outbound; for realtime the "Payment timeout" of the
	// payment provider in Dynamics. A wrong value costs registrations.
	Window field.Duration `yaml:"window"`
	// Margin is taken off deadlines that rest on when we first saw the buyer. Default: 2m, or a twenty-fifth of a short window.
	Margin field.Duration `yaml:"margin,omitempty"`
	// Quiet is how long nothing is repeated after a finalize whose outcome is unknown; Dynamics may still be working on it.
	// Default: 5m.
	Quiet field.Duration `yaml:"quiet,omitempty"`
	// RepeatFinalize says what becomes of a finalize with unknown outcome where Dynamics cannot be read back: never (a person
	// decides) or after_quiet (it is sent again, at the risk of double registrations). Default: never.
	RepeatFinalize purchase.Repeat `yaml:"repeat_finalize,omitempty"`
	// Release gives a seat free as soon as nobody can pay for it any more, before Dynamics does: the purchase is reported as cancelled.
	// Real-time journeys only; outbound marketing has no such call. Default: true.
	Release *bool `yaml:"release,omitempty"`
	// Timeout is how long a finalize is waited for before its outcome counts as unknown. Dynamics itself gives up after two
	// minutes. Default: 2m, or a tenth of a short window.
	Timeout field.Duration `yaml:"timeout,omitempty"`

	// Authority is the sign-in address without the tenant. Default: https://login.microsoftonline.com
	Authority string `yaml:"authority,omitempty"`
	// Resource is what a token is asked for, where it is not the organisation's URL. Not in live mode.
	Resource string `yaml:"resource,omitempty"`
	// CAFile is a PEM file with the authorities to trust instead of the system's, for simulators and their like. Not in live mode.
	CAFile string `yaml:"ca_file,omitempty"`

	// Fields names outputs of the outbound actions where an organisation calls them otherwise. Keys: amount, currency, event_name,
	// attendees (of the purchase-info actions), event, user (the same, read only if named here), status (of the finalize
	// action). Letter case and the prefixes msevtmgt_ and adx_ never matter.
	Fields map[string]string `yaml:"fields,omitempty"`
	// SuccessValues are the values of "status" with which the outbound finalize says yes; anything else is a refusal.
	// Default: [Success]
	SuccessValues []string `yaml:"success_values,omitempty"`
	// Event is the ReadableEventId to finalize with where nobody else says which event it is: for an organisation that sells one
	// event. Outbound only.
	Event string `yaml:"event,omitempty"`
}

const (
	defaultAuthority = "https://login.microsoftonline.com"
	mostTimeout      = 2 * time.Minute
	leastTimeout     = time.Second
	readWithin       = 30 * time.Second // for a read with all its repeats
)

// Policy is what the settings say of time and risk, the defaults filled in.
func (c Config) Policy() purchase.Policy {
	p := purchase.DefaultPolicy(time.Duration(c.Window))
	p.Margin = c.Margin.Or(p.Margin)
	p.Quiet = c.Quiet.Or(p.Quiet)
	p.Repeat = cmp.Or(c.RepeatFinalize, p.Repeat)
	p.Releases = c.Dialect != DialectOutbound && (c.Release == nil || *c.Release)
	return p
}

func (c Config) timeout() time.Duration {
	return c.Timeout.Or(max(leastTimeout, min(mostTimeout, time.Duration(c.Window)/10)))
}

func (c Config) successValues() []string {
	if len(c.SuccessValues) == 0 {
		return []string{"Success"}
	}
	return c.SuccessValues
}
