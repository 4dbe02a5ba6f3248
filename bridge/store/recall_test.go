package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/store"
	"github.com/paybridge/paybridge/bridge/store/storetest"
)

// Law: what a store has at hand is what is in the database, whoever wrote it, and also where a change was refused.
func TestWhatIsAtHandIsWhatIsKept(t *testing.T) {
	t.Parallel()
	folder, runs := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		clock := &storetest.Clock{}
		path := filepath.Join(folder, fmt.Sprintf("%d.db", runs))
		daemon := opened(t, store.Open, path, clock)
		defer daemon.Close()
		beside := opened(t, store.OpenBeside, path, clock)
		defer beside.Close()
		for range rapid.IntRange(2, 20).Draw(t, "steps") {
			clock.Move(time.Duration(rapid.IntRange(0, 3).Draw(t, "later")) * time.Second)
			who := rapid.SampledFrom([]*store.Store{daemon, beside}).Draw(t, "who")
			keepSome(t, who)
			sameAsInTheDatabase(t, path, clock, daemon, beside)
		}
	})
}

func opened(t *rapid.T, open openFunc, path string, clock bridge.Clock) *store.Store {
	s, err := open(t.Context(), path, options(clock))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type openFunc = func(ctx context.Context, dsn string, o store.Options) (*store.Store, error)

// keepSome keeps facts about one of two purchases, on the right head or on none, or fails because an intent is open.
func keepSome(t *rapid.T, s *store.Store) {
	key := purchase.Key{Environment: "e", ID: fmt.Sprintf("00000000-0000-0000-0000-00000000000%d", rapid.IntRange(1, 2).Draw(t, "purchase"))}
	k := bridge.Keeping{}
	for range rapid.IntRange(1, 3).Draw(t, "facts") {
		k.Facts = append(k.Facts, purchase.Fact{Purchase: key, Kind: purchase.Noted, Standing: purchase.Decided, At: time.Unix(0, 0),
			Detail: purchase.Detail{Reason: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "reason"), By: "x"}})
	}
	if rapid.Bool().Draw(t, "intent") {
		k.Facts = append(k.Facts, purchase.Fact{Purchase: key, Kind: purchase.Intended, Standing: purchase.Own,
			Detail: purchase.Detail{Step: purchase.StepFinalize, SendBefore: time.Unix(60, 0)}})
	}
	if rapid.Bool().Draw(t, "stale") {
		k.If = "not the head"
	}
	kept, err := s.Keep(t.Context(), k)
	if _, all, _ := s.Find(t.Context(), key); err == nil && !cmp.Equal(all, kept.Facts) {
		t.Fatalf("Keep says that other facts are kept: %s", cmp.Diff(all, kept.Facts))
	}
	slices.Reverse(kept.Facts)
	if err != nil && !errors.Is(err, bridge.ErrIntentOpen) && !errors.Is(err, bridge.ErrChanged) {
		t.Fatal(err)
	}
}

// sameAsInTheDatabase asks each store and one that was just opened.
func sameAsInTheDatabase(t *rapid.T, path string, clock bridge.Clock, stores ...*store.Store) {
	fresh := opened(t, store.OpenReader, path, clock)
	defer fresh.Close()
	rows, _, err := fresh.List(t.Context(), bridge.Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		_, want, err := fresh.Find(t.Context(), row.Key)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range stores {
			if _, got, err := s.Find(t.Context(), row.Key); err != nil || !cmp.Equal(want, got) {
				t.Fatalf("store %d has other facts at hand than are kept: %v\n%s", i, err, cmp.Diff(want, got))
			} else {
				slices.Reverse(got) // what was handed out is the caller's
			}
		}
	}
}
