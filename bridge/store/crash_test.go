package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/store"
	"github.com/paybridge/paybridge/bridge/store/storetest"
)

const childStore = "PAYBRIDGE_TEST_CHILD_STORE"

// childOrTests: the test binary is also the child that is killed.
func childOrTests(m *testing.M) {
	if path := os.Getenv(childStore); path != "" {
		keepForEver(path)
	}
	goleak.VerifyTestMain(m)
}

// keepForEver keeps one purchase after another and says each one's number once it is durable.
func keepForEver(path string) {
	s, err := store.Open(context.Background(), path, options(&storetest.Clock{}))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for n := 0; ; n++ {
		f := purchase.Fact{Purchase: numbered(n), Kind: purchase.Captured, Standing: purchase.Proved, Account: "shop",
			Payment: fmt.Sprint("p", n), Object: "c", Money: purchase.Money{Minor: 100, Currency: "EUR"}, At: time.Unix(int64(n), 0)}
		if _, err := s.Keep(context.Background(), bridge.Keeping{Facts: []purchase.Fact{f}}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(n)
	}
}

func numbered(n int) purchase.Key {
	return purchase.Key{Environment: "main", ID: fmt.Sprintf("%08d-0000-4000-8000-000000000001", n)}
}

func TestNothingAcknowledgedIsLostWhenTheProcessIsKilled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bridge.db")
	for round := range 3 {
		acknowledged := killedAfter(t, path, time.Duration(100+50*round)*time.Millisecond)
		s, err := store.Open(t.Context(), path, options(&storetest.Clock{}))
		if err != nil {
			t.Fatal(err)
		}
		for n := range acknowledged {
			if _, facts, err := s.Find(t.Context(), numbered(n)); err != nil || len(facts) != 1 {
				t.Errorf("round %d: purchase %d of %d: %d facts, %v", round, n, acknowledged, len(facts), err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killedAfter runs the child, kills it with SIGKILL, and says how many it had acknowledged.
func killedAfter(t *testing.T, path string, d time.Duration) int {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childStore+"="+path)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	n := 0
	for lines.Scan() {
		if n++; n == 1 {
			time.AfterFunc(d, func() { _ = cmd.Process.Kill() })
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || n == 0 {
		t.Fatalf("the child was not killed at work: %v: %s", err, errs.String())
	}
	return n
}
