package providersim

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// sipsOnce dresses a notification that is the same at every try.
func sipsOnce(n Notice) dresser { return func(time.Time, int) Notice { return n } }

// office frames one function of Sips Office: whose question it is, in which version, and about which transaction. The answer is 200
// whatever it says.
func (s *Sips) office(version string, do func(p *Payment, fields map[string]any) (map[string]any, string)) func(*http.Request, []byte) reply {
	return func(_ *http.Request, body []byte) reply {
		var fields map[string]any
		decoder := json.NewDecoder(strings.NewReader(string(body)))
		decoder.UseNumber()
		if decoder.Decode(&fields) != nil {
			return s.answered(sipsHMAC, map[string]any{"responseCode": "12"})
		}
		text := func(name string) string { v, _ := fields[name].(string); return v }
		algorithm := cmp.Or(text("sealAlgorithm"), sipsHMAC)
		key := s.keys[text("keyVersion")]
		switch p := s.payments[text("transactionReference")]; {
		case algorithm != sipsHMAC && algorithm != sipsPlain, !strings.HasPrefix(text("interfaceVersion"), version):
			return s.answered(sipsHMAC, map[string]any{"responseCode": "12"})
		case text("merchantId") != s.merchant:
			return s.answered(algorithm, map[string]any{"responseCode": "03"})
		case key == "" || text("seal") != sipsSeal(algorithm, key, sipsValues(fields, false)):
			return done(map[string]any{"responseCode": "34"}) // who has no key gets no seal
		case !sipsFields["transactionReference"].MatchString(text("transactionReference")):
			return s.answered(algorithm, map[string]any{"responseCode": "30", "errorFieldName": "transactionReference"})
		case p == nil || !s.stored(p):
			return s.answered(algorithm, map[string]any{"responseCode": "25"})
		default:
			answer, code := do(p, fields)
			if answer == nil {
				answer = map[string]any{"responseCode": code}
			}
			return s.answered(algorithm, answer)
		}
	}
}

// stored tells whether there is a transaction: a page that nobody paid at is none.
func (s *Sips) stored(p *Payment) bool {
	s.lapse(p)
	return !p.Open() && (p.Fields["code"] != "17" && p.Fields["code"] != "97" || !s.variant.Forgets)
}

// sipsValues joins the values of fields in the order of their names, without those about the seal.
func sipsValues(fields map[string]any, folded bool) string {
	names := slices.DeleteFunc(slices.Collect(maps.Keys(fields)), func(n string) bool { return n == "keyVersion" || n == "sealAlgorithm" || n == "seal" })
	slices.SortFunc(names, func(a, b string) int {
		if folded {
			return strings.Compare(strings.ToLower(a), strings.ToLower(b))
		}
		return strings.Compare(a, b)
	})
	var all strings.Builder
	for _, name := range names {
		switch v := fields[name].(type) {
		case string:
			all.WriteString(v)
		case json.Number:
			all.WriteString(string(v))
		case map[string]any:
			all.WriteString(sipsValues(v, folded))
		}
	}
	return all.String()
}

func (s *Sips) answered(algorithm string, answer map[string]any) reply {
	answer["seal"] = sipsSeal(algorithm, s.keys[sipsVersion], sipsValues(answer, s.variant.Folded))
	return done(answer)
}

// amount is an amount as Sips Office writes it.
func (s *Sips) amount(value, currency string) any {
	minor, _ := minorUnits(value, decimals(currency))
	if s.variant.Numbers {
		return json.Number(minor)
	}
	return minor
}

// gone is what went back of a payment by the shop's wish. Of what a bank takes back, Sips Office knows nothing.
func (s *Sips) gone(p *Payment) string {
	sum := "0"
	for _, r := range s.refundsOf(p) {
		if !r.Reversal {
			sum = minus(sum, "-"+r.Value, decimals(p.Currency))
		}
	}
	return sum
}

// left is what is left of a payment.
func (s *Sips) left(p *Payment) string {
	if p.Status == isCancelled && p.Reserve {
		return minus("0", "0", decimals(p.Currency))
	}
	return minus(p.Value, s.gone(p), decimals(p.Currency))
}

