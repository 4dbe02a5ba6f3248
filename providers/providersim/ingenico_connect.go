package providersim

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// An IngenicoConnect is one simulated account at Worldline Connect. Its pages live for hours and are ended by a call.
type IngenicoConnect struct{ *worldline }

func init() {
	register("ingenico-connect", func(c Config) Simulator { return NewIngenicoConnect(c) })
}

// NewIngenicoConnect makes a simulator.
func NewIngenicoConnect(c Config) *IngenicoConnect {
	s := &IngenicoConnect{}
	s.worldline = newWorldline(c, s, "ingenico-connect", "9991")
	s.connect = true
	return s
}

// Manners implements Simulator.
func (s *IngenicoConnect) Manners() Manners {
	return Manners{Page: true, AsksPage: true, AsksButton: true, Ends: true, NamesNobody: true, Reserves: true, AsksTaken: true}
}

// Settings implements Simulator.
func (s *IngenicoConnect) Settings(callback string) Settings {
	section, files := s.section(callback)
	return Settings{Kind: "ingenico", Reference: "{purchase: merchantReference}", Section: "generation: connect\nmerchant_id: \"" + s.merchant + "\"\n" + section, Files: files}
}

// Control also takes POST /variant, what is left open, and POST /verify: answers whether the callback address is an endpoint.
func (s *IngenicoConnect) Control() http.Handler {
	mux := s.orders(control(s, s.state))
	order(mux, "/verify", func(struct{}) (any, error) { return map[string]bool{"endpoint": s.VerifyEndpoint()}, nil })
	return mux
}

// VerifyEndpoint asks the callback address for a value back, as Connect does before it sends events there.
func (s *IngenicoConnect) VerifyEndpoint() bool {
	s.mu.Lock()
	address, value := s.callback, s.uuid()
	s.mu.Unlock()
	status, answer := s.roundTrip(address, s.Verification(value))
	return status == http.StatusOK && string(answer) == value
}

// Handler implements Simulator.
func (s *IngenicoConnect) Handler() http.Handler {
	return s.serve("v1", "Worldline Connect", map[string]func(*http.Request, []byte) reply{
		"create POST hostedcheckouts":        s.createCheckout,
		"get GET hostedcheckouts/{id}":       s.getCheckout,
		"void DELETE hostedcheckouts/{id}":   s.deleteCheckout,
		"list GET payments":                  s.findPayments,
		"capture POST payments/{id}/approve": s.approvePayment,
		"capture POST payments/{id}/capture": s.capturePayment,
		"get GET refunds/{id}":               s.getRefund,
	})
}

// createCheckout makes a page that lives until it is ended. What only Direct has is unknown here.
func (s *IngenicoConnect) createCheckout(_ *http.Request, body []byte) reply {
	q, value, refusal := s.newCheckout(body)
	switch {
	case refusal != nil:
		return *refusal
	case q.Feedbacks != nil || q.Page.Timeout != nil || q.Page.Attempts != nil || q.Order.References.Parameters != "":
		return s.invalid("property")
	}
	p := q.payment(s.uuid(), value, s.uuid())
	p.Fields["cancels"] = fmt.Sprint(q.Page.Cancels != nil && *q.Page.Cancels)
	s.begin(p)
	s.begun(p, s.orderPrefix()).checkout = true
	return s.made(map[string]any{"hostedCheckoutId": p.ID, "RETURNMAC": p.Fields["RETURNMAC"], "partialRedirectUrl": strings.TrimPrefix(s.pageOf(p), "https://")})
}

// orderPrefix is what the ids of one order's payments begin with: merchant, order, effort.
func (s *IngenicoConnect) orderPrefix() string {
	merchant, _ := strconv.Atoi(s.merchant)
	return fmt.Sprintf("%010d%010s00001", merchant, s.number(9))
}

// getCheckout says that the payer gave up only where the checkout asked for that.
func (s *IngenicoConnect) getCheckout(r *http.Request, body []byte) reply {
	answer := s.worldline.getCheckout(r, body)
	b := s.books[r.PathValue("id")]
	if o, ok := answer.body.(map[string]any); ok && b != nil && b.p.Fields["cancels"] != "true" && o["status"] == "CANCELLED_BY_CONSUMER" {
		o["status"] = "IN_PROGRESS"
	}
	return answer
}

func (s *IngenicoConnect) deleteCheckout(r *http.Request, _ []byte) reply {
	b := s.books[r.PathValue("id")]
	switch {
	case b == nil || !b.checkout || b.p.Status == isExpired && s.variant.Gone:
		return s.missing()
	case b.p.Status != isOpen && b.p.Status != isExpired:
		return s.failed(http.StatusBadRequest, "1411", "HOSTED_CHECKOUT_HAS_PAYMENT")
	}
	_ = s.end(b.p) // it is open, or ended
	return reply{status: http.StatusNoContent}
}

// findPayments goes by the order or by the merchant's reference.
func (s *IngenicoConnect) findPayments(r *http.Request, _ []byte) reply {
	q := r.URL.Query()
	all := []any{}
	for _, id := range s.sequence {
		b := s.books[id]
		try := b.try()
		byOrder := q.Get("merchantOrderId") != "" && strconv.FormatInt(gcsOrder(b), 10) == q.Get("merchantOrderId")
		if try != nil && (byOrder || q.Get("merchantReference") != "" && b.p.Fields["merchantReference"] == q.Get("merchantReference")) {
			all = append(all, s.recordOf(b, try))
		}
	}
	return done(map[string]any{"offset": 0, "limit": 10, "totalCount": len(all), "payments": all})
}

func (s *IngenicoConnect) getRefund(r *http.Request, _ []byte) reply {
	b, o := s.find(r.PathValue("id"))
	if b == nil || o.kind != "refund" {
		return s.missing()
	}
	return done(s.refundJSON(b, o, o.status, o.code))
}

func (s *IngenicoConnect) approvePayment(r *http.Request, body []byte) reply {
	var q struct {
		Amount *int64 `json:"amount"`
	}
	b, _ := s.find(r.PathValue("id"))
	switch {
	case b == nil:
		return s.missing()
	case !gcsDecode(body, &q):
		return s.invalid("body")
	case b.try().status != "PENDING_APPROVAL":
		return s.failed(http.StatusBadRequest, "300020", "PAYMENT_NOT_APPROVABLE")
	}
	answer := s.capture(b, q.Amount)
	if answer.status >= http.StatusBadRequest {
		return answer
	}
	return s.made(map[string]any{"payment": s.recordOf(b, b.try())})
}

// capturePayment is for what was approved before; nothing is, here.
func (s *IngenicoConnect) capturePayment(r *http.Request, _ []byte) reply {
	if b, _ := s.find(r.PathValue("id")); b == nil {
		return s.missing()
	}
	return s.failed(http.StatusBadRequest, "300030", "PAYMENT_NOT_CAPTURABLE")
}

// Button implements Simulator: a payment of the organiser's own page, whose reference holds the PurchaseId in 22 characters.
func (s *IngenicoConnect) Button(b ButtonPayment) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	number := s.orderPrefix()
	p := &Payment{ID: number + "00001", Fields: map[string]string{"merchantReference": "ORG-" + s.number(6)}} // as its first try will be called
	if raw, err := hex.DecodeString(strings.ReplaceAll(b.Purchase, "-", "")); err == nil && len(raw) == 16 {
		p.Fields["merchantReference"] = base64.RawURLEncoding.EncodeToString(raw) + "-" + s.number(6)
	}
	s.begun(p, number)
	return s.pay(p, b)
}
