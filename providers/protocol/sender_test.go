package protocol_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paybridge/paybridge/providers/protocol"
)

// A desk is a provider's API that answers every call alike, and counts them.
type desk struct {
	*httptest.Server
	calls atomic.Int32
}

func newDesk(t *testing.T, answer http.HandlerFunc) *desk {
	t.Helper()
	d := new(desk)
	d.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.calls.Add(1)
		answer(w, r)
	}))
	t.Cleanup(d.Close)
	return d
}

func (d *desk) sender(t *testing.T) *protocol.Sender {
	t.Helper()
	s, err := protocol.NewSender("psp", protocol.Endpoint{}, protocol.Options{HTTP: d.Client().Transport}.Filled())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// post makes one call and says how many came of it.
func (d *desk) post(t *testing.T, repeatable bool) (calls int32, got protocol.Response, err error) {
	t.Helper()
	before := d.calls.Load()
	got, err = d.sender(t).Do(t.Context(), protocol.Request{Operation: protocol.Capture, Method: http.MethodPost, URL: d.URL + "/capture",
		Header: http.Header{"Authorization": {"Bearer the-key"}}, Body: []byte("{}"), Repeatable: repeatable})
	return d.calls.Load() - before, got, err
}

// hangUp breaks the connection when the call is there and nothing was said.
func hangUp(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

func says(status int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
	}
}

func TestWhatMayHaveWorkedIsNotRepeated(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		again  int32 // calls in all, where the same call twice is one
	}{
		"the connection breaks":   {hangUp, 3},
		"the server has a fault":  {says(http.StatusInternalServerError), 3},
		"nobody behind the front": {says(http.StatusBadGateway), 3},
		"too many":                {says(http.StatusTooManyRequests), 3},
		"a long pause is wanted":  {says(http.StatusServiceUnavailable, "Retry-After", "120"), 1},
		"it was turned down":      {says(http.StatusBadRequest), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, c.answer)
			if calls, _, _ := d.post(t, false); calls != 1 {
				t.Errorf("%d calls of one that is not to be repeated", calls)
			}
			if calls, _, _ := d.post(t, true); calls != c.again {
				t.Errorf("%d calls of one that may be, want %d", calls, c.again)
			}
		})
	}
}

func TestNoRedirectIsFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := newDesk(t, says(http.StatusOK))
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		d := newDesk(t, says(status, "Location", elsewhere.URL))
		if calls, got, err := d.post(t, true); calls != 1 || got.Status != status || err != nil {
			t.Errorf("%d: %d calls, answered %d, %v", status, calls, got.Status, err)
		}
	}
	if n := elsewhere.calls.Load(); n != 0 {
		t.Errorf("%d calls went elsewhere", n)
	}
}

func TestAPauseThatAProviderAsksForIsHandedOn(t *testing.T) {
	t.Parallel()
	s := newDesk(t, says(http.StatusOK)).sender(t)
	for name, c := range map[string]struct {
		status int
		header string
		after  time.Duration
		again  bool
	}{
		"too many, two minutes":    {http.StatusTooManyRequests, "120", 2 * time.Minute, true},
		"too many, no word":        {http.StatusTooManyRequests, "", 5 * time.Second, true},
		"too many, nonsense":       {http.StatusTooManyRequests, "-3", 5 * time.Second, true},
		"too many, for ever":       {http.StatusTooManyRequests, "99999999999999", time.Hour, true},
		"too many, for a day":      {http.StatusTooManyRequests, "86400", time.Hour, true},
		"down for maintenance":     {http.StatusServiceUnavailable, "90", 90 * time.Second, true},
		"a refusal by the rules":   {http.StatusUnprocessableEntity, "90", 0, false},
		"credentials, for a while": {http.StatusUnauthorized, "", time.Minute, true},
	} {
		h := http.Header{}
		h.Set("Retry-After", c.header)
		after, again := s.Refused(protocol.Capture, protocol.Response{Status: c.status, Header: h}, nil, "").Retry()
		if after != c.after || again != c.again {
			t.Errorf("%s: after %s, again %v", name, after, again)
		}
	}
}
