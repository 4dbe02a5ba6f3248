package providersim

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// lyraCall is a call of the REST API; each service reads what it needs.
type lyraCall struct {
	UUID     string      `json:"uuid"`
	OrderID  string      `json:"orderId"`
	Amount   json.Number `json:"amount"`
	Currency string      `json:"currency"`
	Mode     string      `json:"resolutionMode"`
}

func (s *Lyra) signedIn(r *http.Request, _ []byte) bool {
	shop, password, ok := r.BasicAuth()
	return ok && shop == s.shop && password == s.password
}

// answered is a success, refused a refusal: both with the HTTP status 200.
func (s *Lyra) answered(answer any) reply { return s.envelope("SUCCESS", answer) }

func (s *Lyra) refused(code string) reply {
	return s.envelope("ERROR", map[string]any{"errorCode": code, "errorMessage": "see the list of error codes", "detailedErrorCode": nil,
		"detailedErrorMessage": nil, "ticket": "null", "shopId": s.shop, "_type": "V4/WebService/WebServiceError"})
}

func (s *Lyra) envelope(status string, answer any) reply {
	return done(map[string]any{"version": "V4", "applicationVersion": "7.2.2", "status": status, "answer": answer,
		"ticket": "d0e5a2d9c3b74f6f9a1f6d3e1c2b3a40", "serverDate": lyraTime(s.now()), "applicationProvider": "LYRA", "metadata": nil, "mode": s.mode(), "_type": "V4/WebService/Response"})
}

const mostListed = 30

func (s *Lyra) getOrder(o lyraCall) reply {
	var all []any
	for _, t := range s.transactions {
		if id := t.payment.Fields["vads_order_id"]; id == o.OrderID && id != "" {
			all = append(all, s.whole(t))
		}
	}
	switch {
	case len(all) == 0:
		return s.refused("PSP_010")
	case len(all) > mostListed:
		return s.refused("PSP_015")
	}
	return s.answered(map[string]any{"orderId": o.OrderID, "shopId": s.shop, "transactions": all, "_type": "V4/OrderTransactions"})
}

func (s *Lyra) find(uuid string) *lyraTransaction {
	for _, t := range s.transactions {
		if t.uuid == strings.ToLower(uuid) {
			return t
		}
	}
	return nil
}

func (s *Lyra) getTransaction(o lyraCall) reply {
	t := s.find(o.UUID)
	if t == nil {
		return s.refused("PSP_010")
	}
	return s.answered(s.whole(t))
}

func (s *Lyra) validate(o lyraCall) reply {
	t := s.find(o.UUID)
	switch {
	case t == nil:
		return s.refused("PSP_010")
	case t.status != "AUTHORISED_TO_VALIDATE" || s.take(t.payment, "") != nil:
		return s.refused("PSP_503")
	}
	return s.answered(s.whole(t))
}

func (s *Lyra) cancel(o lyraCall) reply {
	t := s.find(o.UUID)
	switch {
	case t == nil:
		return s.refused("PSP_010")
	case t.status == "CANCELLED":
		return s.refused("PSP_105")
	case t.operation == "DEBIT" && t.status == "AUTHORISED_TO_VALIDATE":
		_ = s.end(t.payment) // it is reserved
	case t.operation == "DEBIT" && t.status == "AUTHORISED":
		t.payment.Captured = ""
		s.move(t.payment, isCancelled, event{kind: wasVoided})
	default:
		return s.refused("PSP_075")
	}
	return s.answered(s.whole(t))
}

func (s *Lyra) cancelOrRefund(o lyraCall) reply {
	t := s.find(o.UUID)
	switch {
	case t == nil:
		return s.refused("PSP_010")
	case o.Mode == "CANCELLATION_ONLY", o.Mode != "REFUND_ONLY" && t.status != "CAPTURED":
		return s.cancel(o)
	case t.status == "AUTHORISED" || t.status == "AUTHORISED_TO_VALIDATE":
		return s.refused("PSP_076")
	case t.status != "CAPTURED" || t.operation != "DEBIT":
		return s.refused("PSP_083")
	case o.Currency != t.payment.Currency:
		return s.refused("INT_010")
	}
	minor := o.Amount.String()
	if _, err := o.Amount.Int64(); err != nil || strings.HasPrefix(minor, "-") {
		return s.refused("INT_009")
	}
	if rat(zero(t.payment.Refunded)).Cmp(rat(t.payment.Captured)) >= 0 {
		return s.refused("PSP_104")
	}
	made, err := s.giveBack(t.payment, decimalOf(minor, decimals(t.payment.Currency)), false)
	if err != nil {
		return s.refused("PSP_511")
	}
	return s.answered(s.whole(s.find(made.ID)))
}

func lyraTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05+00:00") }

