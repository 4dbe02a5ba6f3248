package providersim

import (
	"cmp"
	"encoding/json"
	"net/http"
)

// An adyenAsked is a modification: what its message will be called, and by which references.
type adyenAsked struct {
	code, psp, reference string
	action               string // of a reversal: cancel or refund
}

// asks begins the modification that a call asks for. Adyen takes it and tells of its outcome by a message only.
func (s *Adyen) asks(r *http.Request, body []byte, code string) (p *Payment, amount adyenAmount, refused *reply) {
	var o struct {
		Merchant  string      `json:"merchantAccount"`
		Amount    adyenAmount `json:"amount"`
		Reference string      `json:"reference"`
	}
	refuse := func(a reply) (*Payment, adyenAmount, *reply) { return nil, adyenAmount{}, &a }
	p = s.named(r.PathValue("psp"))
	whole := code == "CANCELLATION" || code == "CANCEL_OR_REFUND"
	switch {
	case json.Unmarshal(body, &o) != nil:
		return refuse(adyenUnread)
	case o.Merchant != adyenMerchant:
		return refuse(adyenStranger)
	case p == nil || p.Names["psp"] != r.PathValue("psp"):
		return refuse(adyenInvalid("167"))
	case !whole && (o.Amount.Value <= 0 || o.Amount.Currency != p.Currency):
		return refuse(adyenInvalid("100"))
	case len(o.Reference) > 80, len(r.Header.Get("Idempotency-Key")) > 64:
		return refuse(adyenInvalid("702"))
	}
	s.asked = &adyenAsked{code: code, psp: s.psp(), reference: cmp.Or(o.Reference, p.Fields["reference"])}
	return p, o.Amount, nil
}

// taken answers that the wish was received. What could not be carried out is told by a message.
func (s *Adyen) taken(p *Payment, amount adyenAmount, err error, reason string) reply {
	a := s.asked
	s.asked = nil
	if err != nil && s.variant.RefusesAtOnce {
		return adyenInvalid("137")
	}
	if err != nil {
		s.tell(p, a, amount.decimal(), false, reason)
	}
	o := map[string]any{"merchantAccount": adyenMerchant, "paymentPspReference": p.Names["psp"], "pspReference": a.psp, "reference": a.reference,
		"status": "received"}
	if amount.Currency != "" {
		o["amount"] = amount
	}
	return reply{status: http.StatusCreated, body: o}
}

func (s *Adyen) postCapture(r *http.Request, body []byte) reply {
	p, amount, refused := s.asks(r, body, "CAPTURE")
	if refused != nil {
		return *refused
	}
	return s.taken(p, amount, s.take(p, amount.decimal()), "Insufficient balance on payment")
}

func (s *Adyen) postCancel(r *http.Request, body []byte) reply {
	p, _, refused := s.asks(r, body, "CANCELLATION")
	if refused != nil {
		return *refused
	}
	err := errNotNow
	if p.Status == isAuthorised {
		err = s.end(p)
	}
	return s.taken(p, adyenMoney(p.Value, p.Currency), err, "Transaction not in the right state")
}

func (s *Adyen) postRefund(r *http.Request, body []byte) reply {
	p, amount, refused := s.asks(r, body, "REFUND")
	if refused != nil {
		return *refused
	}
	_, err := s.giveBack(p, amount.decimal(), false)
	return s.taken(p, amount, err, "Insufficient balance on payment")
}

// postReversal cancels what is reserved and refunds what is captured, all of it.
func (s *Adyen) postReversal(r *http.Request, body []byte) reply {
	p, _, refused := s.asks(r, body, "CANCEL_OR_REFUND")
	if refused != nil {
		return *refused
	}
	var err error
	if s.asked.action = "refund"; p.Status == isAuthorised {
		s.asked.action = "cancel"
		err = s.end(p)
	} else {
		_, err = s.giveBack(p, "", false)
	}
	return s.taken(p, adyenMoney(p.Value, p.Currency), err, "Transaction not in the right state")
}
