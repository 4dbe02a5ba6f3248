package providersim

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A Monetico is one simulated TPE at Monetico Paiement. Test and production share its number and its key; a payment is of the one whose
// page its order was sent to.
type Monetico struct {
	*till
	tpe, company string
	key          []byte // as it seals
	variant      MoneticoVariant
}

// A MoneticoVariant is how the bank does what its documents leave open. The zero value is the usual.
type MoneticoVariant struct {
	Once     bool          `json:"once"`     // a notification is never repeated
	ByGet    bool          `json:"by_get"`   // notifications come by GET
	Small    bool          `json:"small"`    // the MAC and the word for a refusal are in small letters
	News     bool          `json:"news"`     // there are fields that nobody has heard of
	Lenient  bool          `json:"lenient"`  // an address may be empty
	Attempts int           `json:"attempts"` // so many refused cards end an order; 0: none do
	Life     time.Duration `json:"life"`     // how long an order can be paid; 0: for ever
	Parts    int           `json:"parts"`    // the TPE takes orders in so many instalments; 0: whole
}

// moneticoKey is the key as the bank gives it out: its last two characters are no digits.
const moneticoKey = "7A1B2C3D4E5F60718293A4B5C6D7E8F9012345KM"

func init() { register("monetico", func(c Config) Simulator { return NewMonetico(c) }) }

// NewMonetico makes a simulator. The seed chooses the variant; 0 is the usual one.
func NewMonetico(c Config) *Monetico {
	key, err := hex.DecodeString(moneticoKey[:38] + "40")
	if err != nil {
		panic("providersim: the key of Monetico: " + err.Error())
	}
	m := &Monetico{tpe: "0229123", company: "asso-gala", key: key}
	m.variant = MoneticoVariant{Once: c.Seed&1 != 0, ByGet: c.Seed&2 != 0, Small: c.Seed&4 != 0, News: c.Seed&8 != 0, Lenient: c.Seed&16 != 0}
	m.till = newTill(c, m, m.retries)
	m.returns = true
	m.accepts = func(status int, body []byte) bool {
		return status == http.StatusOK && string(body) == "version=2\ncdr=0\n"
	}
	return m
}

// retries: the bank does not say whether it comes again, or when.
func (m *Monetico) retries(try int) (time.Duration, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Duration(try) * 5 * time.Minute, !m.variant.Once && try < 5
}

// Vary makes the bank do it that way from now on.
func (m *Monetico) Vary(v MoneticoVariant) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.variant = v
}

// Manners implements Simulator.
func (m *Monetico) Manners() Manners { return Manners{Page: true, NamesNobody: true} }

// Settings implements Simulator.
func (m *Monetico) Settings(callback string) Settings {
	m.SetCallback(callback)
	return Settings{Kind: "monetico", Reference: "{purchase: texte-libre}",
		Section: fmt.Sprintf("tpe: %q\nkey: file:{dir}/monetico-key\ncompany: %s\n"+
			"billing: {address: 12 rue du Bal, postal_code: \"68100\", city: Mulhouse, country: FR}\napi_url: %s\n", m.tpe, m.company, m.ownOrigin()),
		Files: map[string]string{"monetico-key": moneticoKey + "\n"}}
}

// Control implements Simulator. POST /variant takes a MoneticoVariant, POST /part {"id", "part", "paid"} tells of a later instalment.
func (m *Monetico) Control() http.Handler {
	mux := control(m, m.state)
	order(mux, "/variant", func(v MoneticoVariant) (any, error) { m.Vary(v); return nil, nil })
	order(mux, "/part", func(o struct {
		ID   string
		Part int
		Paid bool
	}) (any, error) {
		return nil, m.Part(o.ID, o.Part, o.Paid)
	})
	return mux
}

// Handler implements Simulator: the payment pages of test and production, and no API.
func (m *Monetico) Handler() http.Handler {
	mux := http.NewServeMux()
	a := &api{till: m.till, stranger: moneticoPage(http.StatusRequestEntityTooLarge, "too large"), limited: moneticoPage(http.StatusTooManyRequests, "later")}
	a.handle(mux, "POST /test/paiement.cgi", "create", m.order)
	a.handle(mux, "POST /paiement.cgi", "create", m.order)
	m.servePages(mux, "Monetico Paiement")
	return mux
}

// moneticoSeal is the MAC over fields.
//
// Source: Monetico Paiement technical documentation 2.0, computation of the seal, as public libraries quote it.
func moneticoSeal(key []byte, fields []field) string {
	fields = slices.DeleteFunc(slices.Clone(fields), func(f field) bool { return f.Name == "MAC" })
	slices.SortFunc(fields, func(a, b field) int { return cmp.Compare(a.Name, b.Name) })
	var parts []string
	for _, f := range fields {
		parts = append(parts, f.Name+"="+f.Value)
	}
	h := hmac.New(sha1.New, key)
	h.Write([]byte(strings.Join(parts, "*")))
	return strings.ToUpper(hex.EncodeToString(h.Sum(nil)))
}

