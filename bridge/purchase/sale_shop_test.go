package purchase_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A shop is one merchant account with memory. The wallet takes money only when we capture; the cards take it themselves; what the
// bank says is signed in full and therefore proof; at the hold money is reserved, by the buyer's yes alone or only when we say so, and we
// take it or give it back.
type shop struct {
	*sale
	name string
	pays []*pay
	away []span
}

// A pay is one payment as the shop knows it.
type pay struct {
	*shop
	ref       string
	named     bool   // the shop's record names the purchase
	telling   bool   // its messages do too
	event     string // what its record says was sold
	money     purchase.Money
	opened    bool // by us
	told      bool // the bridge knows of it
	approved  bool
	lapsed    time.Time
	agreed    time.Time
	objects   []*object
	wallet    bool               // the buyer's yes moves nothing: we take the money, or reserve it
	holding   string             // the key of the call of ours that reserved the money
	taken     string             // the key of the capture that worked
	refusals  int                // calls of ours to turn down before one works
	endable   bool               // the session can be ended by us
	backs     map[string]*object // refunds of ours, by their keys
	billed    bool               // it is an invoice
	cancelled bool               // which a person cancelled
}

// An object is a capture or a refund.
type object struct {
	id      string
	kind    purchase.Kind
	money   purchase.Money
	at      time.Time
	version int64
}

func newShop(s *sale, name string) *shop {
	return &shop{sale: s, name: name, away: s.outages(name + " away")}
}

func (s *shop) start(money purchase.Money) *pay {
	p := &pay{shop: s, ref: fmt.Sprintf("%s-%d", s.name, len(s.pays)+1), named: true, telling: true, money: money}
	s.pays = append(s.pays, p)
	return p
}

func (s *shop) find(ref string) *pay {
	for _, p := range s.pays {
		if p.ref == ref {
			return p
		}
	}
	return nil
}

// reserve reserves the money; the payer's bank lets go of it by itself after some weeks.
func (p *pay) reserve(money purchase.Money) {
	if !p.lapsed.IsZero() || len(p.objects) > 0 {
		return
	}
	p.money = money
	p.move(p.ref+"-hold", purchase.Authorised, money)
	p.after(20*24*time.Hour, func() {
		if p.reserved() {
			p.oracle.letGo(p)
			p.move(p.ref+"-hold", purchase.Failed, money)
		}
	})
}

// reserved tells whether the payer misses the money and nobody has it.
func (p *pay) reserved() bool {
	return p.name == "hold" && p.taken == "" && len(p.objects) > 0 && p.objects[0].kind == purchase.Authorised
}

// move adds an object or moves one on, and tells of it.
func (p *pay) move(id string, kind purchase.Kind, money purchase.Money) {
	p.note("%s: %s %s %s", p.ref, id, kind, money)
	for _, o := range p.objects {
		if o.id == id {
			o.kind, o.money, o.at = kind, money, p.now
			if o.version > 0 {
				o.version++
			}
			p.tell()
			return
		}
	}
	o := &object{id: id, kind: kind, money: money, at: p.now}
	if kind == purchase.Refunded {
		o.version = 1
	}
	p.objects = append(p.objects, o)
	p.tell()
}

// facts is what the shop shows now.
func (p *pay) facts(standing purchase.Standing) []purchase.Fact {
	base := purchase.Fact{Account: p.name, Payment: p.ref, Standing: standing, Detail: purchase.Detail{Event: p.event}}
	if p.named && (p.telling || standing == purchase.Proved) {
		base.Purchase.ID = p.key.ID
	}
	var facts []purchase.Fact
	if p.approved && len(p.objects) == 0 {
		f := base
		f.Kind, f.Money, f.At, f.Detail.Capturable = purchase.Approved, p.money, p.agreed, true
		facts = append(facts, f)
	}
	for _, o := range p.objects {
		f := base
		f.Kind, f.Object, f.Money, f.At, f.Version = o.kind, o.id, o.money, o.at, o.version
		facts = append(facts, f)
	}
	if !p.lapsed.IsZero() {
		f := base
		f.Kind, f.At = purchase.Lapsed, p.lapsed
		facts = append(facts, f)
	}
	return facts
}

