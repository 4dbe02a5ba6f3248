package dataverse

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
)

// floods are answers that would fill the memory or take all the time there is.
var floods = map[string]func(w http.ResponseWriter, r *http.Request){
	"an answer without an end": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"status":"`)
		for chunk := strings.Repeat("a", 1<<16); ; {
			if _, err := io.WriteString(w, chunk); err != nil {
				return
			}
		}
	},
	"a little that unpacks to 64 MiB": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		packer := gzip.NewWriter(w)
		chunk := make([]byte, 1<<20)
		for range 64 {
			if _, err := packer.Write(chunk); err != nil {
				return
			}
		}
		_ = packer.Close()
	},
	"a byte at a time": func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, " "); err != nil || http.NewResponseController(w).Flush() != nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	},
	"nothing at all": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	"less than it says": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"status":"Success"}`)
	},
	"nested 200,000 deep": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat(`{"a":`, 200_000)+"1"+strings.Repeat("}", 200_000))
	},
	"lists 400,000 deep": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("[", 400_000)+strings.Repeat("]", 400_000))
	},
	"12 MiB of headers": func(w http.ResponseWriter, _ *http.Request) { longHeaders(w); _, _ = io.WriteString(w, "{}") },
	"an early answer": func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		<-time.After(10 * time.Millisecond)
	},
	"a name 100,000 times": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"status":"Success"`+strings.Repeat(`,"a":1`, 100_000)+"}")
	},
}

func longHeaders(w http.ResponseWriter) {
	for i := range 12 {
		w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("a", 1<<20))
	}
}

// A gauge watches how much of an answer is taken in, unpacked.
type gauge struct {
	*http.Transport
	t *testing.T
}

func (g gauge) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := g.Transport.RoundTrip(r)
	if err == nil {
		resp.Body = &gauged{ReadCloser: resp.Body, t: g.t}
	}
	return resp, err
}

type gauged struct {
	io.ReadCloser
	t     *testing.T
	taken int
}

func (g *gauged) Read(p []byte) (int, error) {
	n, err := g.ReadCloser.Read(p)
	if g.taken += n; g.taken > 2*maxAnswer {
		g.t.Errorf("%d bytes of an answer were taken in", g.taken)
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

func TestWhateverFloodsUsIsCutOffAndProvesNothing(t *testing.T) {
	t.Parallel()
	for name, flood := range floods {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var finalizes atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if strings.Contains(strings.ToLower(r.URL.Path), "finalize") {
					finalizes.Add(1)
				}
				flood(w, r)
			}))
			defer server.Close()
			for i, dialect := range []Dialect{DialectOutbound, DialectRealtime} {
				transport, err := Config{}.transport()
				if err != nil {
					t.Fatal(err)
				}
				c, err := New(Config{URL: server.URL, Dialect: dialect, Timeout: field.Duration(250 * time.Millisecond)}, Options{HTTP: gauge{transport, t}})
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				c.safe.RetryMax = 0
				c.tokens.succeeded("token", time.Hour)
				key := purchase.Key{ID: somePurchase}
				outcome := c.Finalize(t.Context(), purchase.Final{Key: key, Event: "E1"})
				proven := name == "a name 100,000 times" && dialect == DialectOutbound && outcome.Result == purchase.Confirmed
				if !proven && !slices.Contains([]purchase.Result{purchase.Unknown, purchase.Acknowledged}, outcome.Result) {
					t.Errorf("%s: finalize: %+v", dialect, outcome)
				}
				if n := finalizes.Load(); n != int64(i+1) {
					t.Errorf("%s: %d finalizes were sent", dialect, n)
				}
				if offer, err := c.Price(t.Context(), key); err == nil {
					t.Errorf("%s: a price of %v", dialect, offer.Money)
				}
				if seats, err := c.ReadBack(t.Context(), key); err == nil && seats != purchase.SeatsUnsaid {
					t.Errorf("%s: seats %s", dialect, seats)
				}
			}
		})
	}
}
