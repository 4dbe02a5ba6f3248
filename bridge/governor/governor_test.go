package governor_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paybridge/paybridge/bridge/governor"
	"github.com/paybridge/paybridge/bridge/purchase"
)

var _ purchase.Retrier = governor.Paused{}

// dynamics answers as it is told, and counts what is under way.
type dynamics struct {
	mu     sync.Mutex
	answer func(n int) (status int, retryAfter string)
	seen   int
	now    int
	most   int
	work   func()
}

func (d *dynamics) counts() (seen, now, most int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.seen, d.now, d.most
}

func (d *dynamics) RoundTrip(req *http.Request) (*http.Response, error) {
	d.mu.Lock()
	d.seen++
	d.now++
	d.most = max(d.most, d.now)
	status, after := http.StatusOK, ""
	if d.answer != nil {
		status, after = d.answer(d.seen)
	}
	d.mu.Unlock()
	if d.work != nil {
		d.work()
	}
	d.mu.Lock()
	d.now--
	d.mu.Unlock()
	resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: req}
	if after != "" {
		resp.Header.Set("Retry-After", after)
	}
	return resp, nil
}

func get(t *testing.T, rt http.RoundTripper) (int, error) {
	t.Helper()
	return send(t.Context(), rt, nil)
}

func send(ctx context.Context, rt http.RoundTripper, body io.Reader) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://org.example.org/", body)
	if err != nil {
		return 0, err
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

func TestNoMoreThanTheRationIsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &dynamics{work: func() { time.Sleep(time.Second) }}
		g := governor.New(governor.Options{Next: d, Concurrency: 3})
		var group sync.WaitGroup
		began := time.Now()
		for range 12 {
			group.Go(func() {
				if _, err := get(t, g); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if d.most != 3 || time.Since(began) != 4*time.Second {
			t.Errorf("%d at once, %v in all; want 3 and 4s", d.most, time.Since(began))
		}
	})
}

func TestTheRationStaysBelowWhatDynamicsGrants(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for asked, want := range map[int]int{0: governor.DefaultConcurrency, 500: governor.MaxConcurrency} {
			d := &dynamics{work: func() { time.Sleep(time.Second) }}
			g := governor.New(governor.Options{Next: d, Concurrency: asked})
			var group sync.WaitGroup
			for range 100 {
				group.Go(func() { _, _ = get(t, g) })
			}
			group.Wait()
			if d.most != want {
				t.Errorf("concurrency %d: %d at once, want %d", asked, d.most, want)
			}
		}
	})
}

// unread fails the test when somebody reads it.
type unread struct {
	t      *testing.T
	closed atomic.Bool
}

func (u *unread) Read([]byte) (int, error) { u.t.Error("the body was read"); return 0, io.EOF }
func (u *unread) Close() error             { u.closed.Store(true); return nil }

func TestWaitingEndsWithTheContextAndReadsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &dynamics{work: func() { time.Sleep(time.Minute) }}
		g := governor.New(governor.Options{Next: d, Concurrency: 1})
		go func() { _, _ = get(t, g) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		began, body := time.Now(), &unread{t: t}
		_, err := send(ctx, g, body)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 2*time.Second || !body.closed.Load() {
			t.Errorf("%v after %v, closed %v", err, time.Since(began), body.closed.Load())
		}
		time.Sleep(time.Minute)
		if _, err := get(t, g); err != nil {
			t.Errorf("the place of the one that gave up is lost: %v", err)
		}
	})
}

func TestARefusalPausesEverybodyAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &dynamics{work: func() { time.Sleep(time.Second) }, answer: func(n int) (int, string) {
			if n == 1 {
				return http.StatusTooManyRequests, "30"
			}
			return http.StatusOK, ""
		}}
		g := governor.New(governor.Options{Next: d, Concurrency: 1})
		var waited error
		var group sync.WaitGroup
		group.Go(func() { _, _ = get(t, g) })
		synctest.Wait()
		group.Go(func() { _, waited = get(t, g) })
		group.Wait()
		body := &unread{t: t}
		_, err := send(t.Context(), g, body)
		for _, err := range []error{waited, err} {
			if after, again := purchase.Retry(err); !again || after != 30*time.Second {
				t.Errorf("%v: after %v, again %v", err, after, again)
			}
		}
		if d.seen != 1 || g.Paused() != 30*time.Second || !body.closed.Load() {
			t.Errorf("%d were sent, %v are left", d.seen, g.Paused())
		}
		time.Sleep(30 * time.Second)
		if status, err := get(t, g); status != http.StatusOK || g.Paused() != 0 {
			t.Errorf("after the pause: %d %v", status, err)
		}
	})
}

// A relapse doubles the pause, up to a minute: what is paid must not wait for our own caution until it is too late.
func TestAWaveOfRefusalsIsOnePauseAndARelapseDoublesIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &dynamics{work: func() { time.Sleep(time.Second) }, answer: func(int) (int, string) { return http.StatusTooManyRequests, "10" }}
		g := governor.New(governor.Options{Next: d, Concurrency: 8})
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() { _, _ = get(t, g) })
		}
		group.Wait()
		for i, want := range []time.Duration{10, 20, 40, 60, 60, 60} {
			if got := g.Paused(); got != want*time.Second {
				t.Fatalf("pause %d is %v, want %v", i, got, want*time.Second)
			}
			time.Sleep(g.Paused())
			if status, err := get(t, g); status != http.StatusTooManyRequests {
				t.Fatalf("%d %v", status, err)
			}
		}
	})
}

func TestAfterAPauseTheRationIsHalfAndGrowsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &dynamics{answer: func(n int) (int, string) {
			if n == 1 {
				return http.StatusTooManyRequests, "1"
			}
			return http.StatusOK, ""
		}}
		g := governor.New(governor.Options{Next: d, Concurrency: 8})
		if status, err := get(t, g); status != http.StatusTooManyRequests {
			t.Fatal(status, err)
		}
		time.Sleep(time.Second)
		d.work = func() { time.Sleep(time.Second) }
		burst := func(n int) int {
			d.most = 0
			var group sync.WaitGroup
			for range n {
				group.Go(func() { _, _ = get(t, g) })
			}
			group.Wait()
			return d.most
		}
		if first, then := burst(4), burst(8); first != 4 || then != 5 {
			t.Errorf("%d, then %d at once; want half of 8, then one more", first, then)
		}
		if last := burst(60); last != 8 {
			t.Errorf("%d at once in the end; want 8 again", last)
		}
	})
}

func TestRetryAfterIsReadInBothFormsAndBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for header, want := range map[string]time.Duration{
			"7": 7 * time.Second, "0": time.Second, "-5": time.Second, "3600": 10 * time.Minute,
			strconv.Itoa(1 << 40): 10 * time.Minute, "": 5 * time.Second, "soon": 5 * time.Second,
			time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat): 90 * time.Second,
			time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat):       time.Second,
			strings.Repeat("9", 40): 10 * time.Minute,
		} {
			d := &dynamics{answer: func(int) (int, string) { return http.StatusTooManyRequests, header }}
			g := governor.New(governor.Options{Next: d})
			_, _ = get(t, g)
			if got := g.Paused(); got != want {
				t.Errorf("Retry-After %q pauses %v, want %v", header, got, want)
			}
		}
	})
}

func TestPlacesAreNeitherLostNorInvented(t *testing.T) {
	t.Parallel()
	d := &dynamics{work: func() { time.Sleep(50 * time.Microsecond) }}
	g := governor.New(governor.Options{Next: d, Concurrency: 4})
	var group sync.WaitGroup
	for i := range 32 {
		group.Go(func() {
			for j := range 40 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration((i*7+j*13)%200)*time.Microsecond)
				_, _ = send(ctx, g, nil)
				cancel()
			}
		})
	}
	group.Wait()
	if d.most > 4 {
		t.Errorf("%d at once", d.most)
	}
	for range 8 {
		if _, err := get(t, g); err != nil {
			t.Fatal(err)
		}
	}
}
