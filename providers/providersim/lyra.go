package providersim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// A Lyra is one simulated shop at Lyra: its REST API, the bank's payment page, and notifications of one of the two kinds. A payment of
// the till is one visit to a pay page; Lyra knows the transactions that were made there, by the order id that the merchant gave.
type Lyra struct {
	*till
	name          string
	form          bool // notifications are of the form kind
	shop          string
	password, key string // of the REST API, of forms
	browserKey    string // what the browser brings of a REST payment is signed with this
	vary          LyraVariants
	transactions  []*lyraTransaction
	numbers       map[string]bool // of transactions, by day
}

// LyraVariants are what the documents leave open, or the back office decides. The zero value is the usual one.
type LyraVariants struct {
	Escapes   bool `json:"escapes"`   // slashes in answers are written with a backslash, and signed without
	Retries   bool `json:"retries"`   // automatic retry is ticked
	Quiet     bool `json:"quiet"`     // refused attempts are not notified
	ListsAll  bool `json:"lists_all"` // a notification lists the earlier attempts too
	NoPages   bool `json:"no_pages"`  // transactions do not say at which page they were made
	NoParent  bool `json:"no_parent"` // refunds do not say of what
	Dashes    bool `json:"dashes"`    // the id of a refund's debit is written with dashes
	NoInfo    bool `json:"no_info"`   // the three texts about an order are not among the metadata of the REST API
	Processes bool `json:"processes"` // what is paid is under verification at first
	OnePage   bool `json:"one_page"`  // a refused card ends the visit
	NoIDs     bool `json:"no_ids"`    // abandoned visits are told without any id
}

// lyraTransaction is one attempt to take money, or one refund.
type lyraTransaction struct {
	uuid, parent string
	payment      *Payment
	operation    string
	status       string
	minor        string
	sequence     int
	created      time.Time
}

func init() {
	register("lyra", func(c Config) Simulator { return NewLyra(c) })
	register("lyra-form", func(c Config) Simulator { return NewLyraForm(c) })
}

// NewLyra makes a simulator that notifies by the REST kind.
func NewLyra(c Config) *Lyra { return newLyra(c, "lyra", false) }

// NewLyraForm makes a simulator that notifies by the form kind.
func NewLyraForm(c Config) *Lyra { return newLyra(c, "lyra-form", true) }

func newLyra(c Config, name string, form bool) *Lyra {
	mode := "test"
	if c.Live {
		mode = "prod"
	}
	s := &Lyra{name: name, form: form, shop: "12345678", password: mode + "password_simulated0123456789ABCDEF", key: "SimulatedKey0123",
		browserKey: "simulatedbrowserkey0123456789abcdef", vary: lyraVariants(c.Seed), numbers: map[string]bool{}}
	s.till = newTill(c, s, s.quarters)
	s.accepts = lyraAccepts
	return s
}

// lyraVariants are picked by the bits of a seed; those in which Lyra would hold something back are left to tests.
func lyraVariants(seed uint64) LyraVariants {
	bit := func(n int) bool { return seed>>n&1 == 1 }
	return LyraVariants{Escapes: bit(0), Dashes: bit(0), NoIDs: bit(0), Retries: bit(1), NoPages: bit(1), OnePage: bit(1), ListsAll: bit(2), NoInfo: bit(2),
		Processes: bit(3)}
}

// quarters: off by default; ticked, up to four more tries on the quarter hours.
//
// Source: Lyra documentation, automatic retry in case of failure.
func (s *Lyra) quarters(try int) (time.Duration, bool) {
	now := s.cfg.Now()
	return now.Truncate(15 * time.Minute).Add(15 * time.Minute).Sub(now), s.variants().Retries && try <= 4
}

// lyraAccepts: redirects count as well.
func lyraAccepts(status int, _ []byte) bool {
	return status >= 200 && status <= 206 || slices.Contains([]int{301, 302, 303, 307, 308}, status)
}

// Vary changes what the documents leave open.
func (s *Lyra) Vary(v LyraVariants) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vary = v
}

func (s *Lyra) variants() LyraVariants {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.vary
}

// Manners implements Simulator. Nobody ends a pay page: who has the form can pay late.
func (s *Lyra) Manners() Manners {
	return Manners{Page: true, AsksPage: true, AsksButton: true, NamesNobody: true, Reserves: true, AsksTaken: true}
}

// Settings implements Simulator.
func (s *Lyra) Settings(callback string) Settings {
	s.SetCallback(callback)
	kind := "rest"
	if s.form {
		kind = "form"
	}
	return Settings{Kind: "lyra", Reference: "{purchase: order_id}",
		Section: "host: api.simulated.example\nform_host: secure.simulated.example\nshop_id: \"" + s.shop + "\"\nnotifications: " + kind +
			"\npassword: file:{dir}/" + s.name + "-password\nhmac_key: file:{dir}/" + s.name + "-key\napi_url: " + s.ownOrigin() + "\nca_file: {ca}\n",
		Files: map[string]string{s.name + "-password": s.password + "\n", s.name + "-key": s.key + "\n"}}
}

// Control implements Simulator. POST /vary sets the variants, POST /remit sends what is authorised to the bank.
func (s *Lyra) Control() http.Handler {
	mux := control(s, s.state)
	order(mux, "/vary", func(v LyraVariants) (any, error) { s.Vary(v); return nil, nil })
	order(mux, "/remit", func(struct{}) (any, error) { s.Remit(); return nil, nil })
	return mux
}

