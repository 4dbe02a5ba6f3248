package providersim

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// tell notifies of a transaction of a visit; nil stands for the buyer who gave up.
func (s *Lyra) tell(p *Payment, t *lyraTransaction, source string, early bool) {
	if s.form {
		fields := s.fields(p, t)
		s.send(p.ID, source, early, func(_ time.Time, try int) Notice {
			fields := maps.Clone(fields)
			fields["vads_url_check_src"], fields["vads_hash"] = source, strings.Repeat("0", 64)
			if try > 1 {
				fields["vads_url_check_src"] = "RETRY"
			}
			return s.signedFields(fields)
		})
		return
	}
	answer := s.answer(p, t)
	s.send(p.ID, source, early, func(at time.Time, _ int) Notice {
		answer := maps.Clone(answer)
		answer["serverDate"] = lyraTime(at)
		return s.SignedAnswer(lyraJSON(answer))
	})
}

// answer is a visit as a REST notification tells of it.
func (s *Lyra) answer(p *Payment, t *lyraTransaction) map[string]any {
	listed := []any{}
	cycle, status := "CLOSED", "ABANDONED"
	if t != nil {
		for _, other := range s.transactions {
			if other == t || s.vary.ListsAll && t.operation == "DEBIT" && other.payment == p && other.operation == "DEBIT" {
				listed = append(listed, s.part(other))
			}
		}
		cycle, status = lyraOrder(t)
	}
	order := s.orderOf(p)
	order["orderEffectiveAmount"], order["metadata"] = order["orderTotalAmount"], s.metadata(p)
	return map[string]any{"shopId": s.shop, "orderCycle": cycle, "orderStatus": status, "orderDetails": order, "customer": s.customerOf(p),
		"transactions": listed, "subMerchantDetails": nil, "_type": "V4/Payment"}
}

func lyraOrder(t *lyraTransaction) (cycle, status string) {
	switch t.status {
	case "REFUSED":
		return "OPEN", "UNPAID"
	case "CANCELLED":
		return "CLOSED", "UNPAID"
	case "AUTHORISED", "CAPTURED":
		return "CLOSED", "PAID"
	}
	return "CLOSED", "RUNNING"
}

func lyraJSON(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("providersim: write an answer: %v", err))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// SignedAnswer is a genuine REST notification with any text as its answer.
func (s *Lyra) SignedAnswer(text string) Notice {
	sent := text
	if s.variants().Escapes {
		sent = strings.ReplaceAll(text, "/", `\/`)
	}
	return lyraNotice(lyraHash(s.password, text), "password", sent)
}

func lyraHash(key, text string) string {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil))
}

func lyraNotice(hash, key, answer string) Notice {
	var body strings.Builder
	for _, f := range []field{{"kr-hash", hash}, {"kr-hash-algorithm", "sha256_hmac"}, {"kr-hash-key", key}, {"kr-answer-type", "V4/Payment"},
		{"kr-answer", answer}} {
		body.WriteString("&" + f.Name + "=" + url.QueryEscape(f.Value))
	}
	return lyraPost(body.String()[1:])
}

func lyraPost(body string) Notice {
	return Notice{Body: []byte(body), Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "User-Agent": {"Lyra (simulated)"}}}
}

// fields are what a form notification, and the browser, bring of a visit: what the merchant sent, and what became of it.
func (s *Lyra) fields(p *Payment, t *lyraTransaction) map[string]string {
	f := maps.Clone(p.Fields)
	maps.DeleteFunc(f, func(name, _ string) bool {
		return !strings.HasPrefix(name, "vads_") || strings.HasPrefix(name, "vads_url_")
	})
	numeric := ""
	for code, currency := range lyraCurrencies {
		if currency == p.Currency {
			numeric = code
		}
	}
	for name, value := range map[string]string{"vads_action_mode": "INTERACTIVE", "vads_amount": lyraMinor(p.Value, p.Currency), "vads_ctx_mode": s.mode(),
		"vads_currency": numeric, "vads_page_action": "PAYMENT", "vads_payment_config": "SINGLE", "vads_site_id": s.shop, "vads_version": "V2"} {
		f[name] = value
	}
	if t == nil {
		f["vads_trans_status"], f["vads_result"] = "ABANDONED", "17"
		if !s.vary.NoIDs {
			f["vads_trans_uuid"] = ""
		}
		return f
	}
	result := "00"
	if t.status == "REFUSED" {
		result = "05"
	}
	for name, value := range map[string]string{"vads_amount": t.minor, "vads_auth_mode": "FULL", "vads_auth_result": result, "vads_card_brand": "CB",
		"vads_card_number": "497010XXXXXX0055", "vads_effective_amount": t.minor, "vads_effective_currency": numeric,
		"vads_effective_creation_date": t.created.Format("20060102150405"), "vads_extra_result": "", "vads_operation_type": t.operation,
		"vads_result": result, "vads_sequence_number": fmt.Sprint(t.sequence), "vads_trans_status": t.status, "vads_trans_uuid": t.uuid,
		"vads_payment_src": "EC", "vads_warranty_result": "NO"} {
		f[name] = value
	}
	if t.status == "CANCELLED" {
		delete(f, "vads_operation_type")
		delete(f, "vads_sequence_number")
	}
	return f
}

