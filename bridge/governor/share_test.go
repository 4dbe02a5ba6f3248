package governor_test

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paybridge/paybridge/bridge/governor"
	"github.com/paybridge/paybridge/bridge/purchase"
)

var _ purchase.Retrier = governor.Spent{}

func TestTheUnknownHoldTheirShareOfThePlacesAndMoneyGoesFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &dynamics{work: func() { time.Sleep(time.Second) }}
		g := governor.New(governor.Options{Next: d, Concurrency: 10})
		var group sync.WaitGroup
		for range 30 {
			group.Go(func() { _, _ = send(purchase.Anonymous(t.Context()), g, nil) })
		}
		synctest.Wait()
		if _, n, _ := d.counts(); n != 3 {
			t.Errorf("%d of the unknown at once, want 3 of 10", n)
		}
		began := time.Now()
		for range 14 { // seven places are free, and then all that become free are theirs
			group.Go(func() { _, _ = get(t, g) })
		}
		synctest.Wait()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if seen, _, most := d.counts(); seen < 14+3 || most != 10 {
			t.Errorf("%d sent after %v, at most %d at once", seen, time.Since(began), most)
		}
		group.Wait()
		if d.seen != 44 {
			t.Errorf("%d sent in the end, want 44", d.seen)
		}
	})
}

func TestAWaitingRequestOfMoneyOvertakesTheUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &dynamics{work: func() { time.Sleep(time.Second) }}
		g := governor.New(governor.Options{Next: d, Concurrency: 1})
		began := time.Now()
		var group sync.WaitGroup
		var mu sync.Mutex
		var last, money time.Duration
		for range 3 {
			group.Go(func() {
				_, _ = send(purchase.Anonymous(t.Context()), g, nil)
				mu.Lock()
				defer mu.Unlock()
				last = time.Since(began)
			})
		}
		synctest.Wait()
		group.Go(func() { _, _ = get(t, g); money = time.Since(began) })
		group.Wait()
		if money != 2*time.Second || last != 4*time.Second {
			t.Errorf("the request of money was through after %v, the unknown after %v", money, last)
		}
	})
}

func TestNoFiveMinutesSeeMoreOfTheUnknownThanTheirShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &dynamics{}
		g := governor.New(governor.Options{Next: d, Requests: 600})
		const share = 600 * governor.AnonymousShare / 100
		var sent []time.Time
		for range 2400 { // a flood of twenty minutes
			_, err := send(purchase.Anonymous(t.Context()), g, nil)
			after, again := purchase.Retry(err)
			switch {
			case err == nil:
				sent = append(sent, time.Now())
			case !errors.As(err, new(governor.Spent)) || !again || after <= 0 || after > 5*time.Minute:
				t.Fatalf("refused with %v, again %v after %v", err, again, after)
			}
			time.Sleep(500 * time.Millisecond)
		}
		for i := range sent {
			if j := i + share; j < len(sent) && sent[j].Sub(sent[i]) < 5*time.Minute {
				t.Fatalf("%d requests of the unknown in %v", share+1, sent[j].Sub(sent[i]))
			}
		}
		if len(sent) < 3*share { // and the share is there to be used
			t.Errorf("%d sent in twenty minutes, of %d every five", len(sent), share)
		}
		if status, err := get(t, g); status != http.StatusOK || err != nil {
			t.Errorf("money was held up: %d %v", status, err)
		}
	})
}
