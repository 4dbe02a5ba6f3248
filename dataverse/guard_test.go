package dataverse_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/dataverse"
)

// pause is how a governor says no; its own package may not be used here.
type pause struct{ d time.Duration }

func (p pause) Error() string                { return "paused" }
func (p pause) Retry() (time.Duration, bool) { return p.d, true }

func final(before time.Duration) purchase.Final {
	return purchase.Final{Key: key(somePurchase), Event: concert, SendBefore: time.Now().Add(before)}
}

func TestACallThatTheTransportNeverTookIsUnsent(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	for name, row := range map[string]struct {
		answer func(*http.Request, int) (*http.Response, error)
		want   purchase.Outcome
	}{
		"no connection": {func(*http.Request, int) (*http.Response, error) { return nil, dial }, purchase.Outcome{Result: purchase.Unsent, Reason: "no_connection"}},
		"a pause": {func(*http.Request, int) (*http.Response, error) { return nil, pause{42 * time.Second} },
			purchase.Outcome{Result: purchase.Unsent, Reason: "paused", After: 42 * time.Second}},
		"an answer before the body": {func(*http.Request, int) (*http.Response, error) { return say(503, html), nil }, purchase.Outcome{Result: purchase.Unsent, Reason: "http_503"}},
		"a yes before the body":     {func(*http.Request, int) (*http.Response, error) { return say(200, `{"status":"Success"}`), nil }, purchase.Outcome{Result: purchase.Unsent, Reason: "http_200"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{answer: row.answer}
			if got := s.client(t, dataverse.DialectOutbound).Finalize(t.Context(), final(time.Minute)); got != row.want || len(s.calls) != 1 {
				t.Errorf("%+v after %d calls, want %+v", got, len(s.calls), row.want)
			}
		})
	}
}

func TestACallThatTheTransportTookIsUnknownWhateverTheError(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]error{
		"broken": &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset by peer")}, "ended": io.EOF, "odd": errors.New("http: server closed idle connection"),
		"timeout": context.DeadlineExceeded,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{answer: func(r *http.Request, _ int) (*http.Response, error) {
				if err := swallow(r); err != nil {
					return nil, err
				}
				return nil, trouble
			}}
			if got := s.client(t, dataverse.DialectRealtime).Finalize(t.Context(), final(time.Minute)); got.Result != purchase.Unknown || len(s.calls) != 1 {
				t.Errorf("%+v after %d calls", got, len(s.calls))
			}
		})
	}
}

func TestOneByteIsEnoughToBeUnknown(t *testing.T) {
	t.Parallel()
	s := &script{answer: func(r *http.Request, _ int) (*http.Response, error) {
		_, _ = r.Body.Read(make([]byte, 1))
		return nil, errors.New("broken pipe")
	}}
	if got := s.client(t, dataverse.DialectRealtime).Finalize(t.Context(), final(time.Minute)); got.Result != purchase.Unknown {
		t.Errorf("%+v", got)
	}
}

func TestABodyThatIsTakenTooLateIsRefusedToTheTransport(t *testing.T) {
	t.Parallel()
	clock := &stopped{at: time.Now()}
	taken := errors.New("never asked")
	s := &script{answer: func(r *http.Request, _ int) (*http.Response, error) {
		clock.forward(3 * time.Second) // a slow connection
		taken = swallow(r)
		return nil, taken
	}}
	c := s.client(t, dataverse.DialectRealtime, func(_ *dataverse.Config, o *dataverse.Options) { o.Now = clock.now })
	got := c.Finalize(t.Context(), purchase.Final{Key: key(somePurchase), SendBefore: clock.now().Add(2 * time.Second)})
	if got != (purchase.Outcome{Result: purchase.Unsent, Reason: "late"}) || taken == nil {
		t.Errorf("%+v; the transport got %v", got, taken)
	}
}

func TestASlowConnectionEndsAtTheLastInstant(t *testing.T) {
	t.Parallel()
	var arrived atomic.Int32
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived.Add(1) }))
	t.Cleanup(server.Close)
	slow := server.Client().Transport.(*http.Transport).Clone()
	dial := slow.DialContext
	slow.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		select {
		case <-time.After(10 * time.Second):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		return dial(ctx, network, address)
	}
	t.Cleanup(slow.CloseIdleConnections)
	s := &script{answer: func(r *http.Request, _ int) (*http.Response, error) {
		r.URL.Host = strings.TrimPrefix(server.URL, "https://")
		return slow.RoundTrip(r)
	}}
	began := time.Now()
	got := s.client(t, dataverse.DialectRealtime).Finalize(t.Context(), final(150*time.Millisecond))
	if took := time.Since(began); got != (purchase.Outcome{Result: purchase.Unsent, Reason: "late"}) || took > 3*time.Second || arrived.Load() != 0 {
		t.Errorf("%+v after %v, %d arrived", got, took, arrived.Load())
	}
}

func TestAPeerThatNeverTakesTheBodyNeverHasTheCall(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"HTTP/1.1", "HTTP/2.0"} {
		var whole atomic.Int32
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if body, err := io.ReadAll(r.Body); err == nil && len(body) > 0 && int64(len(body)) == r.ContentLength {
				whole.Add(1)
			}
		}))
		server.EnableHTTP2 = version == "HTTP/2.0"
		server.StartTLS()
		transport := server.Client().Transport
		s := &script{answer: func(r *http.Request, _ int) (*http.Response, error) {
			r.URL.Host = strings.TrimPrefix(server.URL, "https://")
			return transport.RoundTrip(r)
		}}
		clock := &stopped{at: time.Now()}
		c := s.client(t, dataverse.DialectRealtime, func(_ *dataverse.Config, o *dataverse.Options) { o.Now = clock.now })
		late := purchase.Final{Key: key(somePurchase), SendBefore: clock.now().Add(-time.Millisecond)}
		if got := c.Finalize(t.Context(), late); got.Result != purchase.Unsent || got.Reason != "late" {
			t.Errorf("%s: %+v", version, got)
		}
		if got := c.Finalize(t.Context(), final(time.Minute)); got.Result != purchase.Acknowledged {
			t.Errorf("%s, in time: %+v", version, got)
		}
		server.Close()
		if whole.Load() != 1 {
			t.Errorf("%s: %d whole calls arrived, want the one in time", version, whole.Load())
		}
	}
}

func TestWithoutATokenNothingIsSent(t *testing.T) {
	t.Parallel()
	s := &script{answer: func(*http.Request, int) (*http.Response, error) { panic("nothing may be sent") }}
	c := s.client(t, dataverse.DialectRealtime, func(cfg *dataverse.Config, _ *dataverse.Options) {
		cfg.ClientSecret = secret(t, t.TempDir(), "empty", "")
	})
	if got := c.Finalize(t.Context(), final(time.Minute)); got != (purchase.Outcome{Result: purchase.Unsent, Reason: "no_token", After: time.Minute}) {
		t.Errorf("%+v", got)
	}
}
