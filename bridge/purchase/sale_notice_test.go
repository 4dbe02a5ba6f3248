package purchase_test

import (
	"slices"
	"testing"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// noticed judges what could be told after each fact by what the shops and Dynamics really hold at that instant.
func (o *oracle) noticed(l *ledger, p purchase.Purchase) {
	keys := map[string]bool{}
	for _, n := range purchase.Notices(p) {
		o.expect(lawNotice, !keys[n.Key], "%s is told twice at once", n.Kind)
		o.expect(lawNotice, n.Key != "" && n.Purchase == l.key && !n.At.IsZero(), "%s does not say what it is about: %+v", n.Kind, n)
		o.expect(lawNotice, !l.key.Orphaned() || n.Kind == purchase.NoticeDesk, "an orphan's payer is told %s", n.Kind)
		o.sameMeaning(n)
		o.soIsIt(l, p, n)
		keys[n.Key] = true
	}
}

// sameMeaning: what goes by one key is one thing, whenever it is told.
func (o *oracle) sameMeaning(n purchase.Notice) {
	before, again := o.told[n.Key]
	same := before.Kind == n.Kind && before.Purchase == n.Purchase && before.Money == n.Money && (n.Kind != purchase.NoticeDesk || before.Cause == n.Cause)
	o.expect(lawNotice, !again || same, "%s means %+v, and before %+v", n.Key, n, before)
	o.told[n.Key] = n
}

func (o *oracle) soIsIt(l *ledger, p purchase.Purchase, n purchase.Notice) {
	d := o.dynamics
	switch n.Kind {
	case purchase.NoticeInvoiceRequested:
		asked := slices.ContainsFunc(o.shops[4].pays, func(p *pay) bool { return p.name == n.Account && p.money == n.Money })
		o.expect(lawNotice, asked, "an invoice over %s is told and nobody asked for one", n.Money)
	case purchase.NoticeInvoiceReminder:
		unpaid := slices.ContainsFunc(o.shops[4].pays, func(p *pay) bool { return p.name == n.Account && p.money == n.Money && !p.cancelled })
		o.expect(lawNotice, unpaid && !n.At.After(o.now), "a reminder of %s is told and no such invoice is open", n.Money)
	case purchase.NoticePaymentReceived:
		o.expect(lawNotice, o.moved(n.Account, n.Money, purchase.Captured), "%s is told as received and no shop took it", n.Money)
	case purchase.NoticeRefunded:
		o.expect(lawNotice, o.moved(n.Account, n.Money, purchase.Refunded), "%s is told as refunded and no shop gave it back", n.Money)
	case purchase.NoticeConfirmed:
		o.expect(lawNotice, d.seats >= d.attendees || d.partial && d.seats > 0 || d.cancelled, "the participation is told with %d seats of %d", d.seats, d.attendees)
	case purchase.NoticeRefused:
		held, _ := holdingsOf(l.facts) // as was last learned; a refund that failed since is the shop's again
		o.expect(lawNotice, held.positive() > 0 || o.holds(), "a refusal after payment is told and no money is held")
		o.expect(lawNotice, o.unsettled(l.facts) == nil && !o.seated(l.facts), "a refusal is told while there may be a seat")
	case purchase.NoticeDesk:
		o.expect(lawNotice, p.Desk == n.Cause && n.Cause != purchase.CauseNone, "the desk is told of %s and has %q", n.Cause, p.Desk)
	default:
		o.breach(lawNotice, "nothing in this sale proves %s", n.Kind)
	}
}

// holds tells whether any shop holds money.
func (o *oracle) holds() bool {
	for _, s := range o.shops {
		for _, pay := range s.pays {
			if pay.held().Minor > 0 {
				return true
			}
		}
	}
	return false
}

// moved tells whether the account's shop shows such a move of money. The bank may have told of it by another amount before.
func (o *oracle) moved(account string, money purchase.Money, kind purchase.Kind) bool {
	for _, s := range o.shops {
		for _, pay := range s.pays {
			for _, object := range pay.objects {
				corrected := s.name == "bank" && object.money.Minor-money.Minor == 100 && object.money.Currency == money.Currency
				failed := object.kind == purchase.Failed && object.version > 1 && kind == purchase.Refunded // since, and that is still to be learned
				if s.name == account && (object.kind == kind || failed) && (object.money == money || corrected) {
					return true
				}
			}
		}
	}
	return false
}

// Each kind is told in some sale, so the law above is no empty one.
func TestEveryKindIsToldInSomeSale(t *testing.T) {
	t.Parallel()
	told := map[purchase.NoticeKind]bool{}
	for n := uint64(0); n < 400 && len(told) < len(purchase.NoticeKinds()); n++ {
		for _, notice := range newSale(seed(n), false).run().oracle.told {
			told[notice.Kind] = true
		}
	}
	for _, row := range purchase.NoticeKinds() {
		if !told[row.Kind] {
			t.Errorf("%s is never told", row.Kind)
		}
	}
}
