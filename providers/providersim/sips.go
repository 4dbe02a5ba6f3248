package providersim

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A Sips is one simulated shop at Worldline Sips 2.0, or Mercanet: the payment page, which is opened by a sealed form, and Sips Office.
// A transaction exists from its first payment on, and goes by the reference that the shop gave it.
type Sips struct {
	*till
	merchant string
	keys     map[string]string // by their version
	variant  SipsVariant
	forms    map[string][]field // the last response of each payment, which the browser brings to the shop
}

// A SipsVariant is what the documents leave open, or leave to the shop. The zero value is one of all possibilities.
type SipsVariant struct {
	Plain    bool   // forms are sealed by SHA-256 of text and key, the platform's default, instead of HMAC-SHA-256
	Encode   string // of responses: "", base64 or base64url, where an order does not say
	Platform string // transactionPlatform in responses; older versions have none
	OwnCode  bool   // getTransactionData tells of itself in getTransDataResponseCode, and of the payment in responseCode
	Context  bool   // getTransactionData shows the returnContext
	Numbers  bool   // Sips Office writes amounts as numbers
	Folded   bool   // it sorts names without regard to capitals
	Unmoved  bool   // a refund leaves currentAmount as it was
	Forgets  bool   // what was cancelled at the page is no transaction
	Batched  bool   // a payment is taken at the end of the day, not at once
	AtOnce   bool   // a reference is used up as soon as its page was shown
	Session  time.Duration
}

func init() { register("sips", func(c Config) Simulator { return NewSips(c) }) }

const (
	sipsAttempts = 3 // cards that a buyer may try at one page
	sipsVersion  = "2"
	sipsHMAC     = "HMAC-SHA-256"
	sipsPlain    = "SHA-256"
)

// NewSips makes a simulator. The seed chooses the variant, 0 the plainest.
func NewSips(c Config) *Sips {
	s := &Sips{merchant: "211000000000042", keys: map[string]string{"1": "old_simulated_0123456789_é", sipsVersion: "simulated_0123456789_é"},
		variant: sipsVariants(c), forms: map[string][]field{}}
	s.till = newTill(c, s, func(int) (time.Duration, bool) { return 0, false }) // no second try is known of
	return s
}

func sipsVariants(c Config) SipsVariant {
	if c.Live {
		return SipsVariant{Platform: "PROD"}
	}
	if c.Seed == 0 {
		return SipsVariant{Platform: "SIMU"}
	}
	chance := rand.New(rand.NewPCG(c.Seed, 4))
	coin := func() bool { return chance.IntN(2) == 0 }
	return SipsVariant{Plain: coin(), Encode: []string{"", "base64", "base64url"}[chance.IntN(3)], Platform: []string{"", "SIMU", "TEST", "PROD"}[chance.IntN(4)],
		OwnCode: coin(), Context: coin(), Numbers: coin(), Folded: coin(), Unmoved: coin(), Forgets: coin(), Batched: coin()}
}

// Vary changes the variant.
func (s *Sips) Vary(change func(*SipsVariant)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.variant)
}

// Manners implements Simulator: nobody can end a page of Sips before its own time.
func (s *Sips) Manners() Manners {
	return Manners{Page: true, AsksPage: true, AsksButton: true, NamesNobody: true, Reserves: true, AsksTaken: true}
}

// Settings implements Simulator.
func (s *Sips) Settings(callback string) Settings {
	s.SetCallback(callback)
	seal := "hmac"
	if s.variant.Plain {
		seal = "sha256"
	}
	return Settings{Kind: "sips", Reference: "{purchase: orderId}",
		Section: "merchant_id: \"" + s.merchant + "\"\nsecret_keys: [{version: " + sipsVersion + ", key: file:{dir}/sips-key}, {version: 1, key: file:{dir}/sips-key-old}]\n" +
			"seal: " + seal + "\nbank: mercanet\napi_url: " + s.ownOrigin() + "\nca_file: {ca}\n",
		Files: map[string]string{"sips-key": s.keys[sipsVersion] + "\n", "sips-key-old": s.keys["1"] + "\n"}}
}

// Control implements Simulator, with one order more: POST /variant takes a SipsVariant.
func (s *Sips) Control() http.Handler {
	mux := control(s, s.state)
	order(mux, "/variant", func(v SipsVariant) (any, error) {
		s.Vary(func(to *SipsVariant) { *to = v })
		return nil, nil
	})
	return mux
}

