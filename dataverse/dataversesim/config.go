package dataversesim

import (
	"cmp"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// What a Config leaves empty is filled with these invented values.
const (
	DefaultTenantID       = "7d1c9a52-4b0e-4f7f-9d55-0a1b2c3d4e5f"
	DefaultClientID       = "c2f8e0b4-6a1d-4c3b-8e21-5f6a7b8c9d0e"
	DefaultClientSecret   = "simulated~client.secret"
	DefaultOrganizationID = "5e0a4c1b-93d2-4e6f-a7b8-1c2d3e4f5a6b"
	DefaultEventToken     = "simulated-event-token"
	DefaultOrigin         = "https://events.example.org"
	DefaultPaymentPage    = "https://pay.example.org/pay/main"
	DefaultWindow         = 50 * time.Minute
	DefaultTokenLifetime  = 3599 * time.Second
	DefaultReadBackLag    = 5 * time.Second
	DefaultVisibility     = 3 * time.Second
	DefaultMemory         = 10_000
)

// Config is what the simulated tenant, organisation and events look like. The zero value works: every field has a default.
type Config struct {
	// Now is the clock; nil means time.Now. Advance shifts what Dynamics does on top of it; Entra keeps to Now, because
	// the tokens and assertions of a real client cannot follow a shift.
	Now func() time.Time
	// Random feeds ids and tokens; nil means crypto/rand.
	Random io.Reader
	// Seed feeds the chance of faults and, when Behaviours is nil and Seed is not 0, picks the behaviours.
	Seed uint64
	// Variant is which generation of the product answers, one of Variants; "" means realtime.
	Variant string
	// Behaviours switches single behaviours, name to variant; what is not named keeps its default.
	Behaviours map[string]string

	// TenantID, ClientID and ClientSecret are what the token endpoint accepts.
	TenantID, ClientID, ClientSecret string
	// ClientCertificate, if set, is what a client assertion must be signed with (RSA).
	ClientCertificate *x509.Certificate
	// FederatedAssertion, if set, is a client assertion that is accepted as it stands.
	FederatedAssertion string
	// TokenLifetime is the expires_in of access tokens.
	TokenLifetime time.Duration
	// Resource is the organisation's URL that a scope must name; "" means the origin the request was sent to.
	Resource string
	// OrganizationID is what WhoAmI answers and what the real-time event API has in its path.
	OrganizationID string

	// Window is how long a temporary registration lives.
	Window time.Duration
	// ReadBackLag is how far the purchase row lags behind a finalize under the behaviours that lag.
	ReadBackLag time.Duration
	// Visibility is how long a new purchase row stays unreadable under row-visibility=delayed.
	Visibility time.Duration

	// PaymentPage is where the register answer sends the buyer; it may have a query. ReturnURL, if set, is added by the
	// real-time event API as returnUrl.
	PaymentPage, ReturnURL string
	// EventToken and Origin are what the event API asks for.
	EventToken, Origin string
	// Events can be registered for; nil means SampleEvents.
	Events []Event

	// Limits are those of service protection.
	Limits Limits
	// Memory is how many requests are remembered; the oldest are forgotten first.
	Memory int
}

// Event is something that can be registered for.
type Event struct {
	ReadableID string   `json:"readable_id"`
	Name       string   `json:"name"`
	Currency   Currency `json:"currency"`
	Passes     []Pass   `json:"passes"`
}

// Currency is a row of the transactioncurrency table. An empty Code is answered as a missing one.
type Currency struct {
	Code      string `json:"code"`
	Symbol    string `json:"symbol"`
	Name      string `json:"name"`
	Precision int    `json:"precision"`
}

// Pass is a ticket of an event. Price is a plain decimal number such as "49.50"; Capacity 0 means without limit.
type Pass struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Price    string `json:"price"`
	Capacity int    `json:"capacity"`
}

// Attendee is one person to be registered, with the pass of that person.
type Attendee struct {
	FirstName  string `json:"firstName"`
	LastName   string `json:"lastName"`
	Email      string `json:"email"`
	PassID     string `json:"passId"`
	Waitlisted bool   `json:"waitlisted,omitempty"`
}

