package protocol_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
)

// mostTaken is a little more than the 4 MiB of an answer that are read.
const mostTaken = 5 << 20

// A gauge watches how much of an answer is taken in, unpacked.
type gauge struct {
	http.RoundTripper
	t *testing.T
}

func (g gauge) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := g.RoundTripper.RoundTrip(r)
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
	if g.taken += n; g.taken > mostTaken {
		g.t.Errorf("%d bytes of an answer were taken in", g.taken)
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

func TestAProviderThatFloodsUsIsCutOff(t *testing.T) {
	t.Parallel()
	for name, flood := range map[string]http.HandlerFunc{
		"an answer without an end": func(w http.ResponseWriter, _ *http.Request) {
			for chunk := strings.Repeat("a", 1<<16); ; {
				if _, err := io.WriteString(w, chunk); err != nil {
					return
				}
			}
		},
		"a little that unpacks to 64 MiB": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			packer := gzip.NewWriter(w)
			for chunk := make([]byte, 1<<20); ; {
				if _, err := packer.Write(chunk); err != nil || packer.Flush() != nil {
					return
				}
			}
		},
		"a byte at a time": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, " "); err != nil || http.NewResponseController(w).Flush() != nil {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
		},
		"nothing at all":    func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"12 MiB of headers": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("a", 12<<20)) },
		"less than it says": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			_, _ = io.WriteString(w, "{}")
		},
		"deep nesting": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("[", 1<<20)) },
		"another address": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://evil.example/", http.StatusTemporaryRedirect)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // else the server does not notice that nobody waits any more
				flood(w, r)
			}))
			defer server.Close()
			transport := http.DefaultTransport.(*http.Transport).Clone()
			defer transport.CloseIdleConnections()
			sender, err := protocol.NewSender("shop", protocol.Endpoint{Timeout: field.Duration(500 * time.Millisecond)}, protocol.Options{HTTP: gauge{transport, t}}.Filled())
			if err != nil {
				t.Fatal(err)
			}
			c := protocol.Client{Sender: sender, Origin: server.URL, Authorise: func(*protocol.Request) error { return nil },
				Words: func(protocol.Response) ([]string, string) { return nil, "" }}
			var into any
			if err := c.Call(t.Context(), protocol.Call{Operation: "read", Method: http.MethodPost, JSON: 1}, &into); err == nil || into != nil {
				t.Errorf("understood as %v, %v", into, err)
			}
		})
	}
}
