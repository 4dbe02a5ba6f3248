package purchase_test

import (
	"errors"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// dynamics is one temporary registration and what Dynamics makes of it. It never de-duplicates: a second finalize doubles the seats.
type dynamics struct {
	*sale
	created   time.Time
	visible   time.Time // a fresh purchase may be invisible for a while
	price     purchase.Money
	event     string
	attendees int
	seats     int // registrations made
	released  bool
	shown     int // of those, how many a read-back shows
	dated     bool
	able      bool // it can be read back
	acks      bool // real-time: 204 without a word
	lag       time.Duration
	partial   bool // it registers the first attendee only
	muddled   bool // prices come without a currency for a while
	away      []span
	cancelled bool
	doubts    int // how many more calls may end in doubt
}

func newDynamics(s *sale) *dynamics {
	d := &dynamics{sale: s, created: s.now, visible: s.now, price: euros45, event: "Conference", attendees: 1 + s.pick(2, "attendees"),
		dated: s.pick(2, "dated") == 0, able: true, acks: s.pick(2, "acks") == 1, away: s.outages("dynamics away"), doubts: 3}
	if s.mishap(20, "invisible") {
		d.visible = s.now.Add(s.lately(3*time.Minute, "until"))
	}
	d.lag = s.lately(time.Minute, "lag")
	switch {
	case s.fair:
		d.doubts = 1
	case !d.acks && s.mishap(30, "cannot be read back"):
		d.able = false
	case s.mishap(8, "partial"):
		d.partial = true
	case s.mishap(8, "muddled"):
		d.muddled = true
		s.after(s.lately(time.Hour, "muddled until"), func() { d.muddled = false })
	}
	return d
}

var errAway = errors.New("not to be reached")

func (d *dynamics) offer() (purchase.Offer, error) {
	switch {
	case d.within(d.away):
		return purchase.Offer{}, errAway
	case d.now.Before(d.visible):
		return purchase.Offer{}, purchase.ErrNoPurchase
	case d.muddled:
		return purchase.Offer{}, purchase.ErrNoPrice
	}
	o := purchase.Offer{Money: d.price, Event: d.event, Attendees: d.attendees}
	if d.dated {
		o.Created = d.created
	}
	if d.acks {
		o.Seats = d.standing()
	}
	return o, nil
}

func (d *dynamics) standing() purchase.Seats {
	switch {
	case d.shown == 0:
		return purchase.SeatsNone
	case d.shown < d.attendees:
		return purchase.SeatsSome
	}
	return purchase.SeatsAll
}

func (d *dynamics) readBack() (purchase.Seats, error) {
	switch {
	case d.within(d.away):
		return "", errAway
	case !d.able:
		return purchase.SeatsUnsaid, nil
	}
	return d.standing(), nil
}

// register makes the seats; a read-back shows them a little later.
func (d *dynamics) register() {
	d.oracle.expect(lawRelease, !d.released, "seats are made that were given free")
	n := d.attendees
	if d.partial {
		n = 1
	}
	d.seats += n
	d.note("dynamics makes %d seats", n)
	d.after(d.lag, func() { d.shown += n })
}

// finalize is one call: it can work or not, and answer or not, in every combination.
func (d *dynamics) finalize(sendBefore time.Time) purchase.Outcome {
	outcome := func(r purchase.Result, reason string) purchase.Outcome {
		d.note("finalize: %s, %s", r, reason)
		return purchase.Outcome{Result: r, Reason: reason}
	}
	switch {
	case !d.slow && !d.now.Before(sendBefore):
		return outcome(purchase.Unsent, "too late to send")
	case d.within(d.away):
		return outcome(purchase.Unsent, "no connection")
	case !d.now.Before(d.created.Add(d.policy.Window)):
		return outcome(purchase.Refused, "expired")
	case d.released && d.pick(2, "finalize after release") == 0:
		return outcome(purchase.Refused, "not active")
	case d.seats > 0 && d.pick(2, "second finalize") == 1:
		return outcome(purchase.Refused, "already registered")
	case !d.mishap(4*d.woe(), "finalize goes wrong"):
		d.register()
		return outcome(d.answer(), "done")
	}
	return d.goesWrong(outcome)
}

func (d *dynamics) answer() purchase.Result {
	if d.acks {
		return purchase.Acknowledged
	}
	return purchase.Confirmed
}

func (d *dynamics) goesWrong(outcome func(purchase.Result, string) purchase.Outcome) purchase.Outcome {
	kind := d.pick(6, "how finalize goes wrong")
	if d.doubts == 0 && kind > 0 && kind < 5 {
		kind = 0
	}
	if kind > 0 && kind < 5 {
		d.doubts--
	}
	switch kind {
	case 1:
		d.register()
		return outcome(purchase.Unknown, "done, answer lost")
	case 2:
		return outcome(purchase.Unknown, "request lost")
	case 3:
		d.after(time.Second+d.lately(2*time.Minute, "works on"), d.register)
		return outcome(purchase.Unknown, "done later, answer lost")
	case 4:
		if d.acks {
			return outcome(purchase.Acknowledged, "not done")
		}
	case 5:
		if !d.fair {
			return outcome(purchase.Refused, "refused")
		}
	}
	return outcome(purchase.Unsent, "throttled")
}