// Handler implements Simulator.
func (s *Lyra) Handler() http.Handler {
	mux := http.NewServeMux()
	a := &api{till: s.till, signedIn: s.signedIn, stranger: s.refused("INT_905"), limited: reply{status: http.StatusTooManyRequests}}
	for service, call := range map[string]struct {
		operation string
		do        func(o lyraCall) reply
	}{
		"Order/Get":                  {"get", s.getOrder},
		"Transaction/Get":            {"get", s.getTransaction},
		"Transaction/Validate":       {"capture", s.validate},
		"Transaction/Cancel":         {"void", s.cancel},
		"Transaction/CancelOrRefund": {"refund", s.cancelOrRefund},
	} {
		a.handle(mux, "POST /api-payment/V4/"+service, call.operation, func(_ *http.Request, body []byte) reply {
			var o lyraCall
			if json.Unmarshal(body, &o) != nil {
				return s.refused("INT_902")
			}
			return call.do(o)
		})
	}
	mux.HandleFunc("POST /vads-payment/", s.enter)
	s.servePages(mux, "Lyra")
	return mux
}

// mode is how Lyra writes the mode.
func (s *Lyra) mode() string {
	if s.cfg.Live {
		return "PRODUCTION"
	}
	return "TEST"
}

// moved makes and changes the transactions of a visit, and tells of them.
func (s *Lyra) moved(p *Payment, e event) {
	last := s.lastDebit(p)
	switch e.kind {
	case wasPending:
		s.attempt(p, "WAITING_AUTHORISATION", "PAY", true)
	case wasAuthorised:
		s.attempt(p, "AUTHORISED_TO_VALIDATE", "PAY", false)
	case wasFailed:
		s.lost(p, last)
	case wasCaptured:
		s.won(p, last)
	case wasCancelled:
		s.tell(p, nil, "PAY", true)
	case wasVoided:
		last.status = "CANCELLED"
		s.tell(p, last, "MERCH_BO", false)
	case wasRefunded:
		s.tell(p, s.refundOf(last, e.refund), "MERCH_BO", false)
	} // a chargeback is told to nobody
}

// won: what waited was authorised, what was reserved was validated, or a new attempt worked.
func (s *Lyra) won(p *Payment, last *lyraTransaction) {
	switch {
	case last != nil && last.status == "AUTHORISED_TO_VALIDATE": // we asked for it
		last.status = "AUTHORISED"
	case last != nil && last.status == "WAITING_AUTHORISATION":
		last.status = "AUTHORISED"
		s.tell(p, last, "BATCH_AUTO", false)
	case s.vary.Processes:
		last = s.attempt(p, "UNDER_VERIFICATION", "PAY", true)
		last.status = "CAPTURED"
		s.tell(p, last, "BATCH", false)
	default:
		s.attempt(p, "AUTHORISED", "PAY", false)
	}
}

// lost: what waited was refused, or a new attempt was.
func (s *Lyra) lost(p *Payment, last *lyraTransaction) {
	if last != nil && last.status == "WAITING_AUTHORISATION" {
		last.status = "REFUSED"
		s.tell(p, last, "BATCH_AUTO", false)
		return
	}
	s.attempt(p, "REFUSED", "PAY", true)
}

// attempt adds a debit. The first one of a visit has the visit's own id.
func (s *Lyra) attempt(p *Payment, status, source string, early bool) *lyraTransaction {
	t := &lyraTransaction{uuid: p.ID, payment: p, operation: "DEBIT", status: status, created: s.now(), sequence: 1,
		minor: lyraMinor(p.Value, p.Currency)}
	if last := s.lastDebit(p); last != nil {
		t.uuid, t.sequence = s.hex32(), last.sequence+1
	}
	p.Names["transaction "+strconv.Itoa(t.sequence)] = t.uuid
	s.transactions = append(s.transactions, t)
	if status != "REFUSED" || !s.vary.Quiet {
		s.tell(p, t, source, early)
	}
	return t
}

// refundOf adds a credit.
func (s *Lyra) refundOf(debit *lyraTransaction, r *Refund) *lyraTransaction {
	r.ID = s.hex32()
	t := &lyraTransaction{uuid: r.ID, parent: debit.uuid, payment: debit.payment, operation: "CREDIT", status: "AUTHORISED", created: s.now(),
		sequence: 1, minor: lyraMinor(r.Value, debit.payment.Currency)}
	s.transactions = append(s.transactions, t)
	return t
}

func (s *Lyra) lastDebit(p *Payment) (last *lyraTransaction) {
	for _, t := range s.transactions {
		if t.payment == p && t.operation == "DEBIT" {
			last = t
		}
	}
	return last
}

// hex32 makes an id as Lyra does. Held: mu.
func (s *Lyra) hex32() string {
	id := []byte(s.uuid())
	return string(slices.DeleteFunc(id, func(b byte) bool { return b == '-' }))
}

// lyraMinor is a decimal in minor units.
func lyraMinor(value, currency string) string {
	minor, _ := minorUnits(value, decimals(currency))
	return minor
}

// Remit sends what is authorised to the bank, as Lyra does every night. Nobody is told.
func (s *Lyra) Remit() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.transactions {
		if t.status == "AUTHORISED" {
			t.status = "CAPTURED"
		}
	}
}

// GiveBack implements Simulator. The back office gives back what is at the bank.
func (s *Lyra) GiveBack(id, value string, reversal bool) error {
	s.Remit()
	return s.till.GiveBack(id, value, reversal)
}

// Button implements Simulator: the organiser's page uses the PurchaseId as order id.
func (s *Lyra) Button(b ButtonPayment) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &Payment{ID: s.hex32(), Fields: map[string]string{}}
	if b.Purchase != "" {
		p.Fields["vads_order_id"] = b.Purchase
	}
	return s.pay(p, b)
}
