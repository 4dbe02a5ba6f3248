package store_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/store"
	"github.com/paybridge/paybridge/bridge/store/storetest"
)

func TestMain(m *testing.M) { childOrTests(m) }

// opener opens SQLite stores, each in a folder of its own bench.
func opener() storetest.Opener {
	var mu sync.Mutex
	folders := map[testing.TB]string{}
	return func(tb testing.TB, name string, clock bridge.Clock) (bridge.Store, error) {
		mu.Lock()
		if folders[tb] == "" {
			folders[tb] = tb.TempDir()
		}
		path := filepath.Join(folders[tb], name+".db")
		mu.Unlock()
		return store.Open(context.Background(), path, options(clock))
	}
}

func options(clock bridge.Clock) store.Options {
	return store.Options{Clock: clock, Policy: storetest.Policy, Rules: purchase.Rules, MaxUnchecked: storetest.MaxUnchecked, Routes: storetest.Routes()}
}

func TestSQLiteKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, opener())
}

// The suite itself is checked: each store below is broken in one way, and the named law must see it.
func TestTheSuiteCatchesBrokenStores(t *testing.T) {
	t.Parallel()
	for law, broken := range map[string]func(bridge.Store) bridge.Store{
		"a claimed purchase is nobody else's until its lease ends":         func(s bridge.Store) bridge.Store { return noLease{s} },
		"settling is fenced on owner and attempt":                          func(s bridge.Store) bridge.Store { return noFence{s} },
		"repeats add nothing":                                              func(s bridge.Store) bridge.Store { return newEachTime{s} },
		"what was kept is there after a restart":                           func(s bridge.Store) bridge.Store { return answersEarly{s} },
		"keeping on a stale head changes nothing":                          func(s bridge.Store) bridge.Store { return blindToHeads{s} },
		"the earliest deadline is claimed first":                           func(s bridge.Store) bridge.Store { return latestFirst{s} },
		"a message is nobody else's until its lease ends":                  func(s bridge.Store) bridge.Store { return sendsTwice{whole(s)} },
		"settling a message is fenced on owner and attempt":                func(s bridge.Store) bridge.Store { return settlesForAll{whole(s)} },
		"what could not be sent comes back when it is due, not before":     func(s bridge.Store) bridge.Store { return forgetsMessages{whole(s)} },
		"what was erased stays erased, and nothing waits to be sent to it": func(s bridge.Store) bridge.Store { return remembers{whole(s)} },
	} {
		t.Run(law, func(t *testing.T) {
			t.Parallel()
			open := opener()
			bench := storetest.NewBench(t, func(tb testing.TB, name string, clock bridge.Clock) (bridge.Store, error) {
				s, err := open(tb, name, clock)
				if err != nil {
					return nil, err
				}
				return broken(s), nil
			})
			for _, l := range storetest.Laws() {
				if l.Name == law {
					if err := l.Check(bench); err == nil {
						t.Error("the broken store passed")
					}
					return
				}
			}
			t.Error("there is no such law")
		})
	}
}

type noLease struct{ bridge.Store }

func (s noLease) Claim(ctx context.Context, owner string, n int, _ time.Duration) ([]bridge.Claim, error) {
	return s.Store.Claim(ctx, owner, n, -time.Second)
}

type noFence struct{ bridge.Store }

func (s noFence) Settle(ctx context.Context, c bridge.Claim, st bridge.Settlement) error {
	if err := s.Store.Settle(ctx, c, st); err != bridge.ErrLost {
		return err
	}
	return nil
}

type newEachTime struct{ bridge.Store }

func (s newEachTime) Keep(ctx context.Context, k bridge.Keeping) (bridge.Kept, error) {
	kept, err := s.Store.Keep(ctx, k)
	if err == nil && len(kept.New) == 0 {
		kept.New = k.Facts
	}
	return kept, err
}

// answersEarly says yes before anything is on disk; a restart shows it.
type answersEarly struct{ bridge.Store }

func (s answersEarly) Keep(context.Context, bridge.Keeping) (bridge.Kept, error) {
	return bridge.Kept{}, nil
}

type blindToHeads struct{ bridge.Store }

func (s blindToHeads) Keep(ctx context.Context, k bridge.Keeping) (bridge.Kept, error) {
	k.If = ""
	return s.Store.Keep(ctx, k)
}

type latestFirst struct{ bridge.Store }

func (s latestFirst) Claim(ctx context.Context, owner string, n int, lease time.Duration) ([]bridge.Claim, error) {
	all, err := s.Store.Claim(ctx, owner, 100, lease)
	if err != nil || len(all) == 0 {
		return all, err
	}
	for _, c := range all[:len(all)-1] {
		if err := s.Store.Settle(ctx, c, bridge.Settlement{}); err != nil {
			return nil, err
		}
	}
	return all[len(all)-1:], nil
}

func TestASecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bridge.db")
	clock := &storetest.Clock{}
	s, err := store.Open(t.Context(), path, options(clock))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if second, err := store.Open(t.Context(), path, options(clock)); err == nil {
		second.Close()
		t.Error("two own one file")
	}
	reader, err := store.OpenReader(t.Context(), path, options(clock))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if _, _, err := reader.List(t.Context(), bridge.Query{}); err != nil {
		t.Errorf("a reader cannot read beside the owner: %v", err)
	}
	if _, err := reader.Keep(t.Context(), bridge.Keeping{}); err == nil {
		t.Error("a reader could write")
	}
}

func TestAClaimIsTakenBackWhenItsProcessIsGone(t *testing.T) {
	t.Parallel()
	b := storetest.NewBench(t, opener())
	f := purchase.Fact{Purchase: purchase.Key{Environment: "main", ID: "x"}, Kind: purchase.Arrived, Standing: purchase.Heard, At: b.Clock.Now()}
	if _, err := b.Keep(t.Context(), bridge.Keeping{Facts: []purchase.Fact{f}}); err != nil {
		t.Fatal(err)
	}
	if claims, err := b.Claim(t.Context(), "a", 1, time.Hour); err != nil || len(claims) != 1 {
		t.Fatal(claims, err)
	}
	if err := b.Reopen(); err != nil {
		t.Fatal(err)
	}
	if claims, err := b.Claim(t.Context(), "b", 1, time.Hour); err != nil || len(claims) != 1 {
		t.Errorf("%d claims, %v", len(claims), err)
	}
}
