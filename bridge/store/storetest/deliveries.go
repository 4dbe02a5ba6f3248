package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

func delivered(id string) *purchase.Delivery {
	return &purchase.Delivery{ID: id, Account: "shop", Received: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC), Method: "POST", Query: "a=b",
		Header: map[string][]string{"X": {"y"}}, Body: []byte("body of " + id)}
}

func (b *Bench) deliver(id, message string, state bridge.DeliveryState, due time.Time) (bridge.Kept, error) {
	return b.Keep(context.Background(), bridge.Keeping{Delivery: delivered(id), Message: message, State: state, Due: due})
}

func oneDelivery(b *Bench) error {
	kept, err := b.deliver("d1", "m1", bridge.Read, time.Time{})
	if err := first(err, want("duplicate", kept.Duplicate, false)); err != nil {
		return err
	}
	kept, err = b.deliver("d1", "m1", bridge.Read, time.Time{})
	return first(err, want("duplicate", kept.Duplicate, true))
}

func replay(b *Bench) error {
	if _, err := b.deliver("d1", "m1", bridge.Read, time.Time{}); err != nil {
		return err
	}
	if _, err := b.deliver("d2", "m1", bridge.Read, time.Time{}); !errors.Is(err, bridge.ErrReplayed) {
		return fmt.Errorf("a replay was kept: %v", err)
	}
	same := delivered("d1")
	same.ID, same.Header = "d1 by another way", map[string][]string{"X": {"z"}}
	kept, err := b.Keep(context.Background(), bridge.Keeping{Delivery: same, Message: "m1", State: bridge.Read})
	if err := first(err, want("a repeat under other headers is a duplicate", kept.Duplicate, true)); err != nil {
		return err
	}
	_, err = b.deliver("d3", "", bridge.Read, time.Time{})
	_, other := b.deliver("d4", "", bridge.Read, time.Time{})
	return first(err, other)
}

func (b *Bench) waiting() ([]purchase.Delivery, error) { return b.Unchecked(context.Background(), 10) }

func unchecked(b *Bench) error {
	if _, err := b.deliver("d1", "", bridge.Unchecked, b.Clock.Now().Add(time.Minute)); err != nil {
		return err
	}
	early, err := b.waiting()
	if err := first(err, want("unchecked before due", len(early), 0)); err != nil {
		return err
	}
	b.Clock.Move(time.Minute)
	due, err := b.waiting()
	if err := first(err, want("unchecked when due", len(due), 1)); err != nil {
		return err
	}
	d := due[0]
	if string(d.Body) != "body of d1" || d.Header.Get("X") != "y" || d.Query != "a=b" || d.Method != "POST" || !d.Received.Equal(delivered("").Received) {
		return fmt.Errorf("the delivery came back as %+v", d)
	}
	if _, err := b.deliver("d1", "m1", bridge.Read, time.Time{}); err != nil {
		return err
	}
	gone, err := b.waiting()
	if err := first(err, want("unchecked after it was read", len(gone), 0)); err != nil {
		return err
	}
	if _, err := b.deliver("d2", "m1", bridge.Read, time.Time{}); !errors.Is(err, bridge.ErrReplayed) {
		return fmt.Errorf("its message was not remembered: %v", err)
	}
	return nil
}

// MaxUnchecked is what the stores under test are opened with.
const MaxUnchecked = 3

func bounded(b *Bench) error {
	for i := range MaxUnchecked {
		if _, err := b.deliver(fmt.Sprint("d", i), "", bridge.Unchecked, b.Clock.Now()); err != nil {
			return err
		}
	}
	if _, err := b.deliver("more", "", bridge.Unchecked, b.Clock.Now()); !errors.Is(err, bridge.ErrFull) {
		return fmt.Errorf("one too many was kept: %v", err)
	}
	_, err := b.deliver("d0", "", bridge.Unchecked, b.Clock.Now()) // one that is there already
	_, checked := b.deliver("checked", "", bridge.Read, time.Time{})
	return first(err, checked)
}

