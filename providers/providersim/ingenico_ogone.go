package providersim

import (
	"cmp"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An IngenicoOgone is one simulated account at Ogone e-Commerce: the payment page that takes a signed form, the feedback that it sends,
// and DirectLink. Payments go by their ORDERID, and have a PAYID once somebody tried to pay.
type IngenicoOgone struct {
	*till
	pspid, user, password string
	in, out               string // passphrases
	variant               OgoneVariant
	books                 map[string]*ogoneBook
	browser               bool            // a buyer's browser waits for what is done
	waiting               []ogoneFeedback // what is sent before the browser goes on
}

// OgoneVariant is what the back office chooses, and what public sources leave open. The zero value is what is recommended.
type OgoneVariant struct {
	Timing     string `json:"timing"`     // "" online, and deferred when that fails; "online"; "deferred"; "none"
	Get        bool   `json:"get"`        // feedback by GET
	Latin1     bool   `json:"latin1"`     // feedback and answers in ISO-8859-1, as the older page has it
	Hash       string `json:"hash"`       // "": sha512
	Amountless bool   `json:"amountless"` // only orderID, STATUS, PAYID and NCERROR are chosen
	Attributes string `json:"attributes"` // of DirectLink's answers: "" mixed, "upper", "lower"
	NewPayID   bool   `json:"new_payid"`  // each try has a PAYID of its own
	Processing bool   `json:"processing"` // a sale is told as 91 before 9
	Slow       bool   `json:"slow"`       // what is maintained stays as requested
	Redirects  bool   `json:"redirects"`  // the browser brings the same parameters to the shop
	OtherCode  bool   `json:"other_code"` // an unknown order has another number
	NoIP       bool   `json:"no_ip"`      // the caller's address is not registered
	Uncertain  int    `json:"uncertain"`  // so many maintenance calls are answered as uncertain, and done
}

type ogoneBook struct {
	p        *Payment
	pay      string
	ops      []*ogoneOp // by PAYIDSUB
	past     map[string]*ogoneOp
	decline  string
	complus  string
	withPlus url.Values // PARAMPLUS
}

type ogoneOp struct {
	status, value string
}

type ogoneFeedback struct {
	payment, name string
	notice        dresser
}

func init() { register("ingenico-ogone", func(c Config) Simulator { return NewIngenicoOgone(c) }) }

// NewIngenicoOgone makes a simulator.
func NewIngenicoOgone(c Config) *IngenicoOgone {
	s := &IngenicoOgone{pspid: "simulatedPSPID", user: "paybridgeapi", password: "simulated-api-password", in: "simulated SHA-IN 2026!", out: "simulated SHA-OUT 2026?",
		variant: ogoneVariant(c.Seed), books: map[string]*ogoneBook{}}
	s.till = newTill(c, s, func(try int) (time.Duration, bool) { return 10 * time.Minute, try <= 4 })
	s.accepts = func(status int, _ []byte) bool { return status == http.StatusOK }
	s.returns = true
	return s
}

// ogoneVariant picks by the seed; 0 for what is recommended.
func ogoneVariant(seed uint64) OgoneVariant {
	if seed == 0 {
		return OgoneVariant{}
	}
	bit := func(n int) bool { return seed*0x9e3779b97f4a7c15>>(n+32)&1 == 1 }
	return OgoneVariant{Timing: []string{"", "deferred", "online"}[seed%3], Get: bit(1), Latin1: bit(2), Hash: []string{"", "sha1", "sha256"}[seed/3%3], Amountless: bit(3),
		Attributes: []string{"", "upper", "lower"}[seed/9%3], NewPayID: bit(4), Processing: bit(5), Redirects: bit(6), OtherCode: bit(7)}
}

// SetVariant chooses what is left open.
func (s *IngenicoOgone) SetVariant(v OgoneVariant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.variant = v
}

// Manners implements Simulator: pages never end.
func (s *IngenicoOgone) Manners() Manners {
	return Manners{Page: true, AsksPage: true, AsksButton: true, NamesNobody: true, Reserves: true, AsksTaken: true}
}

// Settings implements Simulator.
func (s *IngenicoOgone) Settings(callback string) Settings {
	s.SetCallback(callback)
	return Settings{Kind: "ingenico", Reference: "{purchase: orderID, pattern: '^(?P<purchase>[0-9a-f-]{36})(?:-[0-9]+)?$'}",
		Section: fmt.Sprintf("generation: ogone\npspid: %s\nsha_in: file:{dir}/ogone-in\nsha_out: file:{dir}/ogone-out\nsha: %s\napi_user: %s\n"+
			"api_password: file:{dir}/ogone-password\napi_url: %s\nca_file: {ca}\n", s.pspid, cmp.Or(s.variant.Hash, "sha512"), s.user, s.ownOrigin()),
		Files: map[string]string{"ogone-in": s.in + "\n", "ogone-out": s.out + "\n", "ogone-password": s.password + "\n"}}
}

// Passphrases are SHA-IN and SHA-OUT.
func (s *IngenicoOgone) Passphrases() (in, out string) { return s.in, s.out }

// APIUser is who calls DirectLink.
func (s *IngenicoOgone) APIUser() (name, password string) { return s.user, s.password }

// Control also takes POST /variant, what is left open.
func (s *IngenicoOgone) Control() http.Handler {
	mux := control(s, s.state)
	order(mux, "/variant", func(v OgoneVariant) (any, error) { s.SetVariant(v); return nil, nil })
	return mux
}

// Handler implements Simulator.
func (s *IngenicoOgone) Handler() http.Handler {
	mux := http.NewServeMux()
	a := &api{till: s.till, limited: reply{status: http.StatusTooManyRequests, raw: []byte("too many"), kind: "text/plain"}}
	a.handle(mux, "POST /ncol/test/orderstandard_utf8.asp", "create", s.page)
	a.handle(mux, "POST /ncol/test/orderstandard.asp", "create", s.page)
	a.handle(mux, "POST /ncol/test/querydirect.asp", "get", s.query)
	a.handle(mux, "POST /ncol/test/maintenancedirect.asp", "maintain", s.maintain)
	mux.HandleFunc("GET /pay/{id}", func(w http.ResponseWriter, r *http.Request) { s.showPage(w, r.PathValue("id"), "Ogone") })
	mux.HandleFunc("POST /pay/{id}", s.press)
	return mux
}

func ogoneHash(name string) hash.Hash {
	switch name {
	case "sha1":
		return sha1.New()
	case "sha256":
		return sha256.New()
	}
	return sha512.New()
}

// ogoneSign signs fields: those with a value, by their names in capitals, each followed by the passphrase.
func ogoneSign(algorithm, passphrase string, fields map[string]string) string {
	named := map[string]string{}
	for name, value := range fields {
		named[strings.ToUpper(name)] = value
	}
	h := ogoneHash(algorithm)
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if named[name] != "" && name != "SHASIGN" {
			fmt.Fprintf(h, "%s=%s%s", name, named[name], passphrase)
		}
	}
	return strings.ToUpper(hex.EncodeToString(h.Sum(nil)))
}

