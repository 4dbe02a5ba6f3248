package generic

import (
	"cmp"
	"fmt"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
)

// Rule is one thing that messages can tell.
type Rule struct {
	// Fact is what they tell: paid, authorised (reserved only), pending, failed (this attempt took no money), lapsed (it can no longer
	// be paid), refunded, refund_failed, reversed (taken back by a bank), or reversal_undone. A refund that is under way counts as
	// refunded.
	Fact string `yaml:"fact"`
	// When are the conditions, all of which must hold. For another way to tell the same write another rule.
	When []string `yaml:"when"`
	// Payment is the field with the payment's id, where it is not the usual one.
	Payment string `yaml:"payment,omitempty"`
	// Object is the field with the id of the capture, the refund or the dispute. Without it a fact is about the payment itself.
	Object string `yaml:"object,omitempty"`
	// Amount is where it differs from the usual one.
	Amount Amount `yaml:"amount,omitempty"`
	// Cumulative: the amount is the sum of all captures, refunds or reversals of the payment so far, which only grows.
	Cumulative bool `yaml:"cumulative,omitempty"`
	// Reason is the field that says why, for pending and failed.
	Reason string `yaml:"reason,omitempty"`
}

// A word is what a rule may tell.
type word struct {
	kind    purchase.Kind
	priced  bool   // it is about an amount
	sums    bool   // the amount may be a sum that grows
	apart   string // what it is about beside the payment, where no object is named
	version int64  // the order of what becomes of a refund or a dispute: the providers number none
}

// The versions of a refund or a dispute.
const (
	made   = 1
	undone = 2
)

var words = map[string]word{
	"paid":            {kind: purchase.Captured, priced: true, sums: true},
	"authorised":      {kind: purchase.Authorised, priced: true},
	"pending":         {kind: purchase.Pending},
	"failed":          {kind: purchase.Failed},
	"lapsed":          {kind: purchase.Lapsed},
	"refunded":        {kind: purchase.Refunded, priced: true, sums: true, apart: "/refunded", version: made},
	"refund_failed":   {kind: purchase.Failed, priced: true, apart: "/refunded", version: undone},
	"reversed":        {kind: purchase.Reversed, priced: true, sums: true, apart: "/reversed", version: made},
	"reversal_undone": {kind: purchase.Failed, priced: true, apart: "/reversed", version: undone},
}

// A rule is a Rule that works.
type rule struct {
	word
	name                    string
	when                    []condition
	payment, object, reason path
	money                   money
	cumulative              bool
}

// meaning is what messages mean.
type meaning struct {
	payment  path // the usual one
	live     []condition
	merchant path
	is       string
	at       moment
	rules    []rule
}

func (c *Config) meaning(p *field.Problems, f *fields) *meaning {
	m := &meaning{payment: newPath(c.Payment), live: f.conditions(p, "live", c.Live), is: c.Merchant.Is, at: f.moment(p.At("at"), c.At)}
	m.merchant = f.named(p, "merchant.field", c.Merchant.Field)
	if (c.Merchant.Field == "") != (c.Merchant.Is == "") {
		p.Add("merchant", "needs field and is; write both or neither")
	}
	p.Require("payment", c.Payment != "", "name the field with the provider's id of the payment")
	p.Require("tells", len(c.Tells) > 0, "write what messages tell, for example [{fact: paid, when: [/type == payment.paid]}]")
	f.named(p, "payment", c.Payment)
	f.amount(p.At("amount"), c.Amount)
	checkDecimals(p.At("decimals"), c.Decimals)
	for i, one := range c.Tells {
		m.rules = append(m.rules, c.rule(p.At(fmt.Sprintf("tells[%d]", i)), f, one))
	}
	return m
}

func (c *Config) rule(p *field.Problems, f *fields, r Rule) rule {
	w, ok := words[r.Fact]
	if !ok {
		p.Add("fact", "is %q; write paid, authorised, pending, failed, lapsed, refunded, refund_failed, reversed or reversal_undone", r.Fact)
	}
	out := rule{word: w, name: r.Fact, when: f.conditions(p, "when", r.When), cumulative: r.Cumulative, payment: newPath(cmp.Or(r.Payment, c.Payment)),
		object: f.named(p, "object", r.Object), reason: f.named(p, "reason", r.Reason)}
	f.named(p, "payment", r.Payment)
	f.amount(p.At("amount"), r.Amount)
	p.Require("when", len(r.When) > 0, "write at least one condition, like /status == PAID")
	if w.priced {
		out.money = r.Amount.over(c.Amount).money(p.At("amount"), c.Decimals)
	} else if r.Amount != (Amount{}) {
		p.Add("amount", "has no use with %s; remove it", r.Fact)
	}
	switch {
	case r.Cumulative && !w.sums:
		p.Add("cumulative", "has no use with %s; remove it", r.Fact)
	case w.apart != "" && r.Object == "" && !r.Cumulative && w.sums:
		p.Add("object", "is required for %s; name the field with its id, or write cumulative: true where the amount is the sum of all of them", r.Fact)
	case w.apart != "" && r.Object == "" && !r.Cumulative:
		p.Add("object", "is required for %s; name the field with the id of what was undone", r.Fact)
	}
	return out
}