// again: the same bytes may tell something new, where the provider is read back to learn it.
func again(b *Bench) error {
	for i, was := range []bridge.DeliveryState{bridge.Read, bridge.False} {
		id := fmt.Sprint("d", i)
		_, settled := b.deliver(id, "", was, time.Time{})
		kept, err := b.deliver(id, "", bridge.Unchecked, b.Clock.Now())
		due, waiting := b.waiting()
		if err := first(settled, err, want("duplicate", kept.Duplicate, true), waiting, want("to be read again", len(due), 1)); err != nil {
			return err
		}
		_, err = b.deliver(id, "", bridge.Read, time.Time{})
		_, repeat := b.deliver(id, "", bridge.Read, time.Time{})
		due, waiting = b.waiting()
		if err := first(err, repeat, waiting, want("read again", len(due), 0)); err != nil {
			return err
		}
	}
	_, err := b.deliver("d0", "", bridge.Puzzling, time.Time{})
	n, reconsider := b.Reconsider(context.Background())
	if err := first(err, reconsider, want("reconsidered", n, 1)); err != nil {
		return err
	}
	for i := range MaxUnchecked - 1 {
		if _, err := b.deliver(fmt.Sprint("more", i), "", bridge.Unchecked, b.Clock.Now()); err != nil {
			return err
		}
	}
	if _, err := b.deliver("d1", "", bridge.Unchecked, b.Clock.Now()); !errors.Is(err, bridge.ErrFull) {
		return fmt.Errorf("one too many waits again: %v", err)
	}
	return nil
}

func reconsidered(b *Bench) error {
	if _, err := b.deliver("d1", "m1", bridge.Puzzling, time.Time{}); err != nil {
		return err
	}
	before, err := b.waiting()
	if err := first(err, want("unchecked", len(before), 0)); err != nil {
		return err
	}
	n, err := b.Reconsider(context.Background())
	if err := first(err, want("reconsidered", n, 1)); err != nil {
		return err
	}
	after, err := b.waiting()
	return first(err, want("unchecked", len(after), 1))
}

func belonging(b *Bench) error {
	orphan := purchase.Orphan("main", "shop", "p")
	as := func(k purchase.Key, s purchase.Standing) error {
		f := captured(1, "p")
		f.Purchase, f.Standing = k, s
		return b.must(f)
	}
	belongs := func(k purchase.Key) error {
		got, err := b.Resolve(context.Background(), "shop", "p")
		object, missing := b.Resolve(context.Background(), "shop", captured(1, "p").Object)
		return first(err, want("the payment's purchase", got, k), missing, want("the purchase of its object", object, k))
	}
	if _, err := b.Resolve(context.Background(), "shop", "p"); !errors.Is(err, bridge.ErrNotFound) {
		return fmt.Errorf("an unknown payment was found: %v", err)
	}
	return first(
		as(orphan, purchase.Heard), belongs(orphan),
		as(key(1), purchase.Heard), belongs(key(1)),
		as(key(2), purchase.Heard), belongs(key(1)), // hearsay does not move it
		as(key(2), purchase.Proved), belongs(key(2)), // proof does
		as(key(3), purchase.Heard), belongs(key(2)),
		as(orphan, purchase.Proved), belongs(key(2)),
	)
}

func tokens(b *Bench) error {
	token := bridge.Token{Hash: "h", Purchase: key(1), Account: "shop", Payment: "p", Language: "fr", Return: "https://example.org", Expires: b.Clock.Now().Add(time.Hour)}
	if _, err := b.Keep(context.Background(), bridge.Keeping{Token: &token}); err != nil {
		return err
	}
	got, err := b.FindToken(context.Background(), "h")
	if err != nil || !got.Expires.Equal(token.Expires) {
		return fmt.Errorf("got %+v, %v", got, err)
	}
	got.Expires = token.Expires
	if err := want("token", got, token); err != nil {
		return err
	}
	b.Clock.Move(time.Hour)
	if _, err := b.FindToken(context.Background(), "h"); !errors.Is(err, bridge.ErrNotFound) {
		return fmt.Errorf("an expired token was found: %v", err)
	}
	return nil
}

