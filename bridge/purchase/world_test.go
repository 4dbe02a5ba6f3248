package purchase_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A world is one purchase with everything around it, played by chance: a Dynamics that may work without answering or answer without
// working, a provider, a bridge that may die at any boundary, and a clock. It keeps facts as bridge.Store.Keep promises to.
type world struct {
	*rapid.T
	key     purchase.Key
	policy  purchase.Policy
	now     time.Time
	facts   []purchase.Fact
	numbers int64
	intent  int64 // the open one, 0 for none

	// Dynamics, in truth.
	price    purchase.Money
	created  time.Time
	dated    bool // its creation time is readable
	readable bool // it can be read back
	seats    int
	working  []time.Time // calls whose effect is still to come

	// The provider, in truth.
	payments map[string]*truth
	finals   int
	captures int
}

// truth is one payment as the provider has it.
type truth struct {
	kind     purchase.Kind // opened, approved, captured
	money    purchase.Money
	refunded purchase.Money
	at       time.Time
	keys     map[string]bool
}

var begin = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

func newWorld(t *rapid.T) *world {
	window := time.Duration(rapid.IntRange(10, 50).Draw(t, "window")) * time.Minute
	w := &world{T: t, key: purchase.Key{Environment: "main", ID: "00000001-0000-4000-8000-000000000001"}, policy: purchase.DefaultPolicy(window),
		now: begin, price: euros(4500), created: begin, payments: map[string]*truth{},
		dated: rapid.Bool().Draw(t, "dated"), readable: rapid.IntRange(0, 3).Draw(t, "readable") > 0}
	return w
}

func euros(minor int64) purchase.Money { return purchase.Money{Minor: minor, Currency: "EUR"} }

// keep appends facts that are new, numbers own ones, and guards the one open intent.
func (w *world) keep(facts ...purchase.Fact) {
	for _, f := range facts {
		f.Purchase, f.Seen = w.key, w.now
		if f.Numbered() {
			f.Number = w.numbers + 1
		}
		f = purchase.Identify(f)
		known := false
		for _, g := range w.facts {
			known = known || g.ID == f.ID
		}
		if known {
			continue
		}
		w.numbers = max(w.numbers, f.Number)
		switch {
		case f.Kind == purchase.Intended && w.intent != 0:
			w.Fatalf("a second intent while %d is open", w.intent)
		case f.Kind == purchase.Intended:
			w.intent = f.Number
		case f.Kind == purchase.Concluded && f.Attempt == w.intent:
			w.intent = 0
		}
		w.facts = append(w.facts, f)
	}
}

func (w *world) own(f purchase.Fact) purchase.Fact {
	f.Standing, f.At = purchase.Own, w.now
	return f
}

func (w *world) fold() purchase.Purchase { return purchase.Fold(w.key, w.facts, w.policy) }

// pass lets time pass and delayed effects come.
func (w *world) pass(d time.Duration) {
	w.now = w.now.Add(d)
	var later []time.Time
	for _, at := range w.working {
		if at.After(w.now) {
			later = append(later, at)
		} else {
			w.register(at)
		}
	}
	w.working = later
}

// register makes the seats, once more each time: Dynamics never de-duplicates. Past its deadline it does nothing.
func (w *world) register(at time.Time) bool {
	if at.After(w.created.Add(w.policy.Window)) {
		return false
	}
	w.seats++
	return true
}

// proofs is what the provider says when it is asked.
func (w *world) proofs(ref string) []purchase.Fact {
	p := w.payments[ref]
	if p == nil {
		return nil
	}
	f := purchase.Fact{Standing: purchase.Proved, Account: "shop", Payment: ref, At: p.at, Money: p.money}
	switch p.kind {
	case purchase.Approved:
		f.Kind, f.Detail.Capturable = purchase.Approved, true
		return []purchase.Fact{f}
	case purchase.Captured:
		f.Kind, f.Object = purchase.Captured, "c-"+ref
		facts := []purchase.Fact{f}
		if p.refunded.Known() {
			f.Kind, f.Object, f.Money = purchase.Refunded, "r-"+ref, p.refunded
			facts = append(facts, f)
		}
		return facts
	}
	return nil
}