// Handler implements Simulator.
func (s *Sips) Handler() http.Handler {
	mux := http.NewServeMux()
	a := &api{till: s.till, limited: reply{status: http.StatusTooManyRequests}}
	a.handle(mux, "POST /rs-services/v2/diagnostic/getTransactionData", "get", s.office("DR_WS_2.", s.diagnose))
	a.handle(mux, "POST /rs-services/v2/cashManagement/validate", "capture", s.office("CR_WS_2.", s.validate))
	a.handle(mux, "POST /rs-services/v2/cashManagement/cancel", "void", s.office("CR_WS_2.", s.cancel))
	a.handle(mux, "POST /rs-services/v2/cashManagement/refund", "refund", s.office("CR_WS_2.", s.refund))
	mux.HandleFunc("POST /paymentInit", s.paymentInit)
	s.servePages(mux, "Mercanet")
	return mux
}

// algorithm is what the organiser's page asks for.
func (s *Sips) algorithm() string {
	if s.variant.Plain {
		return sipsPlain
	}
	return sipsHMAC
}

// moved sends the one response that a payment has, or two where it waits in between. What Sips Office or the back office does with it is
// told nobody.
func (s *Sips) moved(p *Payment, e event) {
	switch e.kind {
	case wasAuthorised, wasCaptured:
		if p.Fields["code"] != "00" {
			s.respond(p, "00")
		}
	case wasPending:
		s.respond(p, "60")
	case wasFailed:
		switch {
		case p.Status == isFailed:
			s.respond(p, "05")
		case p.Failures >= sipsAttempts:
			p.Status = isFailed
			s.respond(p, "75")
		}
	case wasCancelled:
		s.respond(p, "17")
	case wasExpired:
		s.respond(p, "97")
	case wasVoided:
		p.Fields["last"] = "CANCEL"
	case wasRefunded:
		p.Fields["last"] = cmp.Or(p.Fields["doing"], "REFUND")
	}
}

func (s *Sips) back(p *Payment, did action) way {
	if did == doDecline && p.Status == isOpen {
		return way{Stay: true}
	}
	return way{URL: p.Return, Form: s.forms[p.ID]}
}

// Button implements Simulator: a payment of the organiser's own page, which sends the PurchaseId as orderId.
func (s *Sips) Button(b ButtonPayment) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &Payment{ID: s.id("SHOP", 20), Fields: map[string]string{"orderId": strings.ReplaceAll(b.Purchase, "-", "")}}
	return s.pay(p, b)
}

// Forgeries implements Simulator: without a seal, with another key, sealed the other way, changed, with fields injected, of another shop,
// by a key that the shop never had, and with a seal of another length.
func (s *Sips) Forgeries(f Forgery) []Notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &Payment{ID: "FORGED0000000001", Value: f.Value, Currency: f.Currency, Created: s.now(),
		Fields: map[string]string{"orderId": strings.ReplaceAll(f.Purchase, "-", "")}}
	genuine := sipsJoin(s.fields(p, "00"))
	other := map[string]string{sipsHMAC: sipsPlain, sipsPlain: sipsHMAC}[s.algorithm()]
	key := s.keys[sipsVersion]
	sealed := func(algorithm, key, data string) Notice {
		n, _ := sipsDressed(algorithm, key, s.variant.Encode, data)
		return n
	}
	with := func(old, by string) string { return strings.Replace(genuine, old, by, 1) }
	edited := func(change func(url.Values)) Notice {
		n := sealed(s.algorithm(), key, genuine)
		form, _ := url.ParseQuery(string(n.Body)) // we wrote it
		change(form)
		n.Body = []byte(form.Encode())
		return n
	}
	return []Notice{
		edited(func(form url.Values) { form.Del("Seal") }),
		sealed(s.algorithm(), "somebody_elses_key_0123456789", genuine),
		sealed(other, key, genuine),
		edited(func(form url.Values) { form.Set("Data", form.Get("Data")+"A") }),
		sealed(s.algorithm(), key, with("|orderId", "|responseCode=00|orderId")),
		sealed(s.algorithm(), key, with("merchantId="+s.merchant, "merchantId=211000000000043")),
		sealed(s.algorithm(), key, with("keyVersion="+sipsVersion, "keyVersion=3")),
		edited(func(form url.Values) { form.Set("Seal", form.Get("Seal")[:32]) }),
	}
}

// sipsNumbers are the numbers of the currencies that the simulator knows.
//
// Source: Sips data dictionary, currencyCode.
var sipsNumbers = map[string]string{"EUR": "978", "USD": "840", "GBP": "826", "CHF": "756", "JPY": "392", "KRW": "410", "KWD": "414", "BHD": "048",
	"TND": "788", "XPF": "953", "XOF": "952", "CAD": "124", "SEK": "752", "PLN": "985", "HUF": "348", "ISK": "352"}

func sipsNumber(currency string) string { return sipsNumbers[currency] }

// sipsCurrency is the currency with this number.
func sipsCurrency(number string) string {
	for _, code := range slices.Sorted(maps.Keys(sipsNumbers)) {
		if sipsNumbers[code] == number {
			return code
		}
	}
	return ""
}