// moneticoEncode writes fields as the bank does: all but letters, digits and hyphens as two hexadecimal digits.
func moneticoEncode(fields []field) string {
	escape := func(s string) string {
		var b strings.Builder
		for _, c := range []byte(s) {
			if c == '-' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
				b.WriteByte(c)
			} else {
				fmt.Fprintf(&b, "%%%02x", c)
			}
		}
		return b.String()
	}
	var pairs []string
	for _, f := range fields {
		pairs = append(pairs, escape(f.Name)+"="+escape(f.Value))
	}
	return strings.Join(pairs, "&")
}

// Sealed is a genuine notification of any fields.
func (m *Monetico) Sealed(fields map[string]string) Notice {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []field
	for name, value := range fields {
		all = append(all, field{name, value})
	}
	slices.SortFunc(all, func(a, b field) int { return cmp.Compare(a.Name, b.Name) })
	return m.notice(all)
}

// notice seals and encodes. Held: mu.
func (m *Monetico) notice(fields []field) Notice {
	mac := moneticoSeal(m.key, fields)
	if m.variant.Small {
		mac = strings.ToLower(mac)
	}
	return m.bare(append(slices.Clone(fields), field{"MAC", mac}))
}

// bare encodes fields that are sealed, or not. Held: mu.
func (m *Monetico) bare(fields []field) Notice {
	text := moneticoEncode(fields)
	if m.variant.ByGet {
		return Notice{Method: http.MethodGet, Query: text, Header: http.Header{"User-Agent": {"AUTOMATE"}}}
	}
	return Notice{Body: []byte(text), Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "User-Agent": {"AUTOMATE"}}}
}

// result is what the bank says of an order, in its order. Held: mu.
func (m *Monetico) result(p *Payment, code string, more ...field) []field {
	fields := []field{{"TPE", m.tpe}, {"date", p.Updated.Format("02/01/2006_a_15:04:05")}, {"montant", p.Value + p.Currency}, {"reference", p.ID},
		{"texte-libre", p.Fields["texte-libre"]}, {"code-retour", code}, {"cvx", "oui"}, {"vld", "1228"}, {"brand", "na"}}
	fields = append(fields, more...)
	fields = append(fields, field{"usage", "inconnu"}, field{"typecompte", "particulier"}, field{"ecard", "non"}, field{"modepaiement", "CB"},
		field{"authentification", base64.StdEncoding.EncodeToString([]byte(`{"protocol":"3DSecure","status":"authenticated","version":"2.2.0","details":{"ARes":"Y"}}`))})
	if m.variant.News {
		fields = append(fields, field{"champ_nouveau", "été * 2027"}, field{"ZZ", ""})
	}
	return fields
}

// moved sends the result of every attempt. What happens in the back office, or at the payer's bank, is not told.
func (m *Monetico) moved(p *Payment, e event) {
	switch e.kind {
	case wasCaptured:
		p.Names["permit"] = "000000"
		code := "payetest"
		if p.Fields["page"] == "production" {
			p.Names["permit"], code = m.number(6), "paiement"
		}
		fields := []field{{"numauto", p.Names["permit"]}}
		if m.variant.Parts > 1 {
			p.Captured = m.part(p)
			fields = append(fields, field{"montantech", p.Captured + p.Currency})
		}
		m.tell(p, code, fields...)
	case wasFailed:
		code := "Annulation"
		if m.variant.Small {
			code = "annulation"
		}
		m.tell(p, code, field{"motifrefus", "Refus"}, field{"motifrefusautorisation", "Refus test"})
		if m.variant.Attempts > 0 && p.Failures >= m.variant.Attempts {
			p.Status = isFailed
		}
	}
}

// tell sends a result; that of a refused card may be overtaken by the next one's. Held: mu.
func (m *Monetico) tell(p *Payment, code string, more ...field) {
	notice := m.notice(m.result(p, code, more...))
	m.send(p.ID, code, p.Status == isOpen, func(time.Time, int) Notice { return notice })
}

// part is what one instalment takes. Held: mu.
func (m *Monetico) part(p *Payment) string {
	minor, _ := minorUnits(p.Value, 2)
	var cents int
	_, _ = fmt.Sscan(minor, &cents)
	return decimalOf(fmt.Sprint(cents/m.variant.Parts), 2)
}

// Part tells of a later instalment of an order: 2 is the second.
func (m *Monetico) Part(id string, part int, paid bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.payments[id]
	if p == nil || m.variant.Parts < 2 || part < 2 {
		return errNotNow
	}
	code := "Annulation"
	if paid {
		code = "paiement"
	}
	m.tell(p, fmt.Sprintf("%s_pf%d", code, part), field{"montantech", m.part(p) + p.Currency})
	return nil
}

// Button implements Simulator: an order of the organiser's own page, which puts the PurchaseId into texte-libre.
func (m *Monetico) Button(b ButtonPayment) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := &Payment{ID: m.id("", 12), Fields: map[string]string{"texte-libre": cmp.Or(b.Purchase, "Gala d'automne"), "page": m.page()}}
	return m.pay(p, b)
}

// page is the one that this TPE sells at.
func (m *Monetico) page() string {
	if m.cfg.Live {
		return "production"
	}
	return "test"
}
