package purchase

import (
	"cmp"
	"slices"
	"time"
)

// A store that was put back from a backup has forgotten what was done since: a finalize that made seats, a refund, a capture. The fact
// Restored says so, and these are its effects: a finalize that nobody knows of is supposed, and no money moves on what was known before.

// foldRestores finds the restores that may have forgotten something of this purchase: not those from before Dynamics says that it made it.
// Providers are asked about every payment again.
func (p *Purchase) foldRestores(facts []*Fact) {
	var created time.Time
	for _, f := range facts {
		if f.Kind == Offered {
			created = earlier(created, f.Detail.Created)
		}
	}
	for _, f := range facts {
		if f.Kind == Restored && !created.After(f.At.Add(p.policy.Margin)) {
			p.restores = append(p.restores, f)
			p.askOrdered = max(p.askOrdered, f.Number)
		}
	}
	slices.SortFunc(p.restores, func(a, b *Fact) int { return cmp.Compare(a.Number, b.Number) })
}

// suppose adds to the finalizes one for each restore: it may have been made, its outcome is unknown, and it left before the store was put
// back. That matters only where there is money for a seat, or was until then, and no seat is known.
func (p *Purchase) suppose() {
	if r := p.restored(); r == nil || p.seated || p.Key.Orphaned() || !p.funded() && !p.lostSince(r.At) {
		return
	}
	for _, f := range p.restores {
		p.Finalizes = append(p.Finalizes, Attempt{Number: f.Number, Key: f.ID, Step: StepFinalize, SendBefore: f.At, Concluded: true, Result: Unknown,
			Reason: "store_restored", At: f.At, told: f.Number, supposed: true})
	}
	slices.SortStableFunc(p.Finalizes, func(a, b Attempt) int { return cmp.Compare(a.Number, b.Number) })
}

// lostSince tells whether we learned since an instant of money for a seat that is not there any more: taken and sent back, or reserved.
func (p *Purchase) lostSince(at time.Time) bool {
	return p.anyPayment(func(pay Payment) bool {
		back := slices.ContainsFunc(pay.moved, func(f *Fact) bool { return f.Kind != Captured && f.Seen.After(at) })
		return back || p.policy.SeatFirst(pay.Account) && pay.heldAt.After(at)
	})
}

// lastMade is the last finalize that was made for certain; nil if there is none.
func (p *Purchase) lastMade() *Attempt {
	for i := len(p.Finalizes) - 1; i >= 0; i-- {
		if !p.Finalizes[i].supposed {
			return &p.Finalizes[i]
		}
	}
	return nil
}

// restored is the latest restore, nil if there was none.
func (p Purchase) restored() *Fact {
	if len(p.restores) == 0 {
		return nil
	}
	return p.restores[len(p.restores)-1]
}

// forgot tells whether a call may have been made after the last that is known: what the provider works on is then not ours to begin.
func (p Purchase) forgot(last *Attempt) bool {
	r := p.restored()
	return r != nil && (last == nil || last.Number < r.Number)
}

// askFirst lets nothing move money, and nobody be registered for it, on what was known of the payments before the store was put back: the
// providers are asked first, and about what is called again only when a call from before would show.
func (p Purchase) askFirst(next Next, now time.Time) Next {
	r := p.restored()
	if r == nil || !slices.Contains([]Step{StepFinalize, StepReserve, StepCapture, StepVoid, StepRefund}, next.Step) {
		return next
	}
	for _, pay := range p.Payments {
		shows := time.Time{}
		if next.about(pay) {
			shows = p.shows(r, next)
		}
		stale := pay.asked < r.Number || pay.LastAsked.Before(shows)
		switch {
		case !stale:
		case p.askable(pay.Account) && slices.Contains(p.shut, pay.Account):
			return p.waitToAsk(next, now, now.Add(time.Minute))
		case now.Before(shows):
			return p.waitToAsk(next, now, shows)
		case p.askable(pay.Account):
			return pay.ask()
		case next.about(pay) && next.Attempt < r.Number && p.retried < r.Number: // no person has looked since
			return p.handOver(failures[next.Step], time.Time{})
		}
	}
	return next
}

// shows is when a call like the step, from before the restore, has its effect and can be seen. What a person ordered since needs no waiting.
func (p Purchase) shows(r *Fact, next Next) time.Time {
	switch {
	case next.Step == StepReserve || next.Step == StepCapture:
		return r.At.Add(p.policy.Quiet)
	case next.Step == StepRefund && next.Attempt < r.Number:
		return r.At.Add(refundPatience)
	}
	return time.Time{}
}

// failures are the causes of the desk for calls that cannot be made because the provider cannot be asked.
var failures = map[Step]Cause{StepReserve: CauseCaptureFailed, StepCapture: CauseCaptureFailed, StepVoid: CauseVoidFailed, StepRefund: CauseRefundFailed}

// about tells whether the step calls the payment's provider about it.
func (n Next) about(pay Payment) bool {
	return n.Account == pay.Account && n.Payment.Payment == pay.Ref
}

// waitToAsk holds a step up; of one that could still help before the deadline, no longer than until then.
func (p Purchase) waitToAsk(next Next, now, due time.Time) Next {
	if next.Step == StepRefund {
		return Next{Step: StepWait, Due: due, Cause: CauseRefundPending}
	}
	if now.Before(p.Deadline.At) {
		due = earlier(due, p.Deadline.At)
	}
	return Next{Step: StepWait, Due: due, Cause: CausePaymentPending}
}

// lookForSeats reads back, after a restore, whether there are seats that nobody knows of: before somebody is charged for them again, and before
// they are given free.
func (p Purchase) lookForSeats(now time.Time) (Next, bool) {
	r := p.restored()
	if r == nil {
		return Next{}, false
	}
	quiet := r.At.Add(p.policy.Quiet)
	switch {
	case now.Before(quiet):
		return p.waitToAsk(Next{}, now, quiet), true
	case p.readBack.told < max(r.Number, p.retried), p.readBack.seats == SeatsNone && p.readBack.at.Before(quiet):
		return Next{Step: StepReadBack, Attempt: p.readBack.attempt}, true
	}
	return Next{}, false
}