// signedFields is a form notification with these fields and their signature.
func (s *Lyra) signedFields(fields map[string]string) Notice {
	values := url.Values{"signature": {lyraSignature(s.key, fields)}}
	for name, value := range fields {
		values.Set(name, value)
	}
	return lyraPost(values.Encode())
}

// SignedFields is a genuine form notification with any fields.
func (s *Lyra) SignedFields(fields map[string]string) Notice { return s.signedFields(fields) }

// Forgeries implements Simulator: without and with another signature, with the key that the browser's answer is signed with, of the
// other mode, of another shop, changed after signing, and with a field twice.
func (s *Lyra) Forgeries(f Forgery) []Notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &Payment{ID: s.hex32(), Value: f.Value, Currency: f.Currency, Fields: map[string]string{"vads_order_id": f.Purchase}}
	t := &lyraTransaction{uuid: p.ID, payment: p, operation: "DEBIT", status: "AUTHORISED", minor: lyraMinor(f.Value, f.Currency),
		sequence: 1, created: s.now()}
	if s.form {
		return s.forgedFields(p, t)
	}
	text := lyraJSON(s.answer(p, t))
	signed := func(key, named, text string) Notice { return lyraNotice(lyraHash(key, text), named, text) }
	changed := func(old, by string) string { return strings.ReplaceAll(text, `"`+old+`"`, `"`+by+`"`) }
	genuine := string(signed(s.password, "password", text).Body)
	return []Notice{
		lyraNotice("", "password", text),
		signed("testpassword_of_somebody_else", "password", text),
		signed(s.browserKey, "sha256_hmac", text),
		signed(s.password, "sha256_hmac", text),
		signed(s.browserKey, "password", text),
		signed(s.password, "password", changed(s.mode(), map[string]string{"TEST": "PRODUCTION", "PRODUCTION": "TEST"}[s.mode()])),
		signed(s.password, "password", changed(s.shop, "87654321")),
		lyraNotice(lyraHash(s.password, text), "password", changed("PAID", "UNPAID")),
		lyraPost(genuine + "&kr-answer=" + url.QueryEscape(text)),
		lyraPost(strings.Replace(genuine, "sha256_hmac", "sha512_hmac", 1)),
	}
}

func (s *Lyra) forgedFields(p *Payment, t *lyraTransaction) []Notice {
	fields := s.fields(p, t)
	fields["vads_url_check_src"], fields["vads_hash"] = "PAY", strings.Repeat("0", 64)
	with := func(name, value string) map[string]string {
		f := maps.Clone(fields)
		f[name] = value
		return f
	}
	genuine := s.signedFields(fields)
	other := *s
	other.key = "AnotherShopsKey0"
	unsigned := slices.DeleteFunc(strings.Split(string(genuine.Body), "&"), func(pair string) bool { return strings.HasPrefix(pair, "signature=") })
	fromBrowser := maps.Clone(fields)
	delete(fromBrowser, "vads_url_check_src")
	return []Notice{
		lyraPost(strings.Join(unsigned, "&")),
		lyraPost(strings.Join(unsigned, "&") + "&signature="),
		other.signedFields(fields),
		s.signedFields(with("vads_ctx_mode", map[string]string{"TEST": "PRODUCTION", "PRODUCTION": "TEST"}[s.mode()])),
		s.signedFields(with("vads_site_id", "87654321")),
		s.signedFields(fromBrowser),
		lyraPost(strings.Replace(string(genuine.Body), "vads_amount="+t.minor, "vads_amount=1", 1)),
		lyraPost(string(genuine.Body) + "&vads_amount=" + t.minor),
	}
}
