package monetico

import (
	"regexp"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// The fields that are read, beside MAC and TPE. Both references come back as the order had them.
const (
	resultField    = "code-retour"
	amountField    = "montant"
	partField      = "montantech" // instalments only: what this one takes
	referenceField = "reference"
	textField      = "texte-libre"
	permitField    = "numauto" // number of the authorisation, where there is one
	reasonField    = "motifrefus"
)

// The results. Test and production have the same TPE and key: the word for a payment is all that tells them apart.
const (
	paidInProduction = "paiement"
	paidInTest       = "payetest"
	refusal          = "annulation" // written with a capital letter or without
)

// tell says what a genuine notification means. A payment in the other mode is purchase.WrongMode; that is the whole proof of the mode. A
// refusal does not say its mode: it tells of an attempt that took no money, which is no less true in the other one.
//
// An instalment is a part of an order, so it buys no seat. The first one is called a payment as well, and only the amount of the part
// gives it away; the later ones carry their number. They are left to a person, as are orders for which money is reserved only.
//
// Source: Monetico Paiement technical documentation 2.0, return interface, as public libraries quote it.
func (m *Monetico) tell(form protocol.Form) ([]purchase.Fact, error) {
	ours, others := paidInTest, paidInProduction
	if m.Live {
		ours, others = others, ours
	}
	result, _, later := strings.Cut(form.Get(resultField), "_pf")
	switch {
	case result == others:
		return nil, purchase.Forged(purchase.WrongMode)
	case later:
		return nil, protocol.NotUnderstood("a later instalment; look the order up in the back office")
	case result == ours:
		return m.paid(form)
	case strings.EqualFold(result, refusal):
		return m.refused(form)
	}
	return nil, protocol.NotUnderstood("the result of a payment")
}

// paid: all of the order was taken. Should a reference that was to be unique be paid twice, the numbers of the authorisations keep the
// two payments apart.
func (m *Monetico) paid(form protocol.Form) ([]purchase.Fact, error) {
	f, err := m.about(form)
	if err != nil {
		return nil, err
	}
	money, err := readMoney(form.Get(amountField))
	if err != nil {
		return nil, protocol.NotUnderstood("the amount of a payment")
	}
	if part := form.Get(partField); part != "" {
		if taken, err := readMoney(part); err != nil || taken != money {
			return nil, protocol.NotUnderstood("a first instalment; look the order up in the back office")
		}
	}
	f.Kind, f.Money = purchase.Captured, money
	if permit := form.Get(permitField); permits.MatchString(permit) {
		f.Object += "." + permit
	}
	return []purchase.Fact{f}, nil
}

// refused: an attempt took no money. The buyer may try again under the same reference, so it says nothing of what comes.
func (m *Monetico) refused(form protocol.Form) ([]purchase.Fact, error) {
	f, err := m.about(form)
	if err != nil {
		return nil, err
	}
	f.Kind, f.Detail.Reason = purchase.Failed, protocol.Word(strings.ReplaceAll(form.Get(reasonField), " ", "_"))
	return []purchase.Fact{f}, nil
}

var (
	references = regexp.MustCompile(`^[!-~](?:[ -~]{0,62}[!-~])?$`)
	permits    = regexp.MustCompile(`^[A-Za-z0-9]{1,20}$`)
)

// about begins a fact about the order. The time of the authorisation is left out: the bank does not say in which zone it is.
func (m *Monetico) about(form protocol.Form) (purchase.Fact, error) {
	reference := form.Get(referenceField)
	if !references.MatchString(reference) {
		return purchase.Fact{}, protocol.NotUnderstood("the reference of an order")
	}
	f := m.About(purchase.Proved, reference, form.Get, form.Get(textField))
	f.Object = reference
	return f, nil
}