// tell sends what the shop shows now: at once, late, twice, and not at all where the bridge knows of the payment and can ask.
func (p *pay) tell() {
	standing := purchase.Heard
	if p.name == "bank" {
		standing = purchase.Proved
	}
	if p.name == bills { // a person sees it on the bank account
		p.deliver(p.facts(purchase.Decided))
		return
	}
	facts := p.facts(standing)
	deliver := func() {
		p.told = true
		p.deliver(facts)
	}
	quiet := p.moving() && (p.told || p.opened) && p.belongs[[2]string{p.name, p.ref}] == p.key
	if quiet && p.mishap(25, "message lost") {
		return
	}
	p.after(p.lately(8*time.Minute, "message late"), deliver)
	if p.mishap(25, "message repeated") {
		p.after(p.lately(3*time.Hour, "repeated after"), deliver)
	}
}

// moving: no money went back yet, not even in vain, so the bridge still watches.
func (p *pay) moving() bool {
	for _, o := range p.objects {
		if o.kind == purchase.Refunded || o.kind == purchase.Reversed || o.version > 0 {
			return false
		}
	}
	return true
}

// deliver addresses facts and keeps them: proof knows its purchase, hearsay follows what is known of the payment.
func (s *shop) deliver(facts []purchase.Fact) { s.sale.keep(-1, s.address(facts)...) }

func (s *shop) address(facts []purchase.Fact) []purchase.Fact {
	out := make([]purchase.Fact, 0, len(facts))
	for _, f := range facts {
		known, found := s.belongs[[2]string{s.name, f.Payment}]
		named := purchase.Key{Environment: s.key.Environment, ID: f.Purchase.ID}
		switch {
		case named.ID != "" && (f.Standing == purchase.Proved || !found || known.Orphaned()):
			f.Purchase = named
		case found:
			f.Purchase = known
		default:
			f.Purchase = purchase.Orphan(s.key.Environment, s.name, f.Payment)
		}
		out = append(out, f)
	}
	return out
}

var (
	errNoPayment = errors.New("no such payment")
	errDeclined  = errors.New("declined")
)

func (s *shop) ask(ref string) ([]purchase.Fact, error) {
	if s.within(s.away) {
		return nil, errAway
	}
	p := s.find(ref)
	if p == nil {
		return nil, errNoPayment
	}
	return p.facts(purchase.Proved), nil
}

// void ends a session that nobody has paid, or gives back what is reserved; like every call it can work and not answer.
func (s *shop) void(ref string) ([]purchase.Fact, error) {
	p := s.find(ref)
	wrong := 0
	if s.mishap(3*s.woe(), "void goes wrong") {
		wrong = 1 + s.pick(2, "how void goes wrong")
	}
	switch {
	case s.within(s.away) || wrong == 1:
		return nil, errAway
	case p.refusals > 0 && p.reserved():
		p.refusals--
		return p.facts(purchase.Proved), errDeclined
	case len(p.objects) > 0 && !p.reserved():
		return p.facts(purchase.Proved), errDeclined
	}
	s.oracle.voided(p)
	if p.reserved() {
		p.move(p.ref+"-hold", purchase.Failed, p.money)
	}
	if p.lapsed.IsZero() {
		p.lapsed = s.now
	}
	if wrong == 2 {
		return nil, errAway
	}
	return p.facts(purchase.Proved), nil
}

// capture is idempotent by its key.
func (s *shop) capture(ref, key string) ([]purchase.Fact, error) {
	p := s.find(ref)
	switch {
	case s.within(s.away):
		return nil, errAway
	case p.taken != "":
		s.oracle.captured(p, key)
		return p.facts(purchase.Proved), nil
	case !p.approved && !p.reserved() || !p.lapsed.IsZero() || p.refusals > 0:
		return p.declines()
	}
	take := func() { p.move(ref+"-capture", purchase.Captured, p.money) }
	if s.name == "hold" && s.mishap(s.woe(), "capture is slow") {
		take = p.slowly
	}
	return p.works("capture", func() {
		p.taken = key
		s.oracle.captured(p, key)
	}, take)
}

