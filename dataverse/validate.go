package dataverse

import (
	"crypto/x509"
	"fmt"
	"maps"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
)

// Where Microsoft serves organisations and sign-in from.
// Source: Power Platform, datacenter regions; Microsoft Entra, national clouds.
var (
	organisationDomains = []string{".dynamics.com", ".microsoftdynamics.us", ".appsplatform.us", ".dynamics.cn"}
	signInHosts         = []string{"login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "login.microsoftonline.us",
		"login.partner.microsoftonline.cn", "login.chinacloudapi.cn"}
)

// leastQuietLive outlasts what Dynamics may still do after a client gave up.
const leastQuietLive = 3 * time.Minute

// Validate notes everything that is wrong with the section. In live mode nothing may lead away from Microsoft.
func (c *Config) Validate(p *field.Problems, live bool) {
	c.validateURL(p, live)
	if !slices.Contains([]Dialect{"", DialectAuto, DialectRealtime, DialectOutbound}, c.Dialect) {
		p.Add("dialect", "is %q; write auto, realtime or outbound", c.Dialect)
	}
	c.validateCredential(p)
	c.validateTimes(p, live)
	c.validateOverrides(p, live)
	c.validateOutbound(p)
}

func (c *Config) validateURL(p *field.Problems, live bool) {
	if c.URL == "" {
		p.Add("url", "is required; write the organisation's address, for example https://contoso.crm4.dynamics.com")
		return
	}
	u, ok := httpsOrigin(p, "url", c.URL)
	if ok && live && !slices.ContainsFunc(organisationDomains, func(d string) bool { return strings.HasSuffix(u.Hostname(), d) }) {
		p.Add("url", "is not an address of Dynamics 365, which live mode needs; write the organisation's own address, or mode: sandbox")
	}
}

// httpsOrigin checks an address that must be https, a host and nothing more.
func httpsOrigin(p *field.Problems, key, raw string) (*url.URL, bool) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "":
		p.Add(key, "is not an address; write it like https://contoso.crm4.dynamics.com")
	case u.Scheme != "https":
		p.Add(key, "must begin with https://")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		p.Add(key, "must end after the host; write https://%s", u.Host)
	default:
		return u, true
	}
	return u, false
}

var guidShape = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func (c *Config) validateCredential(p *field.Problems) {
	given := 0
	for _, set := range []bool{c.ClientSecret.IsSet(), c.ClientCertificate.IsSet(), c.FederatedTokenFile != "", c.ManagedIdentity} {
		if set {
			given++
		}
	}
	if given != 1 {
		p.Add("", "has %d ways to sign in; give exactly one of client_secret, client_certificate, federated_token_file, managed_identity", given)
	}
	if !c.ManagedIdentity {
		p.Require("tenant_id", c.TenantID != "", "write the directory (tenant) id of the app registration")
		p.Require("client_id", c.ClientID != "", "write the application (client) id of the app registration")
	}
	for _, id := range []struct{ key, value string }{{"tenant_id", c.TenantID}, {"client_id", c.ClientID}} {
		if id.value != "" && !guidShape.MatchString(id.value) {
			p.Add(id.key, "is not an id; it looks like 7d1c9a52-4b0e-4f7f-9d55-0a1b2c3d4e5f")
		}
	}
	c.validateSecrets(p)
}

func (c *Config) validateSecrets(p *field.Problems) {
	if c.ClientSecret.IsSet() {
		if _, err := c.ClientSecret.Reveal(); err != nil {
			p.Add("client_secret", "%v", err)
		}
	}
	if c.ClientCertificate.IsSet() {
		if _, _, err := c.certificate(); err != nil {
			p.Add("client_certificate", "%v", err)
		}
	}
	if c.FederatedTokenFile != "" {
		if _, err := field.NewSecret("file:" + c.FederatedTokenFile).Reveal(); err != nil {
			p.Add("federated_token_file", "%v", err)
		}
	}
}

func (c *Config) validateTimes(p *field.Problems, live bool) {
	window := time.Duration(c.Window)
	p.Require("window", window != 0, "write 50m for outbound, and for realtime the payment timeout that is set in Dynamics")
	for _, d := range []struct {
		key   string
		value field.Duration
	}{{"window", c.Window}, {"margin", c.Margin}, {"quiet", c.Quiet}, {"timeout", c.Timeout}} {
		if d.value < 0 {
			p.Add(d.key, "is negative; write a duration like 2m")
		}
	}
	if window > 0 && time.Duration(c.Margin) >= window {
		p.Add("margin", "is not shorter than the window; write something like 2m")
	}
	if live && c.Quiet > 0 && time.Duration(c.Quiet) < leastQuietLive {
		p.Add("quiet", "is shorter than what Dynamics may still work on a call; write at least 3m, or leave it out")
	}
	if t := time.Duration(c.Timeout); t > mostTimeout || (t > 0 && t < leastTimeout) {
		p.Add("timeout", "must be between 1s and 2m, after which Dynamics itself gives up")
	}
	if !slices.Contains([]purchase.Repeat{"", purchase.RepeatNever, purchase.RepeatAfterQuiet}, c.RepeatFinalize) {
		p.Add("repeat_finalize", "is %q; write never or after_quiet", c.RepeatFinalize)
	}
}

func (c *Config) validateOverrides(p *field.Problems, live bool) {
	if c.Authority != "" {
		if u, ok := httpsOrigin(p, "authority", c.Authority); ok && live && !slices.Contains(signInHosts, u.Hostname()) {
			p.Add("authority", "is not a sign-in address of Microsoft, which live mode needs; leave it out")
		}
	}
	if c.Resource != "" {
		httpsOrigin(p, "resource", c.Resource)
		if live {
			p.Add("resource", "is not for live mode; leave it out")
		}
	}
	if c.CAFile == "" {
		return
	}
	if live {
		p.Add("ca_file", "is not for live mode; leave it out")
	}
	if _, err := readAuthorities(c.CAFile); err != nil {
		p.Add("ca_file", "%v", err)
	}
}

func readAuthorities(path string) (*x509.CertPool, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the trusted authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(raw) {
		return nil, fmt.Errorf("%s holds no certificate; write a PEM file", path)
	}
	return pool, nil
}

func (c *Config) validateOutbound(p *field.Problems) {
	if c.Release != nil && c.Dialect == DialectOutbound {
		p.Add("release", "is for real-time journeys; outbound marketing cannot give seats free early: leave it out")
	}
	for _, key := range slices.Sorted(maps.Keys(c.Fields)) {
		if !slices.Contains(outputKeys, key) {
			p.Add("fields."+key, "is not an output; choose among %s", strings.Join(outputKeys, ", "))
		} else if strings.TrimSpace(c.Fields[key]) == "" {
			p.Add("fields."+key, "is empty; write the name that the organisation gives this output, or leave it out")
		}
	}
	for _, value := range c.SuccessValues {
		if strings.TrimSpace(value) == "" {
			p.Add("success_values", "holds an empty value; every answer without a status would count as a yes")
		}
	}
}