// signedForm reads a form and checks SHA-IN; trouble is the page's or the answer's word for what is wrong.
func (s *IngenicoOgone) signedForm(body []byte) (fields map[string]string, trouble string) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, "no form"
	}
	fields = map[string]string{}
	for name, values := range form {
		fields[strings.ToUpper(name)] = values[0]
	}
	switch {
	case fields["PSPID"] != s.pspid:
		return nil, "PSPID not found or not active"
	case fields["SHASIGN"] == "":
		return nil, "unknown order/0/s"
	case !strings.EqualFold(fields["SHASIGN"], ogoneSign(s.variant.Hash, s.in, fields)):
		return nil, "unknown order/1/s"
	}
	return fields, ""
}

// Button implements Simulator: an order of the organiser's own page, under the PurchaseId and a number.
func (s *IngenicoOgone) Button(b ButtonPayment) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := "ORG-" + s.number(8)
	if b.Purchase != "" {
		id = b.Purchase + "-" + strconv.Itoa(len(s.sequence)%1000)
	}
	p := &Payment{ID: id, Fields: map[string]string{}}
	s.books[id] = &ogoneBook{p: p, complus: b.Purchase, past: map[string]*ogoneOp{}}
	return s.pay(p, b)
}

// Forgeries implements Simulator: unsigned, signed with SHA-IN, with another account's passphrase, with another hash, by the scheme of
// before 2010, changed, and with a status twice.
func (s *IngenicoOgone) Forgeries(f Forgery) []Notice {
	fields := map[string]string{"orderID": cmp.Or(f.Purchase, "x") + "-1", "currency": f.Currency, "amount": f.Value, "PM": "CreditCard", "ACCEPTANCE": "test123", "STATUS": "9",
		"CARDNO": "XXXXXXXXXXXX1111", "PAYID": "6660066600", "NCERROR": "0", "BRAND": "VISA", "COMPLUS": f.Purchase}
	notice := func(sign, more string) Notice {
		form := url.Values{}
		for name, value := range fields {
			form.Set(name, value)
		}
		if sign != "" {
			form.Set("SHASIGN", sign)
		}
		return ogoneNotice(form.Encode()+more, s.variant.Get)
	}
	legacy := ogoneHash(s.variant.Hash)
	for _, name := range []string{"orderID", "currency", "amount", "PM", "ACCEPTANCE", "STATUS", "CARDNO", "PAYID", "NCERROR", "BRAND"} {
		legacy.Write([]byte(fields[name]))
	}
	legacy.Write([]byte(s.out))
	other := map[string]string{"": "sha256", "sha512": "sha256", "sha256": "sha1", "sha1": "sha512"}[s.variant.Hash]
	genuine := ogoneSign(s.variant.Hash, s.out, fields)
	doubled := notice(genuine, "&status=9")
	fields["amount"] = "1"
	changed := notice(genuine, "")
	fields["amount"] = f.Value
	return []Notice{notice("", ""), notice(ogoneSign(s.variant.Hash, s.in, fields), ""), notice(ogoneSign(s.variant.Hash, "passphrase-of-live-00", fields), ""),
		notice(ogoneSign(other, s.out, fields), ""), notice(strings.ToUpper(hex.EncodeToString(legacy.Sum(nil))), ""), changed, doubled}
}
