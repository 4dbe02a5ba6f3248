package purchase_test

import (
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// script writes what others will do into the agenda. A fair sale has one right payment in time and any amount of noise.
func (s *sale) script() {
	acts := []func(){s.checkout, s.payCards, s.payBank, s.payWrong, s.payForeign, s.giveBack, s.reverse, s.lie, s.stray, s.accept, s.reprice,
		s.contradict, s.authorise, s.comeBack, s.checkoutCards, s.otherEvent, s.lapse, s.tie, s.checkoutHold,
		s.holdButton, s.checkoutHold, s.decide, s.decide, s.decide, s.decide, s.cancel, s.payElsewhere,
		s.askForInvoice, s.approveInvoice, s.markPaid, s.cancelInvoice}
	if s.fair {
		s.fairPayment()
		acts = []func(){s.lie, s.comeBack, s.lie, s.comeBack}
	}
	if s.forsaken { // a rumour of money keeps the seat
		acts = []func(){s.comeBack}
	}
	for range 1 + s.pick(6, "acts") {
		act := acts[s.pick(len(acts), "act")]
		s.after(s.lately(70*time.Minute, "when")/time.Duration(1+2*s.pick(2, "soon")), act)
	}
}

// fairPayment is one of the six ways to pay right, within a quarter of an hour, or that of not paying. The others may be tried and
// dropped.
func (s *sale) fairPayment() {
	when := s.lately(10*time.Minute, "paid after")
	switch s.pick(7, "way to pay") {
	case 0:
		s.after(when, s.payCards)
	case 1:
		s.after(when, s.payBank)
	case 2:
		s.dynamics.away, s.dynamics.visible = nil, s.opening
		s.after(when, s.checkout)
	case 3:
		s.dynamics.away, s.dynamics.visible = nil, s.opening
		s.after(when/2, func() { s.open(s.shops[1]) })
		s.after(when, s.checkout)
	case 4:
		s.dynamics.away, s.dynamics.visible = nil, s.opening
		s.after(when, s.checkoutHold)
	case 5:
		s.forsake(when)
	case 6:
		s.onInvoice(when)
	}
}

// arrive is the buyer at our redirect leg; false where Dynamics cannot be asked or paying would be wrong.
func (s *sale) arrive(account string) (purchase.Purchase, bool) {
	l := s.ledger(s.key)
	p, view := s.fold(s.key, l.facts, s.policy), len(l.facts)
	offer, err := s.dynamics.offer()
	if err != nil || p.Settled() {
		return p, false
	}
	priced, _ := s.keep(-1, purchase.Fact{Purchase: s.key, Kind: purchase.Offered, Standing: purchase.Own, Money: offer.Money, At: s.now,
		Detail: purchase.Detail{Basis: p.Basis(), Event: offer.Event, Created: offer.Created, Seats: offer.Seats}})
	s.oracle.read(priced, view)
	if p.Arrived.IsZero() {
		s.keep(-1, purchase.Fact{Purchase: s.key, Kind: purchase.Arrived, Standing: purchase.Heard, Account: account, At: s.now})
	}
	p = s.fold(s.key, l.facts, s.policy)
	return p, !p.Released() && offer.Seats != purchase.SeatsAll && s.now.Before(p.Deadline.At.Add(-s.policy.MinTimeLeft))
}

// open sends the buyer to the session that is open, or to a new one.
func (s *sale) open(shop *shop) *pay {
	p, ok := s.arrive(shop.name)
	if !ok {
		return nil
	}
	if session := p.Session(shop.name, s.now); session != nil && session.Money == p.Offer.Money {
		return shop.find(session.Payment)
	}
	pay := shop.start(p.Offer.Money)
	capturable := shop.name == "wallet" || shop.name == "hold"
	pay.wallet = shop.name == "wallet" || shop.name == "hold" && s.pick(2, "reserved by whom") == 1
	pay.opened, pay.endable = true, !pay.wallet
	s.keep(-1, purchase.Fact{Purchase: s.key, Kind: purchase.Opened, Standing: purchase.Own, Account: shop.name, Payment: pay.ref,
		Money: pay.money, At: s.now, Detail: purchase.Detail{URL: "https://pay.example/" + pay.ref, Capturable: capturable, Voidable: pay.endable}})
	return pay
}

// checkout goes to the wallet, where the buyer agrees and we capture.
func (s *sale) checkout() {
	pay := s.open(s.shops[2])
	if pay == nil {
		return
	}
	if !s.fair && s.mishap(25, "declined") {
		pay.refusals = 1 + s.pick(2, "times declined")
	}
	s.after(s.lately(5*time.Minute, "agrees after"), func() { pay.agree() })
}

func (p *pay) agree() {
	if p.taken != "" || p.holding != "" || !p.lapsed.IsZero() {
		return
	}
	p.approved, p.agreed = true, p.now
	p.note("the buyer agrees to %s", p.ref)
	p.tell()
	if p.mishap(70, "comes back") {
		p.returns()
	}
}

func (p *pay) returns() {
	p.keep(-1, purchase.Fact{Purchase: p.key, Kind: purchase.Returned, Standing: purchase.Heard, Account: p.name, Payment: p.ref, At: p.now})
}

// checkoutCards goes to the cards through our redirect leg, where not everybody pays.
func (s *sale) checkoutCards() {
	if pay := s.open(s.shops[1]); pay != nil && len(pay.objects) == 0 && !s.mishap(30, "turns away") {
		s.after(s.lately(5*time.Minute, "pays after"), func() { pay.takeMoney("-capture", pay.money) })
	}
}

// checkoutHold goes to the shop where the money is reserved first, by the buyer's yes or by our call after it. Not everybody pays, and
// some are reserved for nothing.
func (s *sale) checkoutHold() {
	pay := s.open(s.shops[3])
	if pay == nil || len(pay.objects) > 0 || (!s.fair && s.mishap(20, "turns away")) {
		return
	}
	s.unwilling(pay)
	s.after(s.lately(5*time.Minute, "pays after"), func() {
		if pay.wallet {
			pay.agree()
			return
		}
		pay.reserve(pay.money)
	})
}

// holdButton is the organiser's own page at that shop, with its own idea of the price.
func (s *sale) holdButton() {
	pay, money := s.shops[3].start(euros45), euros45
	if s.mishap(30, "wrong price") {
		money.Minor -= 100
	}
	s.unwilling(pay)
	pay.reserve(money)
}

// unwilling makes a shop turn down captures and voids for a while, or for good.
func (s *sale) unwilling(pay *pay) {
	if !s.fair && s.mishap(15, "turns down what is asked of it") {
		pay.refusals = 1 + s.pick(5, "how often")
	}
}

// takeMoney is the shop taking the money by itself: at once, or pending first and perhaps never.
func (p *pay) takeMoney(id string, money purchase.Money) {
	if !p.lapsed.IsZero() {
		return
	}
	if p.fair || !p.mishap(30, "pending") {
		p.move(p.ref+id, purchase.Captured, money)
		return
	}
	p.move(p.ref+id, purchase.Pending, money)
	end := purchase.Captured
	if p.mishap(30, "fails") {
		end = purchase.Failed
	}
	p.after(p.lately([]time.Duration{time.Hour, 72 * time.Hour}[p.pick(2, "how long")], "pending for"), func() { p.move(p.ref+id, end, money) })
}

func (s *sale) payCards()   { s.shops[1].start(euros45).takeMoney("-capture", euros45) }
func (s *sale) payBank()    { s.shops[0].start(euros45).takeMoney("-transfer", euros45) }
func (s *sale) payWrong()   { s.payOdd(purchase.Money{Minor: 4400, Currency: "EUR"}) }
func (s *sale) payForeign() { s.payOdd(purchase.Money{Minor: 4500, Currency: "USD"}) }

func (s *sale) payOdd(m purchase.Money) { s.shops[1].start(m).takeMoney("-capture", m) }

// authorise reserves the money first; it is taken or given up later.
func (s *sale) authorise() {
	pay := s.shops[1].start(euros45)
	pay.move(pay.ref+"-authorisation", purchase.Authorised, euros45)
	s.after(s.lately(2*time.Hour, "authorised for"), func() {
		if s.mishap(30, "given up") {
			pay.move(pay.ref+"-authorisation", purchase.Failed, euros45)
			return
		}
		pay.move(pay.ref+"-capture", purchase.Captured, euros45)
	})
}

// any picks a payment that satisfies; nil if there is none.
func (s *sale) any(is func(*pay) bool) *pay {
	var some []*pay
	for _, shop := range s.shops {
		for _, p := range shop.pays {
			if is(p) {
				some = append(some, p)
			}
		}
	}
	if len(some) == 0 {
		return nil
	}
	return some[s.pick(len(some), "which payment")]
}

func (s *sale) giveBack() { s.back(purchase.Refunded) }
func (s *sale) reverse()  { s.back(purchase.Reversed) }

func (s *sale) back(kind purchase.Kind) {
	p := s.any(func(p *pay) bool { return p.held().Minor > 0 })
	if p == nil {
		return
	}
	money := p.held()
	if s.mishap(30, "a part") {
		money.Minor /= 2
	}
	p.move(p.ref+"-back-"+string(rune('0'+len(p.objects))), kind, money)
}

// lie is a message about a payment that never was, or that says more than is true.
func (s *sale) lie() {
	shop := s.shops[1+s.pick(2, "whose name")]
	f := purchase.Fact{Account: shop.name, Payment: shop.name + "-lie", Object: shop.name + "-lie", Standing: purchase.Heard, Kind: purchase.Captured,
		Money: euros45, At: s.now, Purchase: purchase.Key{ID: s.key.ID}}
	if p := s.any(func(p *pay) bool { return p.shop == shop }); p != nil {
		f.Payment, f.Object = p.ref, p.ref+"-lie"
	}
	shop.deliver([]purchase.Fact{f})
}

// stray is money whose messages do not name the purchase; the shop's record may.
func (s *sale) stray() {
	p := s.shops[1].start(euros45)
	p.telling, p.named = false, s.pick(2, "the record names it") == 0
	p.takeMoney("-capture", euros45)
}

// accept is a person who accepts the difference that is on the desk.
func (s *sale) accept() {
	l := s.ledger(s.key)
	p := s.fold(s.key, l.facts, s.policy)
	if p.Desk == purchase.CauseNone || p.Offer == nil {
		return
	}
	held, _ := holdingsOf(l.facts)
	s.oracle.accepted = &acceptance{held, p.Offer.Money}
	s.keep(-1, purchase.Fact{Purchase: s.key, Kind: purchase.Accepted, Standing: purchase.Decided, At: s.now, Detail: purchase.Detail{Basis: p.Matter()}})
}

// tie is a person who found out which purchase an orphan pays.
func (s *sale) tie() {
	for _, l := range s.ledgers {
		p := s.fold(l.key, l.facts, s.policy)
		if !l.key.Orphaned() || p.Desk != purchase.CauseOrphan {
			continue
		}
		pay := s.shops[1].find(p.Payments[0].Ref)
		pay.named = true
		s.keep(-1, purchase.Fact{Purchase: l.key, Kind: purchase.Tied, Standing: purchase.Decided, At: s.now, Detail: purchase.Detail{Reason: s.key.ID}})
		pay.deliver(pay.facts(purchase.Proved))
	}
}

func (s *sale) reprice() { s.dynamics.price = purchase.Money{Minor: 4400, Currency: "EUR"} }

func (s *sale) otherEvent() {
	p := s.shops[1].start(euros45)
	p.event = "Concert"
	p.takeMoney("-capture", euros45)
}

// contradict is the bank proving another amount than before of the same transfer.
func (s *sale) contradict() {
	p := s.any(func(p *pay) bool { return p.name == "bank" && p.held().Minor > 0 })
	if p != nil {
		p.objects[0].money.Minor += 100
		p.deliver(p.facts(purchase.Proved))
	}
}

func (s *sale) comeBack() {
	if p := s.any(func(p *pay) bool { return p.opened && p.held().Minor == 0 }); p != nil {
		p.returns()
		if s.mishap(30, "agrees again") && p.wallet {
			p.agree()
		}
	}
}

// lapse ends a session that nobody paid.
func (s *sale) lapse() {
	if p := s.any(func(p *pay) bool { return !p.billed && p.taken == "" && p.holding == "" && len(p.objects) == 0 }); p != nil {
		p.lapsed = s.now
		p.tell()
	}
}
