package providersim

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// sipsFields are the fields of an order that the simulator knows, and what may be in them.
//
// Source: Sips data dictionary, formats AN, ANS, N and restricted values.
var sipsFields = map[string]*regexp.Regexp{
	"amount":               regexp.MustCompile(`^[1-9][0-9]{0,11}$`),
	"currencyCode":         regexp.MustCompile(`^[0-9]{3}$`),
	"merchantId":           regexp.MustCompile(`^[0-9]{1,15}$`),
	"keyVersion":           regexp.MustCompile(`^[0-9]{1,10}$`),
	"transactionReference": regexp.MustCompile(`^[A-Za-z0-9]{1,35}$`),
	"orderId":              regexp.MustCompile(`^[A-Za-z0-9]{1,32}$`),
	"returnContext":        regexp.MustCompile(`^.{1,255}$`),
	"orderChannel":         regexp.MustCompile(`^(INTERNET|INAPP|MAIL_ORDER|TELEPHONE_ORDER)$`),
	"captureMode":          regexp.MustCompile(`^(AUTHOR_CAPTURE|IMMEDIATE|VALIDATION)$`),
	"captureDay":           regexp.MustCompile(`^[0-9]{1,2}$`),
	"normalReturnUrl":      regexp.MustCompile(`^https?://.{1,504}$`),
	"automaticResponseUrl": regexp.MustCompile(`^https?://.{1,504}$`),
	"customerLanguage":     regexp.MustCompile(`^[a-z]{2}$`),
	"responseEncoding":     regexp.MustCompile(`^base64(url)?$`),
}

var sipsNeeded = []string{"amount", "currencyCode", "merchantId", "normalReturnUrl", "keyVersion", "transactionReference"}

var sipsPageVersions = regexp.MustCompile(`^HP_[23]\.[0-9]{1,2}$`)

// paymentInit takes the buyer who brings a sealed order to the page.
func (s *Sips) paymentInit(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	form, formErr := url.ParseQuery(string(body))
	seen := s.remember(r, "create", "", body)
	s.mu.Lock()
	code, page := "12", ""
	if err == nil && formErr == nil {
		var p *Payment
		if p, code = s.ordered(form); code == "" {
			page = s.pageOf(p)
		}
	}
	s.mu.Unlock()
	if code != "" {
		s.write(w, seen, reply{status: http.StatusBadRequest, raw: []byte("<html><body><p>responseCode=" + code + "</p></body></html>"), kind: "text/html"})
		return
	}
	s.write(w, seen, reply{status: http.StatusSeeOther, header: map[string]string{"Location": page}})
}

// ordered finds or makes the payment of an order; a code says why not.
func (s *Sips) ordered(form url.Values) (*Payment, string) {
	for _, name := range []string{"Data", "InterfaceVersion", "Seal"} {
		if len(form[name]) != 1 {
			return nil, "12"
		}
	}
	data, ok := sipsDecode(form.Get("Data"), form.Get("Encode"))
	fields, parsed := sipsParse(data)
	algorithm := form.Get("SealAlgorithm")
	switch {
	case !ok || !parsed || !sipsPageVersions.MatchString(form.Get("InterfaceVersion")):
		return nil, "12"
	case algorithm != "" && algorithm != sipsHMAC && algorithm != sipsPlain:
		return nil, "12"
	case algorithm == "":
		algorithm = sipsPlain
	}
	if key := s.keys[fields["keyVersion"]]; key == "" || sipsSeal(algorithm, key, form.Get("Data")) != form.Get("Seal") {
		return nil, "34"
	}
	if code := s.wellFormed(fields); code != "" {
		return nil, code
	}
	return s.shown(fields, algorithm)
}

// sipsDecode undoes the encoding of an order.
func sipsDecode(data, encoding string) (string, bool) {
	switch encoding {
	case "":
		return data, true
	case "base64":
		raw, err := base64.StdEncoding.DecodeString(data)
		return string(raw), err == nil
	}
	return "", false
}

// sipsParse takes the fields of an order apart; a field that is there twice is none.
func sipsParse(data string) (map[string]string, bool) {
	fields := map[string]string{}
	for _, part := range strings.Split(data, "|") {
		pair := strings.SplitN(part, "=", 2)
		if _, twice := fields[pair[0]]; twice || len(pair) != 2 {
			return nil, false
		}
		fields[pair[0]] = pair[1]
	}
	return fields, true
}

// wellFormed refuses what is missing, too long or of the wrong letters.
func (s *Sips) wellFormed(fields map[string]string) string {
	for _, name := range sipsNeeded {
		if fields[name] == "" {
			return "30"
		}
	}
	for name, value := range fields {
		format := sipsFields[name]
		if format == nil {
			return "12"
		}
		if !format.MatchString(value) {
			return "30"
		}
	}
	switch {
	case fields["merchantId"] != s.merchant:
		return "03"
	case sipsCurrency(fields["currencyCode"]) == "":
		return "12"
	case fields["captureMode"] == "VALIDATION" && fields["captureDay"] == "0": // it would lapse the same day
		return "12"
	}
	return ""
}

// shown is the payment whose page is opened: a new one, or one that nobody has paid yet. A reference that is used up is a duplicate,
// which the shop is told of.
func (s *Sips) shown(fields map[string]string, algorithm string) (*Payment, string) {
	currency := sipsCurrency(fields["currencyCode"])
	value := decimalOf(fields["amount"], decimals(currency))
	if p := s.payments[fields["transactionReference"]]; p != nil {
		s.lapse(p)
		switch {
		case !p.Open() || s.variant.AtOnce:
			n, _ := s.response(p, "94")
			s.sendTo(fields["automaticResponseUrl"], p.ID, "response 94", false, sipsOnce(n))
			return nil, "94"
		case p.Value != value || p.Currency != currency:
			return nil, "12"
		}
		p.Return = fields["normalReturnUrl"]
		return p, ""
	}
	fields["algorithm"] = algorithm
	p := &Payment{ID: fields["transactionReference"], Value: value, Currency: currency, Fields: fields,
		Reserve: fields["captureMode"] == "VALIDATION", Return: fields["normalReturnUrl"]}
	if s.variant.Session > 0 {
		p.Until = s.cfg.Now().Add(s.variant.Session)
	}
	return s.begin(p), ""
}
