// Package providersim is the payment providers, simulated over HTTP: servers with memory that authenticate as the originals do, keep
// every request, misbehave a little by default and a lot on demand. They know the protocols from the providers' documents, never
// from the adapters that are tested against them.
package providersim

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// A Simulator is one simulated merchant account at a provider. Its methods may be called from any goroutine.
type Simulator interface {
	// Handler serves the provider's API and its pay page, Control takes orders as JSON.
	Handler() http.Handler
	Control() http.Handler
	// SetBaseURL tells the simulator its own origin.
	SetBaseURL(origin string)
	// Settings are the settings of a daemon that hears this simulator at the callback address, which is registered with that.
	Settings(callback string) Settings
	// Manners are what the provider can do, as far as a sale depends on it.
	Manners() Manners
	// Payments are all payments, as made.
	Payments() []Payment
	Payment(id string) (Payment, bool)
	// Button is a payment on the organiser's own page: paid at once, and only notifications tell of it. It returns the payment's id.
	Button(ButtonPayment) (id string, err error)
	// Settle ends a pending payment: paid, or failed.
	Settle(id string, paid bool) error
	// GiveBack refunds a payment in the merchant's back office, or takes the money back as a bank does; "" is all that is left.
	GiveBack(id, value string, reversal bool) error
	// Forgeries are notifications of a payment that never was, as attackers would make them.
	Forgeries(f Forgery) []Notice
	// Accepts tells whether the provider takes such an answer for an acknowledgement.
	Accepts(status int, body []byte) bool
	// Shape says how the notifications of one payment travel from now on.
	Shape(id string, s Shape)
	AddFault(Fault)
	ClearFaults()
	Requests() []Request
	Deliveries() []Delivery
	// Close ends all deliveries.
	Close()
}

// Config is how a simulator is set up. The zero value works.
type Config struct {
	Now  func() time.Time // nil: time.Now
	Live bool             // the mode it pretends to be of
	Seed uint64
	// Retry is how long to wait after the n-th try (from 1) of a notification that was not taken; false ends it. Nil: the provider's
	// own schedule.
	Retry   func(try int) (time.Duration, bool)
	Chaos   Chaos
	InOrder bool              // notifications wait for one another
	Deliver http.RoundTripper // how notifications travel; nil: directly, trusting any certificate
}

// Chaos is how much notifications misbehave: chances in [0,1], and the longest random delay. The zero value misbehaves a little.
type Chaos struct {
	Repeat  float64
	Reorder float64
	Delay   time.Duration
	Off     bool
}

// Settings are what a daemon needs to live with a simulator. In the texts {dir} stands for the folder of the files and {ca} for the
// file with the authority of the simulator's certificate.
type Settings struct {
	Kind      string            // the provider, as settings name it
	Section   string            // the provider's section, as YAML without indentation
	Reference string            // where the organiser's page puts the ids, as YAML in one line; "" for nowhere
	Files     map[string]string // content by name
}

// Manners are what a provider can do, as far as a sale depends on it.
type Manners struct {
	Page        bool // it has a page to which our redirect leg can lead
	AsksPage    bool // payments that were opened by us can be read back
	AsksButton  bool // payments of the organiser's page can be read back
	Ends        bool // nobody pays late at our sessions: they end in time, can be ended, or take no money without us
	NamesNobody bool // a payment can come without any reference
	Reserves    bool // money paid at our sessions can be reserved first
	AsksTaken   bool // whether reserved money was taken can be read back
}

// A ButtonPayment is a payment on the organiser's own page.
type ButtonPayment struct {
	Purchase string `json:"purchase"` // PurchaseId, "" for none
	Value    string `json:"value"`    // decimal
	Currency string `json:"currency"`
	Pending  string `json:"pending"` // a reason: paid only when it is settled
	Shape    Shape  `json:"-"`
}

// A Forgery is a payment that never was.
type Forgery struct {
	Purchase, Value, Currency string
}

// A Notice is one notification as it travels.
type Notice struct {
	Method string // "": POST
	Query  string
	Header http.Header
	Body   []byte

	Harmless bool // of a forgery: it may be taken, for it proves nothing
}

var makers = map[string]func(Config) Simulator{}

// register makes a simulator known by its name; each provider's file does it for its own.
func register(name string, make func(Config) Simulator) {
	if makers[name] != nil {
		panic("providersim: two simulators are called " + name)
	}
	makers[name] = make
}

// Names are the simulators there are.
func Names() []string { return slices.Sorted(maps.Keys(makers)) }

// New makes a simulator by its name.
func New(name string, c Config) (Simulator, error) {
	make := makers[name]
	if make == nil {
		return nil, fmt.Errorf("there is no simulator %q", name)
	}
	return make(c), nil
}
