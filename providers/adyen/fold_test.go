package adyen_test

import (
	"cmp"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providertest"
)

// A sale is what is told of one purchase, message by message, and what the link shows.
type sale struct {
	t    *testing.T
	w    *world
	link purchase.Checkout
	said [][]purchase.Fact
}

func newSale(t *testing.T, w *world) *sale {
	s := &sale{t: t, w: w, link: w.opened(t, providertest.Order(t.Name()))}
	w.Press(t, s.link.Session, "pay")
	return s
}

// A step adds to what is told.
type step func(*sale)

// shown is what the link shows.
func shown(s *sale) {
	facts, err := s.w.Ask(s.t.Context(), purchase.Ref{Payment: s.link.Payment, Session: s.link.Session})
	if err != nil {
		s.t.Fatal(err)
	}
	s.said = append(s.said, facts)
}

// told is a message under a reference; "" is the link's.
func told(reference, code, psp, original string, minor int64, ok bool) step {
	return func(s *sale) {
		i := s.w.Sim.Item(code, psp, original, cmp.Or(reference, s.link.Payment), minor, "EUR", ok)
		reading, err := s.w.Read(s.t.Context(), s.w.message(i))
		if err != nil {
			s.t.Fatal(err)
		}
		s.said = append(s.said, reading.Facts)
	}
}

func authorised(psp string) step          { return told("", "AUTHORISATION", psp, "", 4500, true) }
func did(code, psp string) step           { return told("", code, psp, pay, 4500, true) }
func part(code, psp string, n int64) step { return told("", code, psp, pay, n, true) }
func pageSaid(code, psp string) step      { return told(providertest.PurchaseID, code, psp, "", 4500, true) }

// fold folds what was said as far as the set tells, with our link opened before.
func (s *sale) fold(set int) purchase.Purchase {
	key := purchase.Key{Environment: "main", ID: providertest.PurchaseID}
	facts := []purchase.Fact{{Purchase: key, Kind: purchase.Opened, Standing: purchase.Own, Account: "main", Payment: s.link.Payment, Object: s.link.Session,
		Money: providertest.Euros45, Number: 1, Detail: purchase.Detail{Voidable: true}}}
	for i, group := range s.said {
		if set&(1<<i) != 0 {
			facts = append(facts, group...)
		}
	}
	for i := range facts {
		facts[i].Account, facts[i].Seen = "main", time.Unix(1_790_000_000, 0)
		facts[i] = purchase.Identify(facts[i])
	}
	return purchase.Fold(key, facts, purchase.DefaultPolicy(50*time.Minute))
}