// slowly: the provider works on a capture for long, and perhaps in vain.
func (p *pay) slowly() {
	id, end := p.ref+"-capture", purchase.Captured
	if !p.fair && p.mishap(40, "in vain") {
		end = purchase.Failed
	}
	p.move(id, purchase.Pending, p.money)
	p.after(p.lately(72*time.Hour, "works on"), func() { p.move(id, end, p.money) })
}

// hold reserves what the buyer agreed to. It is idempotent by its key.
func (s *shop) hold(ref, key string) ([]purchase.Fact, error) {
	p := s.find(ref)
	switch {
	case s.within(s.away):
		return nil, errAway
	case p.holding != "":
		s.oracle.reservedByUs(p, key)
		return p.facts(purchase.Proved), nil
	case !p.wallet || !p.approved || !p.lapsed.IsZero() || p.refusals > 0:
		return p.declines()
	}
	return p.works("reserve", func() {
		p.holding = key
		s.oracle.reservedByUs(p, key)
	}, func() { p.reserve(p.money) })
}

// refund is idempotent by its key, but at the bank, which knows no keys: what it cannot decide it turns down.
func (s *shop) refund(ref string, money purchase.Money, key string) ([]purchase.Fact, error) {
	p := s.find(ref)
	known, again := p.backs[key]
	switch {
	case s.within(s.away):
		return nil, errAway
	case again && s.name == "bank":
		return p.facts(purchase.Proved), errDeclined
	case again && known != nil:
		return p.facts(purchase.Proved), nil
	case money.Currency != p.held().Currency || money.Minor > p.held().Minor || p.refusals > 0:
		p.refusals--
		return p.facts(purchase.Proved), errDeclined
	}
	id := fmt.Sprintf("%s-refund-%d", ref, len(p.backs)+1)
	show := func() { p.move(id, purchase.Refunded, money) }
	if p.backs == nil {
		p.backs = map[string]*object{}
	}
	if s.name == "bank" {
		p.backs[key] = nil // it was asked
	}
	facts, err := p.works("refund", func() {
		s.oracle.sentBack(p, money)
		s.oracle.carriedOut(id)
		p.backs[key] = &object{id: id}
	}, show)
	if !s.fair && s.mishap(10, "refund fails later") {
		s.after(s.lately(72*time.Hour, "fails after"), func() { p.fails(id) })
	}
	return facts, err
}

// fails is a refund that the payer's bank did not take: the money is here again.
func (p *pay) fails(id string) {
	for _, o := range p.objects {
		if o.id == id && o.kind == purchase.Refunded {
			p.move(id, purchase.Failed, o.money)
		}
	}
}

func (p *pay) declines() ([]purchase.Fact, error) {
	p.refusals--
	failed := purchase.Fact{Purchase: p.key, Account: p.name, Payment: p.ref, Standing: purchase.Proved, Kind: purchase.Failed, At: p.now}
	return []purchase.Fact{failed}, errDeclined
}

// works carries a call out; like every call it can work and not answer.
func (p *pay) works(what string, begin, take func()) ([]purchase.Fact, error) {
	s, wrong := p.shop, 0
	if s.mishap(3*s.woe(), what+" goes wrong") {
		wrong = s.pick(5, "how "+what+" goes wrong")
	}
	if wrong == 1 {
		return nil, errAway
	}
	begin()
	switch wrong {
	case 2: // it works on, and shows nothing yet
		s.after(time.Second+s.lately(time.Minute, "works on"), take)
		return nil, errAway
	case 3:
		take()
		return nil, errAway
	case 4: // the answer says yes and shows nothing
		s.after(s.lately(time.Minute, "works on"), take)
		return nil, nil
	}
	take()
	return p.facts(purchase.Proved), nil
}
