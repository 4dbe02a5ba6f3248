package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/store"
	"github.com/paybridge/paybridge/bridge/store/storetest"
)

// money is a payment of the route's account, with its payer.
func money(clock bridge.Clock) purchase.Fact {
	return purchase.Fact{Purchase: purchase.Key{Environment: "main", ID: "p"}, Kind: purchase.Captured, Standing: purchase.Proved, Account: "shop", Payment: "payment-1",
		Object: "c", Money: purchase.Money{Minor: 100, Currency: "EUR"}, At: clock.Now(), Payer: "camille@example.org"}
}

func messagesIn(t *testing.T, s *store.Store) []bridge.Message {
	t.Helper()
	list, err := s.Messages(t.Context(), bridge.MessageQuery{})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func keepIn(t *testing.T, s *store.Store, facts ...purchase.Fact) {
	t.Helper()
	if _, err := s.Keep(t.Context(), bridge.Keeping{Facts: facts}); err != nil {
		t.Fatal(err)
	}
}

func TestSwitchingMessagesOnSendsNothingAboutThePast(t *testing.T) {
	t.Parallel()
	path, clock := filepath.Join(t.TempDir(), "bridge.db"), &storetest.Clock{}
	clock.Move(1000 * time.Hour)
	off := options(clock)
	off.Routes = nil
	s := openAt(t, path, off)
	keepIn(t, s, money(clock))
	s.Close()
	clock.Move(time.Hour)
	s = openAt(t, path, options(clock))
	seat := purchase.Fact{Purchase: money(clock).Purchase, Kind: purchase.ReadBack, Standing: purchase.Own, At: clock.Now(), Detail: purchase.Detail{Seats: purchase.SeatsAll}}
	found := money(clock) // of before, and found only now
	found.Object, found.At = "c2", clock.Now().Add(-time.Minute)
	keepIn(t, s, seat, found)
	for _, m := range messagesIn(t, s) {
		if m.Notice.Kind != purchase.NoticeConfirmed {
			t.Errorf("%s of %s is told", m.Notice.Kind, m.Notice.At)
		}
	}
	s.Close()
	clock.Move(time.Hour) // a restart is no new switching on
	s = openAt(t, path, options(clock))
	found.Object, found.At = "c3", clock.Now().Add(-time.Minute)
	keepIn(t, s, found)
	if list := messagesIn(t, s); len(list) != 4 || list[0].Notice.Kind != purchase.NoticePaymentReceived {
		t.Errorf("after a restart: %+v", list)
	}
}

func TestNewRulesSendNothingAboutOldFacts(t *testing.T) {
	t.Parallel()
	path, clock := filepath.Join(t.TempDir(), "bridge.db"), &storetest.Clock{}
	clock.Move(1000 * time.Hour)
	o := options(clock)
	s := openAt(t, path, o)
	keepIn(t, s, money(clock))
	before := len(messagesIn(t, s))
	s.Close()
	o.Rules++
	s = openAt(t, path, o)
	heard := money(clock)
	heard.Standing = purchase.Heard
	keepIn(t, s, heard)
	if after := len(messagesIn(t, s)); after != before || before != 2 {
		t.Errorf("%d messages became %d", before, after)
	}
}

// Nothing of an address is left in the files, also beside a daemon that runs: not in its rows, in freed pages or in the log.
func TestWhatIsErasedIsNowhereInTheFiles(t *testing.T) {
	t.Parallel()
	dir, clock := t.TempDir(), &storetest.Clock{}
	clock.Move(1000 * time.Hour)
	path := filepath.Join(dir, "bridge.db")
	daemon := openAt(t, path, options(clock))
	for i := range 40 { // so that pages are split and bodies overflow
		f := money(clock)
		f.Purchase.ID, f.Payment, f.Object = string(rune('A'+i)), "payment-"+string(rune('A'+i)), "c"+string(rune('A'+i))
		d := note("d" + string(rune('A'+i)))
		d.Body = append(bytes.Repeat([]byte("x"), i*400), []byte(`{"payer":"Camille <camille\u0040example.org>","payment":"`+f.Payment+`"}`)...)
		if _, err := daemon.Keep(t.Context(), bridge.Keeping{Delivery: d, State: bridge.Read, Facts: []purchase.Fact{f}}); err != nil {
			t.Fatal(err)
		}
	}
	if found := grep(t, dir); found == 0 {
		t.Fatal("the address was never there")
	}
	beside, err := store.OpenBeside(t.Context(), path, options(clock))
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	done, err := beside.EraseContact(t.Context(), bridge.Erasure{Address: "camille@example.org"})
	if err != nil || done.Contacts != 40 || done.Messages != 40 || done.Deliveries != 40 {
		t.Fatalf("%+v, %v", done, err)
	}
	if found := grep(t, dir); found != 0 {
		t.Errorf("the address or the name is still there %d times", found)
	}
	keepIn(t, daemon, money(clock))
	if claims, err := daemon.Claim(t.Context(), "a", 1, time.Minute); err != nil || len(claims) != 1 {
		t.Errorf("the daemon goes on: %d claims, %v", len(claims), err)
	}
}

func grep(t *testing.T, dir string) (found int) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		found += bytes.Count(bytes.ToLower(raw), []byte("camille"))
	}
	return found
}
