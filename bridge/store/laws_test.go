package store_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/store"
	"github.com/paybridge/paybridge/bridge/store/storetest"
)

func openAt(t testing.TB, path string, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func paidFact(n int) purchase.Fact {
	return purchase.Fact{Purchase: numbered(n), Kind: purchase.Captured, Standing: purchase.Proved, Account: "shop", Payment: "p", Object: "c",
		Money: purchase.Money{Minor: 100, Currency: "EUR"}, At: time.Unix(int64(n), 0)}
}

func note(id string) *purchase.Delivery {
	return &purchase.Delivery{ID: id, Account: "shop", Method: "POST", Received: time.Unix(1, 0), Body: []byte(id), Header: http.Header{}}
}

func TestALongReadNeverHoldsUpTheWriter(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bridge.db")
	s := openAt(t, path, options(&storetest.Clock{}))
	release := holdSnapshot(t, path)
	defer release()
	body := make([]byte, 1<<20)
	var worst time.Duration
	for n := range 48 {
		d := note(string(rune('a'+n)) + "x")
		d.Body = body
		start := time.Now()
		if _, err := s.Keep(t.Context(), bridge.Keeping{Delivery: d, State: bridge.Read}); err != nil {
			t.Fatal(err)
		}
		if worst = max(worst, time.Since(start)); worst > 2*time.Second {
			break
		}
	}
	if worst > time.Second {
		t.Errorf("a keep took %v while somebody read", worst)
	}
}

// morning is a clock at a usual time: what is ready is due then.
func morning() *storetest.Clock {
	c, at := new(storetest.Clock), time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	for c.Now().Before(at) {
		c.Move(at.Sub(c.Now())) // at most 292 years at a time
	}
	return c
}

func TestOlderRulesNeverTakeWhatNewerRulesFolded(t *testing.T) {
	t.Parallel()
	path, o := filepath.Join(t.TempDir(), "bridge.db"), options(morning())
	claimed := func(rules, object int) int {
		t.Helper()
		o.Rules = rules
		s := openAt(t, path, o)
		defer s.Close()
		f := paidFact(1)
		f.Object = fmt.Sprint("c", object)
		if _, err := s.Keep(t.Context(), bridge.Keeping{Facts: []purchase.Fact{f}}); err != nil {
			t.Fatal(err)
		}
		claims, err := s.Claim(t.Context(), "a", 9, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return len(claims)
	}
	if newer, older, again := claimed(2, 1), claimed(1, 2), claimed(2, 3); newer != 1 || older != 0 || again != 1 {
		t.Errorf("claims by newer, older and newer rules: %d, %d, %d", newer, older, again)
	}
}

func TestFoldingAgainIsNoChangeOfThePurchase(t *testing.T) {
	t.Parallel()
	clock := &storetest.Clock{}
	path, o := filepath.Join(t.TempDir(), "bridge.db"), options(clock)
	o.Rules = 1
	s := openAt(t, path, o)
	if _, err := s.Keep(t.Context(), bridge.Keeping{Facts: []purchase.Fact{paidFact(1)}}); err != nil {
		t.Fatal(err)
	}
	before, _, _ := s.Find(t.Context(), numbered(1))
	s.Close()
	clock.Move(time.Hour)
	o.Rules = 2
	after, _, err := openAt(t, path, o).Find(t.Context(), numbered(1))
	if err != nil || !after.Updated.Equal(before.Updated) {
		t.Errorf("updated moved from %v to %v, %v", before.Updated, after.Updated, err)
	}
}

func TestAPostponedDeliveryKeepsItsMessage(t *testing.T) {
	t.Parallel()
	s := openAt(t, filepath.Join(t.TempDir(), "bridge.db"), options(&storetest.Clock{}))
	if _, err := s.Keep(t.Context(), bridge.Keeping{Delivery: note("d1"), State: bridge.Puzzling, Message: "m"}); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Reconsider(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if _, err := s.Keep(t.Context(), bridge.Keeping{Delivery: note("d1"), State: bridge.Unchecked, Due: time.Unix(9, 0)}); err != nil {
		t.Fatal(err)
	}
	_, err := s.Keep(t.Context(), bridge.Keeping{Delivery: note("d2"), State: bridge.Read, Message: "m"})
	if !errors.Is(err, bridge.ErrReplayed) {
		t.Errorf("other bytes under the same message: %v", err)
	}
}

func TestACallerWhoLeavesIsNoFailureOfTheStore(t *testing.T) {
	t.Parallel()
	reg, o := prometheus.NewRegistry(), options(&storetest.Clock{})
	o.Registerer = reg
	s := openAt(t, filepath.Join(t.TempDir(), "bridge.db"), o)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _ = s.Claim(ctx, "a", 1, time.Minute)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.Metric {
			if f.GetName() == "paybridge_store_errors_total" && m.Counter.GetValue() > 0 {
				t.Errorf("counted as a failure of %s", m.Label[0].GetValue())
			}
		}
	}
}

func TestNobodyElseCanReadTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bridge.db")
	openAt(t, path, options(&storetest.Clock{}))
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestADeliveryComesBackByteForByte(t *testing.T) {
	t.Parallel()
	s := openAt(t, filepath.Join(t.TempDir(), "bridge.db"), options(&storetest.Clock{}))
	d := note("d")
	d.Query, d.Body, d.Header = "a=\xff", []byte("\x00\xfe"), http.Header{"X-Name": {"caf\xe9"}}
	if _, err := s.Keep(t.Context(), bridge.Keeping{Delivery: d, State: bridge.Unchecked, Due: time.Time{}.Add(-time.Hour)}); err != nil {
		t.Fatal(err)
	}
	back, err := s.Unchecked(t.Context(), 1)
	if err != nil || len(back) != 1 {
		t.Fatal(back, err)
	}
	if got := back[0].Header.Get("X-Name"); got != "caf\xe9" {
		t.Errorf("header came back as %q", got)
	}
	if back[0].Query != d.Query || string(back[0].Body) != string(d.Body) {
		t.Errorf("query %q, body %q", back[0].Query, back[0].Body)
	}
}

func TestTheBoundOfAnUncheckedDeliveryIsOfAllItsBytes(t *testing.T) {
	t.Parallel()
	s := openAt(t, filepath.Join(t.TempDir(), "bridge.db"), options(&storetest.Clock{}))
	d := note("d")
	d.Header = http.Header{"X": {string(make([]byte, 200<<10))}}
	if _, err := s.Keep(t.Context(), bridge.Keeping{Delivery: d, State: bridge.Unchecked}); !errors.Is(err, bridge.ErrFull) {
		t.Errorf("200 KiB of header kept unchecked: %v", err)
	}
}
