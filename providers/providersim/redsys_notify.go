package providersim

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// redsysCurrencies are the numbers of the currencies that the terminal takes.
var redsysCurrencies = map[string]string{"978": "EUR", "840": "USD", "826": "GBP", "756": "CHF", "392": "JPY", "752": "SEK", "348": "HUF"}

func redsysNumber(currency string) string {
	for number, name := range redsysCurrencies {
		if name == currency {
			return number
		}
	}
	return "999"
}

// moved notifies of what became of an order. Chargebacks and buyers who take their time are not told of.
func (r *Redsys) moved(p *Payment, e event) {
	kind := "0"
	if p.Reserve {
		kind = "1"
	}
	switch e.kind {
	case wasCaptured:
		if p.Reserve {
			r.notify(p, "2", "0900", p.Captured)
			return
		}
		r.notify(p, kind, "0000", p.Value)
	case wasAuthorised:
		r.notify(p, kind, "0000", p.Value)
	case wasFailed:
		if r.variant.Once {
			p.Status = isFailed
		}
		r.notify(p, kind, "0190", p.Value)
	case wasCancelled:
		r.notify(p, kind, "9915", p.Value)
	case wasVoided:
		r.notify(p, "9", "0400", p.Value)
	case wasRefunded:
		r.notify(p, "3", "0900", e.refund.Value)
	}
}

// notify posts what happened to where the form wanted it, else to the terminal's own address.
func (r *Redsys) notify(p *Payment, kind, response, value string) {
	fields := r.form(r.parameters(p, kind, response, value))
	p.Fields["told"] = fields
	address := r.callback
	if own := p.Fields["callback"]; own != "" {
		address = own
	}
	r.sendTo(address, p.ID, "type "+kind+" "+response, response != "0000", func(time.Time, int) Notice { return redsysNotice(fields) })
}

func redsysNotice(body string) Notice {
	return Notice{Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "User-Agent": {"Java/1.8 (simulated)"}}, Body: []byte(body)}
}

// parameters are those of one notification.
func (r *Redsys) parameters(p *Payment, kind, response, value string) map[string]string {
	digits, ok := minorUnits(value, decimals(p.Currency))
	if !ok { // 45.00 of a currency without decimals
		digits, _, _ = strings.Cut(value, ".")
	}
	at := r.now().Add(redsysClock)
	authorisation := r.number(6)
	if kind == "0" && response != "0000" {
		authorisation = "      "
	}
	return map[string]string{"Ds_Date": at.Format("02/01/2006"), "Ds_Hour": at.Format("15:04"), "Ds_SecurePayment": "1", "Ds_Amount": digits,
		"Ds_Currency": redsysNumber(p.Currency), "Ds_Order": p.ID, "Ds_MerchantCode": redsysMerchant, "Ds_Terminal": redsysTerminal,
		"Ds_Response": response, "Ds_TransactionType": kind, "Ds_MerchantData": p.Fields["data"], "Ds_AuthorisationCode": authorisation,
		"Ds_ConsumerLanguage": "1", "Ds_Card_Country": "724", "Ds_Card_Brand": "1"}
}

// form writes and signs parameters in the ways of the variant. Held: mu.
func (r *Redsys) form(parameters map[string]string) string {
	return redsysForm(r.key, redsysVersion, r.variant, parameters)
}

func redsysForm(key, version string, v RedsysVariant, parameters map[string]string) string {
	written := map[string]any{}
	for name, value := range parameters {
		plain := value
		if v.Filled && name == "Ds_Terminal" {
			plain = strings.Repeat("0", 3-len(value)) + value
		}
		if !v.Plain {
			plain = url.QueryEscape(plain)
		}
		var out any = plain
		if v.Numbers && (name == "Ds_Amount" || name == "Ds_Card_Brand" || name == "Ds_TransactionType") {
			out = json.Number(value)
		}
		if v.Capitals {
			name = strings.ToUpper(name)
		}
		written[name] = out
	}
	raw, err := json.Marshal(written)
	if err != nil {
		panic(fmt.Sprintf("providersim: write a notification: %v", err))
	}
	text := base64.StdEncoding.EncodeToString(raw)
	signature := base64.URLEncoding.EncodeToString(redsysSign(key, parameters["Ds_Order"], text))
	if v.Unpadded {
		signature = strings.TrimRight(signature, "=")
	}
	return "Ds_SignatureVersion=" + version + "&Ds_MerchantParameters=" + url.QueryEscape(text) + "&Ds_Signature=" + url.QueryEscape(signature)
}

// Signed is a genuine notification of any parameters.
func (r *Redsys) Signed(parameters map[string]string) Notice {
	r.mu.Lock()
	defer r.mu.Unlock()
	return redsysNotice(r.form(parameters))
}

// SignedText is a genuine notification of any text in the place of the parameters, signed for an order.
func (r *Redsys) SignedText(order, text string) Notice {
	signature := base64.URLEncoding.EncodeToString(redsysSign(r.key, order, text))
	return redsysNotice(url.Values{"Ds_SignatureVersion": {redsysVersion}, "Ds_MerchantParameters": {text}, "Ds_Signature": {signature}}.Encode())
}

// Forgeries implements Simulator: unsigned, signed with the public test key, of another scheme, of another merchant or terminal,
// twice the same field, and changed.
func (r *Redsys) Forgeries(f Forgery) []Notice {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &Payment{ID: "9999FORGED00", Currency: f.Currency, Fields: map[string]string{"data": f.Purchase}}
	parameters := func(name, value string) map[string]string {
		made := r.parameters(p, "0", "0000", f.Value)
		if name != "" {
			made[name] = value
		}
		return made
	}
	genuine := r.form(parameters("", ""))
	unsigned := genuine[:strings.Index(genuine, "&Ds_Signature=")]
	declined := r.form(parameters("Ds_Response", "0190"))
	return []Notice{
		redsysNotice(unsigned),
		redsysNotice(unsigned + "&Ds_Signature="),
		redsysNotice(redsysForm("sq7HjrUOBfKmC576ILgskD5srU870gJ7", redsysVersion, r.variant, parameters("", ""))),
		redsysNotice(redsysForm(r.key, "HMAC_SHA512_V1", r.variant, parameters("", ""))),
		redsysNotice(r.form(parameters("Ds_MerchantCode", "999008881"))),
		redsysNotice(r.form(parameters("Ds_Terminal", "2"))),
		redsysNotice(genuine + genuine[strings.Index(genuine, "&"):]),
		redsysNotice(unsigned + declined[strings.Index(declined, "&Ds_Signature="):]),
	}
}
