package providersim

import (
	"net/http"
	"strings"
	"time"
)

// An Adyen is one simulated merchant account at Adyen. Payments of its own pages are payment links; those of the organiser's page are
// what a drop-in makes, without a link.
type Adyen struct {
	*till
	variant AdyenVariant
	asked   *adyenAsked // the modification that a call asks for just now
}

// An AdyenVariant is what merchants choose and what Adyen's documents leave open. The zero value is the usual.
type AdyenVariant struct {
	Manual            bool `json:"manual"`             // payments are only reserved; the merchant's back office captures them at once
	Delayed           bool `json:"delayed"`            // automatic captures are made days later
	TellsCaptures     bool `json:"tells_captures"`     // automatic captures are told of by messages of their own
	WantsWord         bool `json:"wants_word"`         // an old endpoint: only the body [accepted] is an acknowledgement
	RefundsFail       bool `json:"refunds_fail"`       // refunds are carried out and come to nothing later
	RefusesAtOnce     bool `json:"refuses_at_once"`    // what cannot be refunded is refused in the answer, not by a message
	UnsignedReference bool `json:"unsigned_reference"` // the organiser's page names the purchase in metadata only
}

const (
	adyenMerchant = "SimulatedEvents"
	adyenUser     = "paybridge"
	adyenPassword = "simulated-Password-51H"
	adyenAPIKey   = "AQSimulated0123456789abcdefghijklmnopqrstuvwxyz"
	adyenHMACKey  = "0F1E2D3C4B5A69788796A5B4C3D2E1F00F1E2D3C4B5A69788796A5B4C3D2E1F0"
)

func init() { register("adyen", func(c Config) Simulator { return NewAdyen(c) }) }

// NewAdyen makes a simulator. The seed chooses the variants that a sale survives without being told.
func NewAdyen(c Config) *Adyen {
	s := &Adyen{variant: AdyenVariant{TellsCaptures: c.Seed&1 != 0, WantsWord: c.Seed&2 != 0, Manual: c.Seed&4 != 0}}
	s.till = newTill(c, s, adyenRetries)
	s.queued, s.returns = true, true
	s.accepts = func(status int, body []byte) bool {
		return status >= 200 && status < 300 && (!s.Variant().WantsWord || strings.TrimSpace(string(body)) == "[accepted]")
	}
	return s
}

// adyenSteps are the waits between tries; the last one repeats until a month is over.
//
// Source: Adyen documentation, "Handle webhook events", retries. That each wait begins when the one before ended is an assumption.
var adyenSteps = []time.Duration{9 * time.Second, 18 * time.Second, 27 * time.Second, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute,
	15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour}

func adyenRetries(try int) (time.Duration, bool) {
	var waited, step time.Duration
	for i := range try {
		step = adyenSteps[min(i, len(adyenSteps)-1)]
		waited += step
	}
	return step, waited <= 30*24*time.Hour
}

// Variant is how the simulator behaves.
func (s *Adyen) Variant() AdyenVariant {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.variant
}

// SetVariant says how it behaves from now on.
func (s *Adyen) SetVariant(v AdyenVariant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.variant = v
}

// Manners implements Simulator. A link shows that it was paid, not that the money was captured.
func (s *Adyen) Manners() Manners {
	return Manners{Page: true, AsksPage: !s.Variant().Manual, Ends: true, NamesNobody: true, Reserves: true}
}

// Settings implements Simulator.
func (s *Adyen) Settings(callback string) Settings {
	s.SetCallback(callback)
	on := "authorisation"
	if s.Variant().Manual {
		on = "capture"
	}
	return Settings{Kind: "adyen", Reference: "{purchase: merchantReference}",
		Section: "merchant_account: " + adyenMerchant + "\nhmac_keys: [file:{dir}/adyen-hmac]\nusername: " + adyenUser +
			"\npassword: file:{dir}/adyen-password\napi_key: file:{dir}/adyen-api-key\nfinalize_on: " + on +
			"\napi_url: " + s.ownOrigin() + "\nca_file: {ca}\n",
		Files: map[string]string{"adyen-hmac": adyenHMACKey + "\n", "adyen-password": adyenPassword + "\n", "adyen-api-key": adyenAPIKey + "\n"}}
}

// Control implements Simulator; it also takes POST /variant.
func (s *Adyen) Control() http.Handler {
	mux := control(s, s.state)
	order(mux, "/variant", func(v AdyenVariant) (any, error) { s.SetVariant(v); return nil, nil })
	return mux
}

// Handler implements Simulator.
func (s *Adyen) Handler() http.Handler {
	mux := http.NewServeMux()
	a := &api{till: s.till, key: "Idempotency-Key",
		signedIn: func(r *http.Request, _ []byte) bool { return r.Header.Get("X-API-Key") == adyenAPIKey },
		stranger: adyenError(http.StatusUnauthorized, "000", "security"),
		limited:  adyenError(http.StatusTooManyRequests, "910", "internal"),
		dress:    func(w http.ResponseWriter) { w.Header().Set("pspReference", "SIMULATED0000001") }}
	a.handle(mux, "POST /v72/paymentLinks", "create", s.createLink)
	a.handle(mux, "GET /v72/paymentLinks/{id}", "get", s.getLink)
	a.handle(mux, "PATCH /v72/paymentLinks/{id}", "void", s.endLink)
	a.handle(mux, "POST /v72/payments/{psp}/captures", "capture", s.postCapture)
	a.handle(mux, "POST /v72/payments/{psp}/cancels", "void", s.postCancel)
	a.handle(mux, "POST /v72/payments/{psp}/refunds", "refund", s.postRefund)
	a.handle(mux, "POST /v72/payments/{psp}/reversals", "refund", s.postReversal)
	a.handle(mux, "POST /v72/paymentMethods", "list", s.listMethods)
	s.servePages(mux, "Adyen")
	return mux
}

// adyenError is Adyen's envelope of errors.
func adyenError(status int, code, kind string) reply {
	return reply{status: status, body: map[string]any{"status": status, "errorCode": code, "errorType": kind,
		"message": "See the documentation of the error."}}
}

// back: a link has no way to give up; who pays finds a button that leads on.
func (s *Adyen) back(p *Payment, did action) way {
	if did == doDecline || did == doCancel {
		return way{Stay: true}
	}
	return way{URL: p.Return}
}

// Button implements Simulator: a payment of the organiser's drop-in, which must have a reference of some kind.
func (s *Adyen) Button(b ButtonPayment) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	psp := s.psp()
	p := &Payment{ID: psp, Names: map[string]string{"psp": psp}, Fields: map[string]string{"reference": b.Purchase}}
	s.captureLater(p, false)
	if b.Purchase == "" || s.variant.UnsignedReference {
		p.Fields["reference"] = "order-" + s.number(8)
	}
	if b.Purchase != "" && s.variant.UnsignedReference {
		p.Fields["metadata purchase_id"] = b.Purchase
	}
	return s.pay(p, b)
}

// captureLater says whether paying takes the money or only reserves it; what the caller wants to hold, nobody else captures.
func (s *Adyen) captureLater(p *Payment, hold bool) {
	hold = hold || s.variant.Delayed
	if p.Reserve = hold || s.variant.Manual; hold {
		p.Fields["hold"] = "yes"
	}
}

// psp makes a reference of Adyen's. Held: mu.
func (s *Adyen) psp() string { return strings.ToUpper(s.id("", 16)) }
