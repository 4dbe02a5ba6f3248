package providersim

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAdyensRetriesEndAfterAMonth(t *testing.T) {
	t.Parallel()
	var waits []time.Duration
	total := time.Duration(0)
	for try := 1; ; try++ {
		wait, more := adyenRetries(try)
		if !more {
			break
		}
		waits, total = append(waits, wait), total+wait
	}
	if !slices.Equal(waits[:12], adyenSteps) || waits[12] != 8*time.Hour || total > 30*24*time.Hour || total < 29*24*time.Hour {
		t.Errorf("%d waits of %s: %v", len(waits), total, waits[:14])
	}
}

// An adyenEndpoint refuses so many tries, and answers the others with a body.
type adyenEndpoint struct {
	mu      sync.Mutex
	refuses int
	body    string
	seen    []string
}

func (e *adyenEndpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	_, after, _ := strings.Cut(string(body), `"merchantReference":"`)
	reference, _, _ := strings.Cut(after, `"`)
	status := http.StatusOK
	if e.refuses > 0 {
		e.refuses--
		status = http.StatusUnauthorized
	}
	e.seen = append(e.seen, reference)
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(e.body)), Request: r}, nil
}

func TestAMessageThatIsNotTakenHoldsUpTheOthers(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{"[accepted]": "first first first second", "OK": "first first first first first first second"} {
		e := &adyenEndpoint{refuses: 2, body: word}
		s := NewAdyen(Config{Seed: 2, Deliver: e, Retry: func(try int) (time.Duration, bool) { return time.Millisecond, try < 6 }}) // an old endpoint
		s.SetCallback("https://pay.example.org/callback/main")
		for _, reference := range []string{"first", "second"} {
			if _, err := s.Button(ButtonPayment{Purchase: reference, Value: "45.00", Currency: "EUR"}); err != nil {
				t.Fatal(err)
			}
		}
		var got string
		for range 1000 {
			e.mu.Lock()
			got = strings.Join(e.seen, " ")
			e.mu.Unlock()
			if strings.HasPrefix(got, want) {
				break
			}
			time.Sleep(2 * time.Millisecond)
		}
		s.Close()
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", word, got)
		}
	}
}
