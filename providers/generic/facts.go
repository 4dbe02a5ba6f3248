package generic

import (
	"cmp"
	"regexp"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

var paymentIDs = regexp.MustCompile(`^[!-~]{1,128}$`)

// ours refuses messages of the other mode, or of another merchant.
func (g *Generic) ours(d document) error {
	switch {
	case len(g.meaning.live) > 0 && allHold(g.meaning.live, d) != g.Live:
		return purchase.Forged(purchase.WrongMode)
	case g.meaning.merchant.isSet() && d.text(g.meaning.merchant) != g.meaning.is:
		return purchase.Forged(purchase.WrongMerchant)
	}
	return nil
}

// tell is everything that a document of ours tells. Errors are purchase.ErrNotUnderstood.
func (g *Generic) tell(d document, standing purchase.Standing) ([]purchase.Fact, error) {
	var facts []purchase.Fact
	for i := range g.meaning.rules {
		r := &g.meaning.rules[i]
		if !allHold(r.when, d) {
			continue
		}
		f, err := g.fact(r, d, standing)
		if err != nil {
			return nil, err
		}
		if f.Kind != "" {
			facts = append(facts, f)
		}
	}
	return facts, nil
}

// fact is what one rule tells; one without a kind where it tells nothing yet.
func (g *Generic) fact(r *rule, d document, standing purchase.Standing) (purchase.Fact, error) {
	payment := d.text(r.payment)
	object := payment
	switch {
	case r.object.isSet():
		object = d.text(r.object)
	case r.apart != "":
		object += r.apart
	}
	if !paymentIDs.MatchString(payment) || !paymentIDs.MatchString(object) {
		return purchase.Fact{}, protocol.NotUnderstood("the id of what is " + r.name)
	}
	f := g.about(d, standing, payment)
	f.Kind, f.Object, f.Version, f.At = r.kind, object, r.version, g.meaning.at.of(d)
	switch f.Kind {
	case purchase.Lapsed:
		f.Object = ""
	case purchase.Pending, purchase.Failed, purchase.Reversed:
		f.Detail.Reason = cmp.Or(protocol.Word(d.text(r.reason)), r.name)
	}
	if !r.priced {
		return f, nil
	}
	sum, err := r.money.read(d)
	switch {
	case err != nil:
		return f, protocol.NotUnderstood("the amount of what is " + r.name)
	case r.cumulative && sum.Minor == 0:
		return purchase.Fact{}, nil
	case !sum.Positive():
		return f, protocol.NotUnderstood("the amount of what is " + r.name)
	case r.cumulative:
		f.Version = sum.Minor
	}
	f.Money = sum
	return f, nil
}

// about begins a fact. Our own seal is known in whatever field the organiser's ids are read from.
func (g *Generic) about(d document, standing purchase.Standing, payment string) purchase.Fact {
	read := func(name string) string { return d.text(newPath(name)) }
	var texts []string
	if g.Locate != nil {
		g.Locate(func(name string) string {
			texts = append(texts, read(name))
			return ""
		})
	}
	return g.About(standing, payment, read, texts...)
}