func pruned(b *Bench) error {
	_, read := b.deliver("d1", "", bridge.Read, time.Time{})
	_, waits := b.deliver("d2", "", bridge.Unchecked, b.Clock.Now())
	if err := first(read, waits, b.must(captured(1, "p"))); err != nil {
		return err
	}
	b.Clock.Move(48 * time.Hour)
	n, err := b.Prune(context.Background(), b.Clock.Now().Add(-time.Hour))
	if err := first(err, want("pruned", n, 1)); err != nil {
		return err
	}
	left, err := b.waiting()
	_, facts, findErr := b.find(1)
	return first(err, findErr, want("unchecked", len(left), 1), want("facts", len(facts), 1))
}

func paged(b *Bench) error {
	for n := 1; n <= 25; n++ {
		if n%4 == 0 {
			b.Clock.Move(time.Second)
		}
		if err := b.must(captured(n, fmt.Sprint("p", n))); err != nil {
			return err
		}
	}
	seen := map[purchase.Key]int{}
	q := bridge.Query{Limit: 7, States: []purchase.State{purchase.StatePaidUnfinalized}, Account: "shop", Environment: "main"}
	for pages := 0; ; pages++ {
		rows, next, err := b.List(context.Background(), q)
		if err != nil {
			return err
		}
		for _, r := range rows {
			seen[r.Key]++
		}
		if next == "" {
			if err := first(want("purchases", len(seen), 25), want("pages", pages+1, 4)); err != nil {
				return err
			}
			break
		}
		q.Cursor = next
	}
	none, _, err := b.List(context.Background(), bridge.Query{States: []purchase.State{purchase.StateRefunded}})
	return first(err, want("refunded", len(none), 0))
}

func backlog(b *Bench) error {
	late := own(2, purchase.Handed, purchase.Detail{Cause: purchase.CausePaidLate})
	if err := first(b.must(captured(1, "p")), b.must(captured(2, "q")), b.arrive(3, b.Clock.Now())); err != nil {
		return err
	}
	_, facts, err := b.find(2)
	if err != nil {
		return err
	}
	late.Detail.Basis = purchase.Fold(key(2), facts, Policy("")).Sight()
	if err := b.must(late); err != nil {
		return err
	}
	sums, err := b.Backlog(context.Background())
	if err := first(err, want("accounts", len(sums), 1)); err != nil {
		return err
	}
	s := sums[0]
	held := 0
	for _, p := range s.Paid {
		if p.Held {
			held++
		}
	}
	return first(want("waiting for payment", s.States[purchase.StateAwaitingPayment], 1), want("paid", s.States[purchase.StatePaidUnfinalized], 1),
		want("late", s.States[purchase.StatePaidLate], 1), want("paid without a seat", len(s.Paid), 2), want("of these on the desk", held, 1))
}

func disjoint(b *Bench) error {
	const n = 100
	for i := range n {
		if err := b.must(captured(i, fmt.Sprint("p", i))); err != nil {
			return err
		}
	}
	var mu sync.Mutex
	held := map[purchase.Key]int{}
	err := together(8, func(i int) error {
		for {
			claims, err := b.claim(fmt.Sprint("owner", i), 3)
			if err != nil || len(claims) == 0 {
				return err
			}
			mu.Lock()
			for _, c := range claims {
				held[c.Row.Key]++
			}
			mu.Unlock()
		}
	})
	if err := first(err, want("claimed", len(held), n)); err != nil {
		return err
	}
	for k, times := range held {
		if times != 1 {
			return fmt.Errorf("%s was handed out %d times", k, times)
		}
	}
	return nil
}

func notFound(b *Bench) error {
	if _, _, err := b.find(99); !errors.Is(err, bridge.ErrNotFound) {
		return fmt.Errorf("got %v", err)
	}
	if _, err := b.FindToken(context.Background(), "none"); !errors.Is(err, bridge.ErrNotFound) {
		return fmt.Errorf("got %v", err)
	}
	return nil
}