// part is a transaction as a payment's notification lists it.
func (s *Lyra) part(t *lyraTransaction) map[string]any {
	simple := map[string]string{"AUTHORISED": "PAID", "CAPTURED": "PAID", "REFUSED": "UNPAID", "CANCELLED": "UNPAID"}[t.status]
	if simple == "" {
		simple = "RUNNING"
	}
	context := "CHARGE"
	if t.operation == "CREDIT" {
		context = "REFUND"
	}
	details := map[string]any{"liabilityShift": "NO", "effectiveAmount": json.Number(t.minor), "effectiveCurrency": t.payment.Currency,
		"creationContext": context, "cardDetails": s.card(t), "parentTransactionUuid": s.parentOf(t), "mid": "6969696", "sequenceNumber": t.sequence, "acquirerNetwork": "CB",
		"_type": "V4/TransactionDetails"}
	o := map[string]any{"shopId": s.shop, "uuid": t.uuid, "amount": json.Number(t.minor), "currency": t.payment.Currency, "paymentMethodType": "CARD",
		"paymentMethodToken": nil, "status": simple, "detailedStatus": t.status, "operationType": t.operation, "effectiveStrongAuthentication": "DISABLED",
		"creationDate": lyraTime(t.created), "errorCode": nil, "errorMessage": nil, "detailedErrorCode": nil, "detailedErrorMessage": nil,
		"metadata": s.metadata(t.payment), "transactionDetails": details, "_type": "V4/PaymentTransaction"}
	if t.status == "REFUSED" {
		o["errorCode"], o["errorMessage"], o["detailedErrorCode"] = "ACQ_001", "payment refused", "51"
	}
	return o
}

func (s *Lyra) card(t *lyraTransaction) map[string]any {
	manual := "NO"
	if t.payment.Reserve {
		manual = "YES"
	}
	refunded := json.Number("0")
	if t.operation == "DEBIT" && t.payment.Refunded != "" {
		refunded = json.Number(lyraMinor(t.payment.Refunded, t.payment.Currency))
	}
	return map[string]any{"paymentSource": "EC", "manualValidation": manual, "expectedCaptureDate": lyraTime(t.created), "effectiveBrand": "CB",
		"pan": "497010XXXXXX0055", "expiryMonth": 11, "expiryYear": 2029, "country": "FR", "legacyTransId": t.payment.Fields["vads_trans_id"],
		"authorizationResponse": map[string]any{"amount": json.Number(t.minor), "currency": t.payment.Currency, "authorizationResult": "0"},
		"captureResponse":       map[string]any{"refundAmount": refunded, "refundCurrency": nil, "captureDate": nil},
		"_type":                 "V4/PaymentMethod/Details/CardDetails"}
}

func (s *Lyra) parentOf(t *lyraTransaction) any {
	switch p := t.parent; {
	case p == "" || s.vary.NoParent:
		return nil
	case s.vary.Dashes:
		return p[:8] + "-" + p[8:12] + "-" + p[12:16] + "-" + p[16:20] + "-" + p[20:]
	default:
		return p
	}
}

// whole is a transaction by itself, with its order and its buyer.
func (s *Lyra) whole(t *lyraTransaction) map[string]any {
	o := s.part(t)
	o["orderDetails"], o["customer"], o["_type"] = s.orderOf(t.payment), s.customerOf(t.payment), "V4/Transaction"
	if !s.vary.NoPages {
		o["paymentId"] = t.payment.ID[16:] + t.payment.ID[:16]
	}
	return o
}

func (s *Lyra) orderOf(p *Payment) map[string]any {
	o := map[string]any{"orderTotalAmount": json.Number(lyraMinor(p.Value, p.Currency)), "orderEffectiveAmount": nil, "orderCurrency": p.Currency,
		"mode": s.mode(), "orderId": nil, "metadata": nil, "_type": "V4/OrderDetails"}
	if id := p.Fields["vads_order_id"]; id != "" {
		o["orderId"] = id
	}
	return o
}

func (s *Lyra) customerOf(p *Payment) map[string]any {
	c := map[string]any{"email": "camille@example.org", "reference": nil, "_type": "V4/Customer/Customer",
		"billingDetails": map[string]any{"city": nil, "country": nil, "firstName": nil, "language": "FR", "_type": "V4/Customer/BillingDetails"},
		"extraDetails":   map[string]any{"ipAddress": "192.0.2.1", "browserUserAgent": "Mozilla/5.0 (simulated)", "_type": "V4/Customer/ExtraDetails"}}
	if id := p.Fields["vads_cust_id"]; id != "" {
		c["reference"] = id
	}
	return c
}

// metadata is what the merchant wrote into a payment; nil for nothing.
func (s *Lyra) metadata(p *Payment) any {
	m := map[string]string{}
	for name, value := range p.Fields {
		if key, ok := strings.CutPrefix(name, "vads_ext_info_"); ok {
			m[key] = value
		}
	}
	if info := p.Fields["vads_order_info"]; info != "" && !s.vary.NoInfo {
		m["orderInfo"] = info
	}
	if len(m) == 0 {
		return nil
	}
	return m
}
