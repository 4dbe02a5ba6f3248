// Package storetest is what every bridge.Store must do: each sentence of the port's contract is a law that is checked on a fresh
// store. The laws answer with errors, so that the suite can itself be checked on stores that are broken on purpose.
package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// A Law is one promise of the contract.
type Law struct {
	Name  string
	Check func(*Bench) error
}

// An Opener opens the store kept under name: twice the same name is the same data. The bench closes what it opens.
type Opener func(t testing.TB, name string, clock bridge.Clock) (bridge.Store, error)

// Run checks every law on a store of its own.
func Run(t *testing.T, open Opener) {
	for _, law := range Laws() {
		t.Run(law.Name, func(t *testing.T) {
			t.Parallel()
			if err := law.Check(NewBench(t, open)); err != nil {
				t.Error(err)
			}
		})
	}
}

// A Bench is a fresh store with a clock that only the law moves.
type Bench struct {
	bridge.Store
	T     testing.TB
	Clock *Clock
	open  Opener
}

// NewBench opens a fresh store.
func NewBench(t testing.TB, open Opener) *Bench {
	t.Helper()
	b := &Bench{T: t, Clock: &Clock{now: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)}, open: open}
	s, err := open(t, "store", b.Clock)
	if err != nil {
		t.Fatalf("open the store: %v", err)
	}
	b.Store = s
	t.Cleanup(func() { _ = b.Store.Close() })
	return b
}

// Reopen closes the store and opens the same data again, as a restart does.
func (b *Bench) Reopen() error {
	if err := b.Store.Close(); err != nil {
		return err
	}
	s, err := b.open(b.T, "store", b.Clock)
	if err != nil {
		return err
	}
	b.Store = s
	return nil
}

// A Clock stands still until it is moved. It is a bridge.Clock; Sleep returns at once.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the time it was moved to.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Move moves the clock.
func (c *Clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Sleep moves the clock instead of waiting.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	c.Move(d)
	return ctx.Err()
}

// Policy is what the stores under test fold with.
func Policy(string) purchase.Policy { return purchase.DefaultPolicy(50 * time.Minute) }

func key(n int) purchase.Key {
	return purchase.Key{Environment: "main", ID: fmt.Sprintf("%08d-0000-4000-8000-000000000001", n)}
}

func captured(n int, ref string) purchase.Fact {
	return purchase.Fact{Purchase: key(n), Kind: purchase.Captured, Standing: purchase.Proved, Account: "shop", Payment: ref, Object: "c-" + ref,
		Money: purchase.Money{Minor: 4500, Currency: "EUR"}, At: time.Date(2026, 11, 24, 9, 59, 0, 0, time.UTC), Source: purchase.ByCallback}
}

func own(n int, kind purchase.Kind, d purchase.Detail) purchase.Fact {
	return purchase.Fact{Purchase: key(n), Kind: kind, Standing: purchase.Own, Detail: d}
}

func (b *Bench) keep(facts ...purchase.Fact) (bridge.Kept, error) {
	return b.Keep(context.Background(), bridge.Keeping{Facts: facts})
}

// must keeps and complains only about errors.
func (b *Bench) must(facts ...purchase.Fact) error {
	_, err := b.keep(facts...)
	return err
}

func (b *Bench) claim(owner string, n int) ([]bridge.Claim, error) {
	return b.Claim(context.Background(), owner, n, time.Minute)
}

func (b *Bench) one(owner string) (bridge.Claim, error) {
	claims, err := b.claim(owner, 1)
	if err != nil {
		return bridge.Claim{}, err
	}
	if len(claims) != 1 {
		return bridge.Claim{}, fmt.Errorf("%d purchases to claim, want 1", len(claims))
	}
	return claims[0], nil
}

func (b *Bench) find(n int) (bridge.Row, []purchase.Fact, error) {
	return b.Find(context.Background(), key(n))
}

func want(what string, got, wanted any) error {
	if got != wanted {
		return fmt.Errorf("%s: got %v, want %v", what, got, wanted)
	}
	return nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