// standing is the transactionStatus.
func (s *Sips) standing(p *Payment) string {
	switch p.Status {
	case isAuthorised:
		return "TO_VALIDATE"
	case isPending:
		return "TO_CONFIRM_AUTHOR"
	case isFailed:
		return "REFUSED"
	case isExpired:
		return "EXPIRED"
	case isCancelled:
		if p.Reserve && p.Fields["code"] == "00" {
			return "CANCELLED"
		}
		return "ABORTED"
	}
	switch all := rat(s.left(p)).Sign() == 0; {
	case all && p.Fields["last"] == "CANCEL":
		return "CANCELLED"
	case all:
		return "CREDITED"
	case s.batched(p):
		return "TO_CAPTURE"
	}
	return "CAPTURED"
}

// batched tells whether the payment still waits for the end of the day.
func (s *Sips) batched(p *Payment) bool {
	return s.variant.Batched && p.Fields["captureMode"] != "IMMEDIATE"
}

// diagnose answers with everything that Sips Office knows of a transaction.
func (s *Sips) diagnose(p *Payment, _ map[string]any) (map[string]any, string) {
	code, left := cmp.Or(p.Fields["code"], "00"), s.left(p)
	if s.variant.Unmoved {
		left = p.Value
	}
	a := map[string]any{"transactionReference": p.ID, "merchantId": s.merchant, "transactionStatus": s.standing(p), "currencyCode": sipsNumber(p.Currency),
		"originAmount": s.amount(p.Value, p.Currency), "currentAmount": s.amount(left, p.Currency), "transactionDateTime": p.Fields["at"],
		"lastOperationName": cmp.Or(p.Fields["last"], "AUTHOR"), "lastOperationDateTime": sipsTime(p.Updated), "automaticResponseStatus": "SENT",
		"authorisationId": "12345", "authorMessageReference": "678901", "paymentMeanBrand": "VISA", "paymentMeanType": "CARD", "responseCode": "00",
		"s10TransactionReference": map[string]any{"s10TransactionIdDate": "20261120", "s10TransactionId": "17"}}
	put(a, "orderId", p.Fields["orderId"])
	if s.variant.Context {
		put(a, "returnContext", p.Fields["returnContext"])
	}
	if s.variant.OwnCode {
		a["getTransDataResponseCode"], a["responseCode"] = "00", code
	}
	if code == "00" {
		a["acquirerResponseCode"] = "00"
	}
	return a, ""
}

// operation is the amount of an operation as a decimal; a code says what is wrong with it.
func (s *Sips) operation(p *Payment, fields map[string]any) (value, code string) {
	minor, _ := fields["operationAmount"].(string)
	currency, _ := fields["currencyCode"].(string)
	asker, _ := fields["operationOrigin"].(string)
	switch {
	case !sipsFields["amount"].MatchString(minor) || len(asker) > 20:
		return "", "30"
	case currency != sipsNumber(p.Currency):
		return "", "12"
	}
	return decimalOf(minor, decimals(p.Currency)), ""
}

// operated is the answer to an operation that was made.
func (s *Sips) operated(p *Payment) (map[string]any, string) {
	return map[string]any{"responseCode": "00", "acquirerResponseCode": "00", "newAmount": s.amount(s.left(p), p.Currency), "newStatus": s.standing(p),
		"operationDateTime": sipsTime(s.now())}, ""
}

func (s *Sips) validate(p *Payment, fields map[string]any) (map[string]any, string) {
	value, code := s.operation(p, fields)
	switch {
	case code != "":
		return nil, code
	case p.Status != isAuthorised:
		return nil, "24"
	case s.take(p, value) != nil:
		return nil, "12"
	}
	return s.operated(p)
}

// cancel takes an amount off what is not taken yet. Of a reservation it takes all.
func (s *Sips) cancel(p *Payment, fields map[string]any) (map[string]any, string) {
	value, code := s.operation(p, fields)
	switch {
	case code != "":
		return nil, code
	case p.Status == isAuthorised && value != p.Value:
		return nil, "12"
	case p.Status == isAuthorised:
		_ = s.end(p) // it is reserved
		return s.operated(p)
	case p.Status != isCaptured || !s.batched(p):
		return nil, "24"
	}
	return s.returned(p, value, "CANCEL")
}

func (s *Sips) refund(p *Payment, fields map[string]any) (map[string]any, string) {
	value, code := s.operation(p, fields)
	switch {
	case code != "":
		return nil, code
	case p.Status != isCaptured || s.batched(p):
		return nil, "24"
	}
	return s.returned(p, value, "REFUND")
}

// returned gives an amount back under its name.
func (s *Sips) returned(p *Payment, value, what string) (map[string]any, string) {
	p.Fields["doing"] = what
	defer delete(p.Fields, "doing")
	if _, err := s.giveBack(p, value, false); err != nil {
		return nil, "24"
	}
	return s.operated(p)
}
