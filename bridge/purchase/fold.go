package purchase

import (
	"cmp"
	"slices"
	"time"
)

// A Purchase is what all facts of one key amount to. It is a pure function of the set of facts: order and repeats cannot matter.
type Purchase struct {
	Key       Key
	Reference Reference // the best known ReadableEventId and UserId, see foldReference
	Arrived   time.Time // the buyer's first sight at our redirect leg
	arrivedAt string    // the account of that leg
	FirstSeen time.Time // of any fact, on our clock
	Payments  []Payment // by account and reference

	Offer    *Fact // the latest Offered
	Absences int   // how often in a row, up to now, Dynamics knew no such purchase or gave no price
	Deadline Deadline

	Finalizes []Attempt
	Releases  []Attempt // of the seat, before Dynamics would let go of it
	Open      *Attempt  // the one intent without an outcome
	readBack  readBack  // after the last finalize that may have worked, or without any
	seated    bool
	SeatedAt  time.Time

	retried    int64   // number of the latest decision that everything be looked at again
	askOrdered int64   // number of the latest decision to ask the providers
	word       int64   // number of the latest word of a person on what Dynamics shows
	noSeats    int64   // number of the latest such word that there are none
	restores   []*Fact // of the store, that may have forgotten something of this
	closed     bool
	freedFrom  time.Time // when a person ordered the seat to be given free; zero if none did, or no longer

	AcceptedOf   string // the Matter that a person accepted
	Desk         Cause  // why it is on the desk; "" if it is not, or no longer for what is known now
	HandedAt     time.Time
	AbandonedOn  string // the basis it was given up on
	TiedTo       string
	Numbers      int64 // the highest number given
	claimedEvent string
	learnedAt    time.Time // when the first captured money was proved to us
	learnedBy    Source

	policy Policy
	shut   []string // accounts that cannot be asked just now; the plan's, never the fold's
}

// A Deadline is the instant after which Dynamics will not register, and what that knowledge rests on.
type Deadline struct {
	At      time.Time      `json:"at"`
	Source  DeadlineSource `json:"source"`
	Certain bool           `json:"certain"`
}

// DeadlineSource names what a deadline was counted from.
type DeadlineSource string

// The sources of a deadline, surest first.
const (
	FromDynamics  DeadlineSource = "dynamics"
	FromArrival   DeadlineSource = "arrival"
	FromProvider  DeadlineSource = "provider"
	FromFirstSeen DeadlineSource = "first_seen"
)

// Fold makes the purchase from its facts, under the environment's policy.
func Fold(key Key, kept []Fact, policy Policy) Purchase {
	facts := distinct(kept)
	p := Purchase{Key: key, policy: policy, Payments: foldPayments(facts), Finalizes: foldAttempts(facts, StepFinalize),
		Releases: foldAttempts(facts, StepRelease)}
	for i := range facts {
		p.note(facts[i])
	}
	p.noteLatest(facts)
	p.foldRestores(facts)
	p.Reference = foldReference(facts, p.Offer)
	p.claimedEvent = claimed(facts)
	p.Deadline = p.foldDeadline(facts)
	p.foldSeats(facts)
	p.foldDesk(facts)
	return p
}

// distinct drops repeats and keeps, of each fact, the earliest time it was seen. The result is in the order of the ids.
func distinct(kept []Fact) []*Fact {
	facts := make([]*Fact, len(kept))
	for i := range kept {
		facts[i] = &kept[i]
	}
	slices.SortFunc(facts, func(a, b *Fact) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), a.Seen.Compare(b.Seen), cmp.Compare(a.Source, b.Source))
	})
	return slices.CompactFunc(facts, func(a, b *Fact) bool { return a.ID == b.ID })
}

func (p *Purchase) note(f *Fact) {
	p.Numbers = max(p.Numbers, f.Number)
	if p.FirstSeen.IsZero() || f.Seen.Before(p.FirstSeen) {
		p.FirstSeen = f.Seen
	}
	switch f.Kind {
	case Captured:
		if f.proof() && (p.learnedAt.IsZero() || f.Seen.Before(p.learnedAt)) {
			p.learnedAt, p.learnedBy = f.Seen, f.Source
		}
	case Arrived:
		if p.Arrived.IsZero() || f.At.Before(p.Arrived) {
			p.Arrived, p.arrivedAt = f.At, f.Account
		}
	case Offered:
		if p.Offer == nil || f.Number > p.Offer.Number {
			p.Offer = f
		}
	case Tied:
		p.TiedTo = max(p.TiedTo, f.Detail.Reason)
	case Retried:
		p.retried = max(p.retried, f.Number)
	case AskOrdered:
		p.askOrdered = max(p.askOrdered, f.Number)
	case ReadBack:
		p.noteWord(f)
	}
}

// noteWord: what a person says that Dynamics shows makes everything be judged anew.
func (p *Purchase) noteWord(f *Fact) {
	if f.Standing != Decided {
		return
	}
	p.word, p.retried = max(p.word, f.Number), max(p.retried, f.Number)
	if f.Detail.Seats == SeatsNone {
		p.noSeats = max(p.noSeats, f.Number)
	}
}

// noteLatest finds the open intent and counts the absences since Dynamics last gave a price.
func (p *Purchase) noteLatest(facts []*Fact) {
	attempts := slices.Concat(p.Finalizes, p.Releases)
	for _, pay := range p.Payments {
		attempts = append(attempts, pay.Attempts()...)
	}
	for _, a := range attempts {
		if !a.Concluded && (p.Open == nil || a.Number > p.Open.Number) {
			p.Open = &a
		}
	}
	var priced int64
	for _, f := range facts {
		if f.Kind == Offered && f.Money.Known() {
			priced = max(priced, f.Number)
		}
	}
	for _, f := range facts {
		if f.Kind == Offered && f.Number > max(priced, p.retried) {
			p.Absences++
		}
	}
}

