package providersim

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// moneticoFields are the fields that an order may have; others are refused.
var moneticoFields = []string{"3dsdebrayable", "MAC", "TPE", "ThreeDSecureChallenge", "aliascb", "contexte_commande", "date", "desactivemoyenpaiement",
	"forcesaisiecb", "lgue", "libelleMonetique", "mail", "montant", "protocole", "reference", "societe", "texte-libre", "url_retour_err", "url_retour_ok", "version"}

var (
	moneticoDates      = regexp.MustCompile(`^[0-9]{2}/[0-9]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2}$`)
	moneticoAmounts    = regexp.MustCompile(`^([0-9]+(?:\.[0-9]{1,2})?)([A-Z]{3})$`)
	moneticoReferences = regexp.MustCompile(`^[A-Za-z0-9]{1,50}$`)
	moneticoCountries  = regexp.MustCompile(`^[A-Z]{2}$`)
)

// moneticoPage is a page of the bank's that ends an order.
func moneticoPage(status int, words string) reply {
	return reply{status: status, kind: "text/html; charset=utf-8",
		raw: []byte("<!DOCTYPE html><html lang=\"fr\"><body><p>Demande de paiement refusée : " + html.EscapeString(words) + "</p></body></html>")}
}

// order takes the form of an order and shows the pay page. Held: mu.
//
// Source: Monetico Paiement technical documentation 2.0, payment page, as public libraries quote it.
func (m *Monetico) order(r *http.Request, body []byte) reply {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return moneticoPage(http.StatusBadRequest, "form")
	}
	var fields []field
	for name, values := range form {
		if len(values) != 1 || !slices.Contains(moneticoFields, name) {
			return moneticoPage(http.StatusBadRequest, name)
		}
		fields = append(fields, field{name, values[0]})
	}
	if !strings.EqualFold(form.Get("MAC"), moneticoSeal(m.key, fields)) {
		return moneticoPage(http.StatusBadRequest, "MAC")
	}
	if wrong := m.wrong(form); wrong != "" {
		return moneticoPage(http.StatusBadRequest, wrong)
	}
	page := "production"
	if strings.HasPrefix(r.URL.Path, "/test/") {
		page = "test"
	}
	p, ok := m.placed(form, page)
	if !ok {
		return moneticoPage(http.StatusConflict, "reference")
	}
	return reply{status: http.StatusSeeOther, header: map[string]string{"Location": m.pageOf(p)}}
}

// wrong is the first field that breaks a rule; "" if none does. Held: mu.
func (m *Monetico) wrong(form url.Values) string {
	back := func(name string) bool {
		u, err := url.Parse(form.Get(name))
		return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
	}
	amount := moneticoAmounts.FindStringSubmatch(form.Get("montant"))
	for _, rule := range []struct {
		field string
		kept  bool
	}{
		{"version", form.Get("version") == "3.0"},
		{"TPE", form.Get("TPE") == m.tpe},
		{"societe", form.Get("societe") == m.company},
		{"date", moneticoDates.MatchString(form.Get("date"))},
		{"lgue", slices.Contains([]string{"FR", "EN", "DE", "IT", "ES", "NL", "PT", "SV", "JA"}, form.Get("lgue"))},
		{"montant", amount != nil && rat(amount[1]).Sign() > 0},
		{"reference", moneticoReferences.MatchString(form.Get("reference"))},
		{"texte-libre", utf8.ValidString(form.Get("texte-libre")) && utf8.RuneCountInString(form.Get("texte-libre")) <= 3200},
		{"url_retour_ok", back("url_retour_ok")},
		{"url_retour_err", back("url_retour_err")},
		{"contexte_commande", m.addressed(form.Get("contexte_commande"))},
	} {
		if !rule.kept {
			return rule.field
		}
	}
	return ""
}

// addressed tells whether the context of an order names an address as the documents want it. Held: mu.
func (m *Monetico) addressed(context string) bool {
	raw, err := base64.StdEncoding.DecodeString(context)
	var c struct {
		Billing map[string]string `json:"billing"`
	}
	if err != nil || !utf8.Valid(raw) || json.Unmarshal(raw, &c) != nil {
		return false
	}
	if m.variant.Lenient {
		return c.Billing != nil
	}
	for name, limit := range map[string]int{"addressLine1": 50, "city": 50, "postalCode": 10} {
		if n := utf8.RuneCountInString(c.Billing[name]); n == 0 || n > limit {
			return false
		}
	}
	return moneticoCountries.MatchString(c.Billing["country"])
}

// placed is the order's payment: a new one, or one that is still open and is shown again. A reference that was paid, or is used for
// another amount, is refused. Held: mu.
func (m *Monetico) placed(form url.Values, page string) (*Payment, bool) {
	amount := moneticoAmounts.FindStringSubmatch(form.Get("montant"))
	value := minus(amount[1], "0", decimals(amount[2]))
	p := m.payments[form.Get("reference")]
	if p != nil {
		m.lapse(p)
		if p.Status != isOpen || p.Value != value || p.Currency != amount[2] || p.Fields["page"] != page {
			return nil, false
		}
	} else {
		p = m.begin(&Payment{ID: form.Get("reference"), Value: value, Currency: amount[2], Fields: map[string]string{"page": page}})
		if m.variant.Life > 0 {
			p.Until = p.Created.Add(m.variant.Life)
		}
	}
	p.Fields["texte-libre"], p.Return, p.Cancel = form.Get("texte-libre"), form.Get("url_retour_ok"), form.Get("url_retour_err")
	return p, true
}