// take takes a step as the engine does. It may die before or after the call.
func (w *world) take(next purchase.Next) {
	switch next.Step {
	case purchase.StepPrice:
		f := w.own(purchase.Fact{Kind: purchase.Offered, Money: w.price, Detail: purchase.Detail{Basis: next.Basis}})
		if w.dated {
			f.Detail.Created = w.created
		}
		w.keep(f)
	case purchase.StepAsk:
		asked := w.own(purchase.Fact{Kind: purchase.Asked, Account: "shop", Payment: next.Payment.Payment, Detail: purchase.Detail{Basis: next.Basis}})
		w.keep(append(w.proofs(next.Payment.Payment), asked)...)
	case purchase.StepReadBack:
		w.keep(w.own(purchase.Fact{Kind: purchase.ReadBack, Attempt: next.Attempt, Detail: purchase.Detail{Seats: w.look()}}))
	case purchase.StepConclude:
		open := w.fold().Open
		w.keep(w.own(purchase.Fact{Kind: purchase.Concluded, Attempt: next.Attempt, Account: open.Account, Payment: open.Payment,
			Detail: purchase.Detail{Result: purchase.Unknown}}))
	case purchase.StepHandOver:
		w.keep(w.own(purchase.Fact{Kind: purchase.Handed, Detail: purchase.Detail{Cause: next.Cause, Basis: next.Basis}}))
	case purchase.StepAbandon:
		w.keep(w.own(purchase.Fact{Kind: purchase.Abandoned, Detail: purchase.Detail{Basis: next.Basis}}))
	case purchase.StepFinalize:
		w.finalize()
	case purchase.StepCapture:
		w.capture(next)
	default:
		w.Fatalf("the plan wants %q", next.Step)
	}
}

func (w *world) look() purchase.Seats {
	switch {
	case !w.readable:
		return purchase.SeatsUnsaid
	case w.seats > 0:
		return purchase.SeatsAll
	}
	return purchase.SeatsNone
}

func (w *world) intend(step purchase.Step, payment string) int64 {
	f := purchase.Fact{Kind: purchase.Intended, Payment: payment, Detail: purchase.Detail{Step: step, SendBefore: w.now.Add(w.policy.SendWithin)}}
	if payment != "" {
		f.Account = "shop"
	}
	w.keep(w.own(f))
	return w.numbers
}

func (w *world) conclude(attempt int64, payment string, r purchase.Result) {
	f := purchase.Fact{Kind: purchase.Concluded, Attempt: attempt, Payment: payment, Detail: purchase.Detail{Result: r}}
	if payment != "" {
		f.Account = "shop"
	}
	w.keep(w.own(f))
}

// finalize is one call with everything that can become of it.
func (w *world) finalize() {
	w.finals++
	attempt := w.intend(purchase.StepFinalize, "")
	if w.chance("dies before the call", 8) {
		w.pass(w.policy.SendWithin)
		return
	}
	switch rapid.SampledFrom([]string{"yes", "yes", "yes", "taken", "lost answer", "works on", "never came", "no", "throttled"}).Draw(w.T, "finalize") {
	case "yes":
		if !w.register(w.now) {
			w.conclude(attempt, "", purchase.Refused)
			return
		}
		if !w.chance("dies after the call", 8) {
			w.conclude(attempt, "", purchase.Confirmed)
		}
	case "taken":
		w.register(w.now)
		w.conclude(attempt, "", purchase.Acknowledged)
	case "lost answer":
		w.register(w.now)
		w.conclude(attempt, "", purchase.Unknown)
	case "works on": // Dynamics goes on after the client gave up, for up to two minutes
		w.working = append(w.working, w.now.Add(time.Duration(rapid.IntRange(1, 120).Draw(w.T, "works"))*time.Second))
		w.conclude(attempt, "", purchase.Unknown)
	case "never came":
		w.conclude(attempt, "", purchase.Unknown)
	case "no":
		w.conclude(attempt, "", purchase.Refused)
	case "throttled":
		w.conclude(attempt, "", purchase.Unsent)
		w.pass(2 * time.Second)
	}
}

