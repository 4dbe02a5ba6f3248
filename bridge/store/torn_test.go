package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/store"
	"github.com/paybridge/paybridge/bridge/store/storetest"
)

// tears is how many ways to tear the log are tried; PAYBRIDGE_CRASH=all tries every stride bytes.
const (
	tears  = 60
	stride = 16
)

// frame is one page in SQLite's write-ahead log with what stands before it.
// Source: SQLite, "WAL-mode file format".
const frame = 4096 + 24

// A power cut may take what was written since the last flush: all of it, its end, or its sense. It may not take what was answered for.
func TestWhatIsAcknowledgedSurvivesWhateverBecomesOfTheLogBehindIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "bridge.db")
	s, err := store.Open(t.Context(), path, options(&storetest.Clock{}))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	deliver(t, s, 1)
	whole, acknowledged := contents(t, path), contents(t, path+"-wal")
	deliver(t, s, 2)
	log := contents(t, path+"-wal")
	if !bytes.HasPrefix(log, acknowledged) || len(log)-len(acknowledged) < 3*frame {
		t.Fatalf("the log did not grow as expected: %d after %d bytes", len(log), len(acknowledged))
	}
	for i, torn := range tornLogs(acknowledged, log[len(acknowledged):]) {
		again := filepath.Join(dir, fmt.Sprint(i), "bridge.db")
		if err := os.Mkdir(filepath.Dir(again), 0o700); err != nil {
			t.Fatal(err)
		}
		for file, raw := range map[string][]byte{again: whole, again + "-wal": torn.log} {
			if err := os.WriteFile(file, raw, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		holdsAllOf(t, again, torn)
		if err := os.RemoveAll(filepath.Dir(again)); err != nil {
			t.Fatal(err)
		}
	}
}

type tornLog struct {
	how   string
	log   []byte
	whole bool
}

// tornLogs are logs that end somewhere in what was written behind the acknowledged, or hold noise or nothing from there on.
func tornLogs(acknowledged, behind []byte) (all []tornLog) {
	chance := rand.New(rand.NewPCG(1, uint64(len(behind))))
	cuts := []int{0, len(behind)}
	if os.Getenv("PAYBRIDGE_CRASH") == "all" {
		for at := 0; at < len(behind); at += stride {
			cuts = append(cuts, at)
		}
	}
	for at := frame; at < len(behind); at += frame {
		cuts = append(cuts, at-1, at, at+1, at+24)
	}
	for len(cuts) < tears {
		cuts = append(cuts, chance.IntN(len(behind)))
	}
	for i, at := range cuts {
		log := bytes.Clone(append(acknowledged[:len(acknowledged):len(acknowledged)], behind[:at]...))
		how := fmt.Sprintf("cut at %d of %d", at, len(behind))
		switch rest := make([]byte, len(behind)-at); i % 3 {
		case 1:
			for n := range rest {
				rest[n] = byte(chance.Uint32())
			}
			log, how = append(log, rest...), how+", then noise"
		case 2:
			log, how = append(log, rest...), how+", then nothing but zeroes"
		}
		all = append(all, tornLog{how: how, log: log, whole: at == len(behind)})
	}
	return all
}

// holdsAllOf opens the store as the program does: the first delivery is there, the second there as a whole or not at all.
func holdsAllOf(t *testing.T, path string, torn tornLog) {
	t.Helper()
	s, err := store.Open(t.Context(), path, options(&storetest.Clock{}))
	if err != nil {
		t.Errorf("%s: %v", torn.how, err)
		return
	}
	defer s.Close()
	if _, facts, err := s.Find(t.Context(), numbered(1)); err != nil || len(facts) != 1 {
		t.Errorf("%s: the acknowledged delivery has %d facts, %v", torn.how, len(facts), err)
	}
	kept, err := s.Keep(t.Context(), delivery(1))
	if err != nil || !kept.Duplicate {
		t.Errorf("%s: the acknowledged delivery is not there: %v", torn.how, err)
	}
	_, facts, err := s.Find(t.Context(), numbered(2))
	if kept, again := s.Keep(t.Context(), delivery(2)); again != nil || kept.Duplicate != (err == nil) {
		t.Errorf("%s: of the second delivery there is a part: %d facts, %v, %v", torn.how, len(facts), err, again)
	}
	if torn.whole && err != nil || err != nil && !errors.Is(err, bridge.ErrNotFound) {
		t.Errorf("%s: the second delivery: %v", torn.how, err)
	}
}

func deliver(t *testing.T, s *store.Store, n int) {
	t.Helper()
	if _, err := s.Keep(t.Context(), delivery(n)); err != nil {
		t.Fatal(err)
	}
}

// delivery is a notification of some pages with one fact.
func delivery(n int) bridge.Keeping {
	d := purchase.Delivery{Account: "shop", Received: time.Unix(int64(n), 0), Method: http.MethodPost, Body: bytes.Repeat(fmt.Appendf(nil, "paid %d\n", n), 1500)}
	d.ID = purchase.DeliveryID(d)
	return bridge.Keeping{Delivery: &d, State: bridge.Read, Message: fmt.Sprint("m", n), Facts: []purchase.Fact{{Purchase: numbered(n), Kind: purchase.Captured,
		Standing: purchase.Proved, Account: "shop", Payment: fmt.Sprint("p", n), Object: "c", Money: purchase.Money{Minor: 100, Currency: "EUR"}, At: time.Unix(int64(n), 0)}}}
}

func contents(t *testing.T, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
