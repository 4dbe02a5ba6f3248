package providersim

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// respond keeps what became of a payment and sends it to the shop.
func (s *Sips) respond(p *Payment, code string) {
	p.Fields["code"], p.Fields["at"] = code, sipsTime(s.now())
	n, form := s.response(p, code)
	s.forms[p.ID] = form
	s.sendTo(cmp.Or(p.Fields["automaticResponseUrl"], s.callback), p.ID, "response "+code, code == "60", sipsOnce(n))
}

// sipsTime is a time as Sips writes it, in Paris in winter.
func sipsTime(at time.Time) string { return at.In(time.FixedZone("", 3600)).Format(time.RFC3339) }

// response is the fields of a response as a notification and as a form.
func (s *Sips) response(p *Payment, code string) (Notice, []field) {
	return sipsDressed(cmp.Or(p.Fields["algorithm"], s.algorithm()), s.keys[sipsVersion], cmp.Or(p.Fields["responseEncoding"], s.variant.Encode), sipsJoin(s.fields(p, code)))
}

// fields are those of a response, in the order in which Sips writes them.
func (s *Sips) fields(p *Payment, code string) []field {
	minor, _ := minorUnits(p.Value, decimals(p.Currency))
	acquirer, means := "null", []field{}
	if code != "17" && code != "97" && code != "94" {
		means = []field{{"paymentMeanBrand", "VISA"}, {"paymentMeanType", "CARD"}}
		acquirer = "05"
	}
	if code == "00" {
		acquirer = "00"
	}
	all := slices.Concat([]field{{"captureDay", cmp.Or(p.Fields["captureDay"], "0")}, {"captureMode", cmp.Or(p.Fields["captureMode"], "AUTHOR_CAPTURE")},
		{"currencyCode", sipsNumber(p.Currency)}, {"merchantId", s.merchant}, {"orderChannel", "INTERNET"}, {"responseCode", code},
		{"transactionDateTime", cmp.Or(p.Fields["at"], sipsTime(p.Created))}, {"transactionReference", p.ID}, {"keyVersion", sipsVersion},
		{"acquirerResponseCode", acquirer}, {"amount", minor}, {"authorisationId", "12345"}, {"guaranteeIndicator", "Y"}}, means,
		[]field{{"customerIpAddress", "192.0.2.1"}, {"maskedPan", "4977##########77"}, {"orderId", cmp.Or(p.Fields["orderId"], "null")},
			{"returnContext", cmp.Or(p.Fields["returnContext"], "null")}, {"scoreInfo", "SC;N;TRANS=2:5;CUMUL=4500:250000#CC;N;U;CARD_COUNTRY=FRA"},
			{"holderAuthentStatus", ""}, {"transactionOrigin", "INTERNET"}, {"paymentPattern", "ONE_SHOT"}, {"customerMobilePhone", "null"}})
	if s.variant.Platform != "" {
		all = append(all, field{"transactionPlatform", s.variant.Platform})
	}
	return all
}

func sipsJoin(fields []field) string {
	parts := make([]string, 0, len(fields))
	for _, f := range fields {
		parts = append(parts, f.Name+"="+f.Value)
	}
	return strings.Join(parts, "|")
}

// sipsDressed seals Data as it travels.
func sipsDressed(algorithm, key, encoding, data string) (Notice, []field) {
	switch encoding {
	case "base64":
		data = base64.StdEncoding.EncodeToString([]byte(data))
	case "base64url":
		data = base64.URLEncoding.EncodeToString([]byte(data))
	}
	form := []field{{"Data", data}, {"Encode", encoding}, {"InterfaceVersion", "HP_3.4"}, {"Seal", sipsSeal(algorithm, key, data)}}
	parts := make([]string, 0, len(form))
	for _, f := range form {
		parts = append(parts, f.Name+"="+url.QueryEscape(f.Value))
	}
	return Notice{Body: []byte(strings.Join(parts, "&")), Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"},
		"User-Agent": {"Jakarta Commons-HttpClient/3.1 (simulated)"}}}, form
}

// Sealed is a genuine response with any Data.
func (s *Sips) Sealed(data string) Notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, _ := sipsDressed(s.algorithm(), s.keys[sipsVersion], s.variant.Encode, data)
	return n
}

// sipsSeal seals a text.
func sipsSeal(algorithm, key, text string) string {
	if algorithm == sipsPlain {
		sum := sha256.Sum256([]byte(text + key))
		return hex.EncodeToString(sum[:])
	}
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil))
}