// capture is idempotent by its key.
func (w *world) capture(next purchase.Next) {
	ref := next.Payment.Payment
	attempt := w.intend(purchase.StepCapture, ref)
	p := w.payments[ref]
	for _, pay := range w.fold().Payments {
		for _, a := range pay.Captures {
			if a.Number == attempt && p.kind == purchase.Approved && !w.chance("capture never came", 6) {
				w.captures++
				p.kind, p.at, p.keys[a.Key] = purchase.Captured, w.now, true
			}
		}
	}
	if w.chance("dies after the capture", 6) {
		w.pass(w.policy.SendWithin)
		return
	}
	if p.kind == purchase.Captured {
		w.keep(w.proofs(ref)...)
		w.conclude(attempt, ref, purchase.Confirmed)
		return
	}
	w.conclude(attempt, ref, purchase.Unknown)
	w.pass(time.Second)
}

func (w *world) chance(what string, oneIn int) bool {
	return rapid.IntRange(1, oneIn).Draw(w.T, what) == 1
}

// happen is something that others do.
func (w *world) happen() {
	switch rapid.SampledFrom([]string{"arrives", "opens", "approves", "button", "wrong", "tells", "lies", "returns", "refund", "time"}).Draw(w.T, "event") {
	case "arrives":
		w.keep(purchase.Fact{Kind: purchase.Arrived, Standing: purchase.Heard, Account: "shop", At: w.now})
	case "opens":
		w.open()
	case "approves":
		for _, p := range w.payments {
			if p.kind == purchase.Opened {
				p.kind = purchase.Approved
			}
		}
	case "button":
		w.pay(w.price)
	case "wrong":
		w.pay(rapid.SampledFrom([]purchase.Money{euros(100), euros(9000), {Minor: 4500, Currency: "USD"}}).Draw(w.T, "amount"))
	case "tells":
		w.tell()
	case "lies":
		w.keep(purchase.Fact{Kind: purchase.Captured, Standing: purchase.Heard, Account: "shop", Payment: "lie", Object: "lie", Money: w.price, At: w.now})
	case "returns":
		for ref, p := range w.payments {
			if p.kind != purchase.Captured {
				w.keep(purchase.Fact{Kind: purchase.Returned, Standing: purchase.Heard, Account: "shop", Payment: ref, At: w.now})
			}
		}
	case "refund":
		for _, p := range w.payments {
			if p.kind == purchase.Captured {
				p.refunded = p.money
			}
		}
	case "time":
		w.pass(time.Duration(rapid.IntRange(1, 900).Draw(w.T, "seconds")) * time.Second)
	}
}

func (w *world) ref() string { return fmt.Sprintf("pay-%d", len(w.payments)+1) }

// open is our redirect leg: the session is known before the buyer is sent.
func (w *world) open() {
	if p := w.fold(); p.Settled() || p.Session("shop", w.now) != nil || !w.now.Before(w.created.Add(w.policy.Window-w.policy.MinTimeLeft)) {
		return
	}
	ref := w.ref()
	w.payments[ref] = &truth{kind: purchase.Opened, money: w.price, at: w.now, keys: map[string]bool{}}
	w.keep(purchase.Fact{Kind: purchase.Arrived, Standing: purchase.Heard, Account: "shop", At: w.now},
		w.own(purchase.Fact{Kind: purchase.Offered, Money: w.price, Detail: purchase.Detail{Basis: w.fold().Basis()}}),
		w.own(purchase.Fact{Kind: purchase.Opened, Account: "shop", Payment: ref, Money: w.price, Detail: purchase.Detail{URL: "https://pay", Capturable: true}}))
}

// pay is money taken without us; a notification tells of it.
func (w *world) pay(m purchase.Money) {
	if len(w.payments) >= 3 {
		return
	}
	ref := w.ref()
	w.payments[ref] = &truth{kind: purchase.Captured, money: m, at: w.now, keys: map[string]bool{}}
	w.keep(purchase.Fact{Kind: purchase.Captured, Standing: purchase.Heard, Account: "shop", Payment: ref, Object: "c-" + ref, Money: m, At: w.now})
}

// tell is a notification of everything the provider has, as hearsay.
func (w *world) tell() {
	for ref := range w.payments {
		for _, f := range w.proofs(ref) {
			f.Standing = purchase.Heard
			w.keep(f)
		}
	}
}

// held is the money that the provider holds in truth.
func (w *world) held() (minor int64) {
	for _, p := range w.payments {
		if p.kind == purchase.Captured {
			minor += p.money.Minor - p.refunded.Minor
		}
	}
	return minor
}