// TestMoneyCountsOnce: whatever has come of what is told, never more is counted than was paid, and in the end what is there.
func TestMoneyCountsOnce(t *testing.T) {
	t.Parallel()
	const take, again = "C1W2E3R4T5Z6U7I8", "C2W2E3R4T5Z6U7I8"
	for name, c := range map[string]struct {
		hand     bool // the account captures by hand
		tell     []step
		want     int64 // held in the end
		most     int64 // at any time; 0: 45.00
		payments int   // 0: one
		open     bool  // it may still turn into money
	}{
		"a link shown and told":    {tell: []step{shown, authorised(pay)}, want: 4500},
		"its capture is told too":  {tell: []step{shown, authorised(pay), did("CAPTURE", take)}, want: 4500},
		"captured in part":         {tell: []step{authorised(pay), part("CAPTURE", take, 2000)}, want: 2000},
		"captured in two parts":    {tell: []step{shown, authorised(pay), part("CAPTURE", take, 2000), part("CAPTURE", again, 2500)}, want: 4500},
		"captured in vain":         {tell: []step{shown, authorised(pay), did("CAPTURE", take), did("CAPTURE_FAILED", take)}, open: true},
		"in vain and in silence":   {tell: []step{shown, authorised(pay), did("CAPTURE_FAILED", take)}, open: true},
		"a capture is turned down": {tell: []step{shown, authorised(pay), told("", "CAPTURE", again, pay, 4500, false)}, want: 4500},
		"cancelled":                {tell: []step{shown, authorised(pay), did("CANCELLATION", other)}},
		"refused, then paid":       {tell: []step{told("", "AUTHORISATION", again, "", 4500, false), authorised(pay), shown}, want: 4500},
		"given up, then paid":      {tell: []step{told("", "OFFER_CLOSED", pay, "", 4500, true), authorised(pay)}, want: 4500},
		"a link paid twice":        {tell: []step{shown, authorised(pay), authorised(other)}, want: 9000, most: 9000},

		"refunded in part":   {tell: []step{shown, authorised(pay), part("REFUND", other, 1500)}, want: 3000},
		"a refund failed":    {tell: []step{authorised(pay), did("REFUND", other), did("REFUND_FAILED", other)}, want: 4500},
		"a refund came back": {tell: []step{authorised(pay), did("REFUND", other), did("REFUNDED_REVERSED", other)}, want: 4500},
		"reversed":           {tell: []step{shown, authorised(pay), did("CANCEL_OR_REFUND", other)}},
		"under its own name": {tell: []step{authorised(pay), told("refund-1", "REFUND", other, pay, 4500, true)}},
		"charged back":       {tell: []step{shown, authorised(pay), did("NOTIFICATION_OF_CHARGEBACK", other), did("CHARGEBACK", other)}},
		"a dispute won":      {tell: []step{authorised(pay), did("CHARGEBACK", other), did("CHARGEBACK_REVERSED", other)}, want: 4500},
		"and lost at last":   {tell: []step{authorised(pay), did("CHARGEBACK", other), did("CHARGEBACK_REVERSED", other), did("SECOND_CHARGEBACK", other)}},

		"on the organiser's page": {tell: []step{pageSaid("AUTHORISATION", pay), told(providertest.PurchaseID, "CAPTURE", take, pay, 4500, true)},
			want: 4500, payments: 2, open: true},
		"twice on the organiser's page": {tell: []step{pageSaid("AUTHORISATION", pay), pageSaid("AUTHORISATION", other)}, want: 9000, most: 9000, payments: 3, open: true},

		"reserved":                 {hand: true, tell: []step{shown, authorised(pay)}, open: true},
		"captured by hand":         {hand: true, tell: []step{shown, authorised(pay), did("CAPTURE", take)}, want: 4500},
		"by hand, at second try":   {hand: true, tell: []step{authorised(pay), did("CAPTURE_FAILED", take), did("CAPTURE", again)}, want: 4500},
		"by hand, in vain":         {hand: true, tell: []step{authorised(pay), did("CAPTURE", take), did("CAPTURE_FAILED", take)}, open: true},
		"reserved too long":        {hand: true, tell: []step{shown, authorised(pay), told("", "EXPIRE", pay, "", 4500, true)}},
		"reserved and reversed":    {hand: true, tell: []step{shown, authorised(pay), did("CANCEL_OR_REFUND", other)}},
		"captured, rest cancelled": {hand: true, tell: []step{authorised(pay), part("CAPTURE", take, 2000), part("CANCELLATION", other, 2500)}, want: 2000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if c.hand {
				w = newWorld(t, byHand)
			}
			s := newSale(t, w)
			for _, tell := range c.tell {
				tell(s)
			}
			all := 1<<len(s.said) - 1
			for set := range all + 1 {
				if held := s.fold(set).Net(); held.Minor > max(c.most, 4500) {
					t.Errorf("of set %b %s is counted", set, held)
				}
			}
			p := s.fold(all)
			if p.Net().Minor != c.want || len(p.Payments) != max(c.payments, 1) {
				t.Errorf("%s is held by %d payments, want %d", p.Net(), len(p.Payments), c.want)
			}
			for _, one := range p.Payments {
				if one.Contradicted || one.Opened != nil && one.Open() != c.open {
					t.Errorf("it is %+v", one)
				}
				if one.Captured.Known() && one.Object != pay && (c.most == 0 || one.Object != other) {
					t.Errorf("the provider would be told to give back %s", one.Object)
				}
			}
		})
	}
}