// SampleEvents are two paid events, one in euro and one in yen, and a free one.
func SampleEvents() []Event {
	return []Event{
		{
			ReadableID: "Paid_Event1479011247", Name: "Concert d’été",
			Currency: Currency{Code: "EUR", Symbol: "€", Name: "Euro", Precision: 2},
			Passes: []Pass{
				{ID: "0b9f7c1e-2d3a-4e5b-8c6d-7e8f9a0b1c2d", Name: "Adult", Price: "49.50"},
				{ID: "1c0a8d2f-3e4b-4f6c-9d7e-8f9a0b1c2d3e", Name: "Child", Price: "12.00", Capacity: 500},
			},
		},
		{
			ReadableID: "Tea_Ceremony1479011248", Name: "Tea ceremony",
			Currency: Currency{Code: "JPY", Symbol: "¥", Name: "Yen", Precision: 0},
			Passes:   []Pass{{ID: "2d1b9e3a-4f5c-4a7d-8e8f-9a0b1c2d3e4f", Name: "Seat", Price: "5000", Capacity: 200}},
		},
		{
			ReadableID: "Open_Day1479011249", Name: "Open day",
			Currency: Currency{Code: "EUR", Symbol: "€", Name: "Euro", Precision: 2},
			Passes:   []Pass{{ID: "3e2cae4b-5a6d-4b8e-9f9a-0b1c2d3e4f5a", Name: "Free entry", Price: "0"}},
		},
	}
}

// Validate says everything that is wrong with the configuration. New panics on what Validate reports.
func (c Config) Validate() error {
	var errs []error
	if c.Variant != "" && !slices.Contains(Variants(), c.Variant) {
		errs = append(errs, fmt.Errorf("variant %q is unknown; choose one of %q", c.Variant, Variants()))
	}
	for name, variant := range c.Behaviours {
		errs = append(errs, checkBehaviour(name, variant))
	}
	if c.Window < 0 || c.TokenLifetime < 0 || c.ReadBackLag < 0 || c.Visibility < 0 || c.Memory < 0 {
		errs = append(errs, errors.New("durations and the memory must not be negative"))
	}
	if c.Limits.Requests < 0 || c.Limits.Concurrency < 0 || c.Limits.Per < 0 || c.Limits.Execution < 0 {
		errs = append(errs, errors.New("limits must not be negative; use Off to enforce none"))
	}
	seen := map[string]bool{}
	for _, e := range c.Events {
		if e.ReadableID == "" || seen[e.ReadableID] {
			errs = append(errs, fmt.Errorf("event %q: the readable id must be there and be unique", e.ReadableID))
		}
		seen[e.ReadableID] = true
		errs = append(errs, e.validate())
	}
	return errors.Join(errs...)
}

func (e Event) validate() error {
	var errs []error
	if e.Currency.Precision < 0 || e.Currency.Precision > 4 {
		errs = append(errs, fmt.Errorf("event %q: currency precision %d is not between 0 and 4", e.ReadableID, e.Currency.Precision))
	}
	seen := map[string]bool{}
	for _, p := range e.Passes {
		if p.ID == "" || seen[p.ID] || p.Capacity < 0 {
			errs = append(errs, fmt.Errorf("event %q: pass %q needs a unique id and a capacity of 0 or more", e.ReadableID, p.ID))
		}
		seen[p.ID] = true
		if err := checkPrice(p.Price, e.Currency.Precision); err != nil {
			errs = append(errs, fmt.Errorf("event %q: pass %q: %w", e.ReadableID, p.ID, err))
		}
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.Events == nil {
		c.Events = SampleEvents()
	}
	c.Variant = cmp.Or(c.Variant, VariantRealtime)
	c.TenantID = cmp.Or(c.TenantID, DefaultTenantID)
	c.ClientID = cmp.Or(c.ClientID, DefaultClientID)
	c.ClientSecret = cmp.Or(c.ClientSecret, DefaultClientSecret)
	c.OrganizationID = cmp.Or(c.OrganizationID, DefaultOrganizationID)
	c.TokenLifetime = cmp.Or(c.TokenLifetime, DefaultTokenLifetime)
	c.Window = cmp.Or(c.Window, DefaultWindow)
	c.ReadBackLag = cmp.Or(c.ReadBackLag, DefaultReadBackLag)
	c.Visibility = cmp.Or(c.Visibility, DefaultVisibility)
	c.PaymentPage = cmp.Or(c.PaymentPage, DefaultPaymentPage)
	c.EventToken = cmp.Or(c.EventToken, DefaultEventToken)
	c.Origin = cmp.Or(c.Origin, DefaultOrigin)
	c.Memory = cmp.Or(c.Memory, DefaultMemory)
	c.Limits = c.Limits.withDefaults()
	return c
}
