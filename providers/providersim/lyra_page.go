package providersim

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// lyraFields are the fields of a payment form, as far as they are taken, and what each may be. Those with an exclamation mark are
// needed.
//
// Source: Lyra documentation, hosted payment page, data dictionary.
var lyraFields = map[string]*regexp.Regexp{
	"vads_action_mode!":    regexp.MustCompile(`^INTERACTIVE$`),
	"vads_amount!":         regexp.MustCompile(`^[1-9][0-9]{0,11}$`),
	"vads_capture_delay":   regexp.MustCompile(`^[0-9]{0,3}$`),
	"vads_ctx_mode!":       regexp.MustCompile(`^(TEST|PRODUCTION)$`),
	"vads_currency!":       regexp.MustCompile(`^[0-9]{3}$`),
	"vads_cust_id":         regexp.MustCompile(`^[A-Za-z0-9]{0,63}$`),
	"vads_language":        regexp.MustCompile(`^[a-z]{2}$`),
	"vads_order_id":        regexp.MustCompile(`^[A-Za-z0-9-]{0,64}$`),
	"vads_order_info":      regexp.MustCompile(`^[^<>]{0,255}$`),
	"vads_order_info2":     regexp.MustCompile(`^[^<>]{0,255}$`),
	"vads_order_info3":     regexp.MustCompile(`^[^<>]{0,255}$`),
	"vads_page_action!":    regexp.MustCompile(`^PAYMENT$`),
	"vads_payment_config!": regexp.MustCompile(`^SINGLE$`),
	"vads_return_mode":     regexp.MustCompile(`^(NONE|GET|POST)?$`),
	"vads_site_id!":        regexp.MustCompile(`^[0-9]{8}$`),
	"vads_trans_date!":     regexp.MustCompile(`^[0-9]{14}$`),
	"vads_trans_id!":       regexp.MustCompile(`^[A-Za-z0-9]{6}$`),
	"vads_url_cancel":      regexp.MustCompile(`^https?://[^<>]{1,1000}$`),
	"vads_url_return":      regexp.MustCompile(`^https?://[^<>]{1,1000}$`),
	"vads_validation_mode": regexp.MustCompile(`^[01]?$`),
	"vads_version!":        regexp.MustCompile(`^V2$`),
}

// lyraCurrencies are the currencies of the shop, by their numeric codes.
var lyraCurrencies = map[string]string{"978": "EUR", "840": "USD", "826": "GBP", "756": "CHF", "392": "JPY", "348": "HUF", "414": "KWD", "788": "TND",
	"953": "XPF"}

// enter takes a payment form and leads to the page of the visit, or says which field is at fault.
func (s *Lyra) enter(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	p, fault := s.visit(r.PostForm)
	s.mu.Unlock()
	if fault != "" {
		http.Error(w, "An error occurred during the payment request: "+fault, http.StatusBadRequest)
		return
	}
	http.Redirect(w, r, "/pay/"+p.ID, http.StatusSeeOther)
}

func (s *Lyra) visit(form url.Values) (*Payment, string) {
	fields := map[string]string{}
	for name, values := range form {
		if len(values) != 1 {
			return nil, name + " is there twice"
		}
		fields[name] = values[0]
	}
	if fields["signature"] != lyraSignature(s.key, fields) {
		return nil, "signature"
	}
	if fault := lyraFault(fields); fault != "" {
		return nil, fault
	}
	currency := lyraCurrencies[fields["vads_currency"]]
	made, err := time.Parse("20060102150405", fields["vads_trans_date"])
	number := fields["vads_trans_date"][:8] + " " + strings.ToLower(fields["vads_trans_id"])
	switch {
	case fields["vads_ctx_mode"] != s.mode():
		return nil, "vads_ctx_mode"
	case fields["vads_site_id"] != s.shop:
		return nil, "vads_site_id"
	case currency == "":
		return nil, "vads_currency"
	case err != nil || s.cfg.Now().Sub(made).Abs() > 24*time.Hour:
		return nil, "vads_trans_date"
	case s.numbers[number]:
		return nil, "vads_trans_id was sent before on the same day"
	}
	s.numbers[number] = true
	return s.begin(&Payment{ID: s.hex32(), Fields: fields, Value: decimalOf(fields["vads_amount"], decimals(currency)), Currency: currency,
		Reserve: fields["vads_validation_mode"] == "1", Return: fields["vads_url_return"], Cancel: fields["vads_url_cancel"]}), ""
}

// lyraFault names a field that is missing, not known, or not as it must be.
func lyraFault(fields map[string]string) string {
	for name, shape := range lyraFields {
		name, needed := strings.CutSuffix(name, "!")
		value, there := fields[name]
		if there && !shape.MatchString(value) || needed && !there {
			return name
		}
	}
	for name := range fields {
		known := lyraFields[name] != nil || lyraFields[name+"!"] != nil || strings.HasPrefix(name, "vads_ext_info_")
		if strings.HasPrefix(name, "vads_") && !known {
			return name
		}
	}
	return ""
}

// lyraSignature signs the values of the fields by the order of their names.
func lyraSignature(key string, fields map[string]string) string {
	var values []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if strings.HasPrefix(name, "vads_") {
			values = append(values, fields[name])
		}
	}
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(strings.Join(append(values, key), "+")))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// back leads to the shop, with nothing, with the result in the address, or by a form.
func (s *Lyra) back(p *Payment, did action) way {
	to := way{URL: p.Return}
	switch {
	case did == doCancel:
		to.URL = cmp.Or(p.Cancel, p.Return)
	case did == doDecline && !s.vary.OnePage:
		return way{Stay: true}
	}
	result := s.fields(p, s.lastDebit(p))
	result["signature"] = lyraSignature(s.key, result)
	switch p.Fields["vads_return_mode"] {
	case "GET":
		u, err := url.Parse(to.URL)
		if err != nil {
			return to
		}
		q := u.Query()
		for name, value := range result {
			q.Set(name, value)
		}
		u.RawQuery = q.Encode()
		to.URL = u.String()
	case "POST":
		for _, name := range slices.Sorted(maps.Keys(result)) {
			to.Form = append(to.Form, field{name, result[name]})
		}
	}
	return to
}
