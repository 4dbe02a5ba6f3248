package purchase_test

import (
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A history is facts written by hand, numbered as the store numbers them. Its clock moves a second with every fact.
type history struct {
	key     purchase.Key
	policy  purchase.Policy
	now     time.Time
	numbers int64
	facts   []purchase.Fact
}

func newHistory() *history {
	return &history{key: purchase.Key{Environment: "main", ID: "0d3f7c1a-52aa-4c55-9e6d-1b2c3d4e5f60"}, policy: purchase.DefaultPolicy(50 * time.Minute),
		now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
}

func (h *history) pass(d time.Duration) *history { h.now = h.now.Add(d); return h }

func (h *history) keep(standing purchase.Standing, f purchase.Fact) *history {
	h.pass(time.Second)
	f.Purchase, f.Standing, f.Seen = h.key, standing, h.now
	if f.At.IsZero() {
		f.At = h.now
	}
	if f.Numbered() {
		h.numbers++
		f.Number = h.numbers
	}
	h.facts = append(h.facts, purchase.Identify(f))
	return h
}

func (h *history) fold() purchase.Purchase { return purchase.Fold(h.key, h.facts, h.policy) }
func (h *history) plan(shut ...string) purchase.Next {
	return purchase.Plan(h.fold(), h.now, shut...)
}

func (h *history) proved(kind purchase.Kind, payment, object string, m purchase.Money) *history {
	return h.keep(purchase.Proved, purchase.Fact{Kind: kind, Account: "shop", Payment: payment, Object: object, Money: m})
}

func (h *history) heard(kind purchase.Kind, payment, object string) *history {
	return h.keep(purchase.Heard, purchase.Fact{Kind: kind, Account: "shop", Payment: payment, Object: object, Money: euros45})
}

// session is a pay session of ours that the buyer agreed to.
func (h *history) session(payment string) *history {
	h.keep(purchase.Own, purchase.Fact{Kind: purchase.Opened, Account: "shop", Payment: payment, Money: euros45,
		Detail: purchase.Detail{URL: "https://pay.example/" + payment, Capturable: true}})
	return h.proved(purchase.Approved, payment, "", euros45)
}

func (h *history) asked(payment string) *history {
	return h.keep(purchase.Own, purchase.Fact{Kind: purchase.Asked, Account: "shop", Payment: payment, Detail: purchase.Detail{Basis: h.hearsay(payment)}})
}

func (h *history) hearsay(payment string) string {
	for _, p := range h.fold().Payments {
		if p.Ref == payment {
			return p.Hearsay
		}
	}
	return ""
}

// priced is a price read on everything that is known.
func (h *history) priced(m purchase.Money, seats purchase.Seats) *history {
	return h.keep(purchase.Own, purchase.Fact{Kind: purchase.Offered, Money: m, Detail: purchase.Detail{Basis: h.fold().Basis(), Seats: seats}})
}

// attempt is an intent and what became of it.
func (h *history) attempt(step purchase.Step, payment string, r purchase.Result) *history {
	f := purchase.Fact{Kind: purchase.Intended, Payment: payment, Detail: purchase.Detail{Step: step, SendBefore: h.now.Add(3 * time.Second)}}
	if payment != "" {
		f.Account = "shop"
	}
	h.keep(purchase.Own, f)
	f.Kind, f.Attempt, f.Detail = purchase.Concluded, h.numbers, purchase.Detail{Step: step, Result: r}
	return h.keep(purchase.Own, f)
}

// lastIntent is the number of the last intent.
func (h *history) lastIntent() (n int64) {
	for _, f := range h.facts {
		if f.Kind == purchase.Intended {
			n = f.Number
		}
	}
	return n
}

func (h *history) readBack(s purchase.Seats) *history {
	return h.keep(purchase.Own, purchase.Fact{Kind: purchase.ReadBack, Attempt: h.lastIntent(), Detail: purchase.Detail{Seats: s}})
}

// settle takes the steps that only write, as far as they go.
func (h *history) settle() purchase.Next {
	for range 5 {
		switch next := h.plan(); next.Step {
		case purchase.StepHandOver:
			h.keep(purchase.Own, purchase.Fact{Kind: purchase.Handed, Detail: purchase.Detail{Cause: next.Cause, Basis: next.Basis}})
		case purchase.StepAbandon:
			h.keep(purchase.Own, purchase.Fact{Kind: purchase.Abandoned, Detail: purchase.Detail{Basis: next.Basis}})
		default:
			return next
		}
	}
	return h.plan()
}