// foldReference picks the event and the contact: what Dynamics says, else what came under our seal, else what the payment carried,
// else what the buyer's address said. A contact that neither Dynamics nor a seal confirms is not used.
func foldReference(facts []*Fact, offer *Fact) Reference {
	var ref Reference
	for _, from := range []func(f *Fact) bool{
		func(f *Fact) bool { return offer != nil && f.ID == offer.ID },
		func(f *Fact) bool { return f.Detail.Sealed },
		func(f *Fact) bool { return f.Payment != "" },
		func(f *Fact) bool { return f.Kind == Arrived },
	} {
		var event, user string
		for _, f := range facts {
			if !from(f) {
				continue
			}
			event = max(event, f.Detail.Event)
			if f.Detail.Sealed || f.Kind == Offered {
				user = max(user, f.Detail.User)
			}
		}
		ref.Event, ref.User = cmp.Or(ref.Event, event), cmp.Or(ref.User, user)
	}
	return ref
}

// claimed is the event that the payments themselves name, proved or under our seal.
func claimed(facts []*Fact) string {
	event := ""
	for _, f := range facts {
		if f.Payment != "" && (f.Standing == Proved || f.Detail.Sealed) {
			event = max(event, f.Detail.Event)
		}
	}
	return event
}

// foldDeadline counts from the surest birth known. All but Dynamics' own creation time are later than the truth, so a margin is
// taken off and the result is not certain.
func (p *Purchase) foldDeadline(facts []*Fact) Deadline {
	var created, provider time.Time
	for _, f := range facts {
		if f.Kind == Offered {
			created = earlier(created, f.Detail.Created)
		}
		if f.Payment != "" && f.Standing == Proved {
			provider = earlier(provider, f.At)
		}
	}
	switch {
	case !created.IsZero():
		return Deadline{At: earlier(created, p.FirstSeen).Add(p.policy.Window), Source: FromDynamics, Certain: true}
	case !p.Arrived.IsZero():
		return p.presumed(earlier(p.Arrived, p.FirstSeen), FromArrival)
	case !provider.IsZero():
		return p.presumed(earlier(provider, p.FirstSeen), FromProvider)
	default:
		return p.presumed(p.FirstSeen, FromFirstSeen)
	}
}

func (p *Purchase) presumed(birth time.Time, source DeadlineSource) Deadline {
	return Deadline{At: birth.Add(p.policy.Window - p.policy.Margin), Source: source}
}

// earlier returns the earlier of two times, ignoring zero ones.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// foldSeats says whether the seats exist: a confirmed finalize, or any read-back that shows them all, since a person last said that there
// are none.
func (p *Purchase) foldSeats(facts []*Fact) {
	for _, a := range p.Finalizes {
		if a.Result == Confirmed && a.Number > p.noSeats {
			p.seat(a.At)
		}
	}
	for _, f := range facts {
		if f.Kind == ReadBack && f.Detail.Seats == SeatsAll && f.Number > p.noSeats {
			p.seat(f.At)
		}
	}
	p.suppose()
	asked := int64(0)
	if a := p.doubtful(); a != nil {
		asked = a.Number
	}
	p.readBack = foldReadBacks(facts, asked, p.word)
}

func (p *Purchase) seat(at time.Time) {
	if !p.seated || at.Before(p.SeatedAt) {
		p.SeatedAt = at
	}
	p.seated = true
}

// Registered tells whether every attendee has a seat.
func (p Purchase) Registered() bool { return p.seated }

// doubtful is the last finalize that may have worked; nil if none.
func (p *Purchase) doubtful() *Attempt {
	for i := len(p.Finalizes) - 1; i >= 0; i-- {
		if p.Finalizes[i].MayHaveWorked() {
			return &p.Finalizes[i]
		}
	}
	return nil
}

// Unsettled is the finalize whose effect nobody knows, or nil. It is settled by a seat, or by a read-back of none at least Quiet
// after the last instant it can have been sent. A later refusal settles nothing.
func (p Purchase) Unsettled() *Attempt {
	a := p.doubtful()
	if a == nil || p.seated {
		return nil
	}
	if p.readBack.seats == SeatsNone && !p.readBack.at.Before(a.SendBefore.Add(p.policy.Quiet)) {
		return nil
	}
	return a
}

func (p *Purchase) foldDesk(facts []*Fact) {
	last := map[Kind]*Fact{Handed: {}, Abandoned: {}, Accepted: {}, Closed: {}, ReleaseOrdered: {}}
	for _, f := range facts {
		if have, ok := last[f.Kind]; ok && f.Number > have.Number {
			last[f.Kind] = f
		}
	}
	p.AbandonedOn, p.AcceptedOf, p.HandedAt = last[Abandoned].Detail.Basis, last[Accepted].Detail.Basis, last[Handed].At
	sight := p.Sight()
	orders, attempts := p.refundNews()
	p.closed = last[Closed].Number > max(orders, attempts) && last[Closed].Detail.Basis == sight
	none := p.readBack.seats == SeatsNone || p.readBack.seats == SeatsUnsaid // to look for seats before one is given free takes nothing away
	if order := last[ReleaseOrdered]; order.Number > 0 && (order.Detail.Basis == sight || none && order.Detail.Basis == p.sightOf(seatsUnasked)) {
		p.freedFrom = order.At
	}
	if handed := last[Handed]; handed.Number > 0 && handed.Detail.Basis == sight && !p.closed && (handed.Detail.Cause != CauseRefundFailed || handed.Number > attempts) {
		p.Desk = handed.Detail.Cause
	}
}
