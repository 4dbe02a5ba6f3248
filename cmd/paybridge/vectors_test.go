package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
)

// vectors is the file of published PayPal signatures. Its copy and the names of its sources are with the adapter.
type vectors struct {
	Certificates []struct {
		ID  string `json:"id"`
		URL string `json:"cert_url"`
		PEM string `json:"pem"`
	} `json:"certificates"`
	Authorities []struct {
		PEM string `json:"pem"`
	} `json:"certificate_authorities"`
	Vectors []vector `json:"vectors"`
}

type vector struct {
	Name    string            `json:"name"`
	Kind    string            `json:"kind"`
	Valid   bool              `json:"valid"`
	Headers map[string]string `json:"headers"`
	Webhook string            `json:"webhook_id"`
	Body    string            `json:"body"`
}

func loadVectors(t *testing.T) vectors {
	t.Helper()
	raw, err := os.ReadFile("../../providers/paypal/testdata/paypal-webhook-rsa.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// fixedClock stands still.
type fixedClock struct{ at time.Time }

func (c fixedClock) Now() time.Time { return c.at }
func (fixedClock) Sleep(ctx context.Context, d time.Duration) error {
	return wallClock{}.Sleep(ctx, d)
}

// face is the daemon's public face with its clock set, for the account that the vector was sent to.
func face(t *testing.T, all vectors, v vector, at time.Time) (*program, *httptest.Server) {
	t.Helper()
	dir := t.TempDir()
	certificates := filepath.Join(dir, "certificates")
	if err := os.Mkdir(certificates, 0o700); err != nil {
		t.Fatal(err)
	}
	var bundle strings.Builder
	for _, ca := range all.Authorities {
		bundle.WriteString(ca.PEM + "\n")
	}
	put := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range all.Certificates {
		put(filepath.Join("certificates", filepath.Base(c.URL)+".pem"), c.PEM)
	}
	put("bundle.pem", bundle.String())
	put("secret", "0123456789abcdef0123456789abcdef")
	mode, webhook, simulator := "sandbox", v.Webhook, ""
	switch {
	case v.Webhook == "WEBHOOK_ID":
		webhook, simulator = "1AB00000ID000001K", "\n      accept_simulator: true"
	case strings.Contains(v.Headers["PAYPAL-CERT-URL"], "//api.paypal.com/"):
		mode = "live"
	}
	put("paybridge.yaml", fmt.Sprintf(`version: 1
server: {listen: "127.0.0.1:0", public_url: https://pay.example.org}
operations: {listen: "127.0.0.1:0"}
store: %[1]s/paybridge.db
seal_keys: [file:%[1]s/secret]
environments:
  main:
    mode: %[2]s
    dataverse: {url: https://contoso.crm4.dynamics.com, dialect: realtime, tenant_id: 00000000-1111-4222-8333-444444444444,
      client_id: 55555555-6666-4777-8888-999999999999, client_secret: "file:%[1]s/secret", window: 50m}
accounts:
  shop:
    environment: main
    paypal:
      client_id: app
      client_secret: file:%[1]s/secret
      webhook_id: %[3]s
      verify: offline
      ca_bundle: %[1]s/bundle.pem
      certificates: %[1]s/certificates%[4]s
`, dir, mode, webhook, simulator))
	c, err := loadConfig(filepath.Join(dir, "paybridge.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := wire(t.Context(), c, wiring{clock: fixedClock{at}, log: zap.NewNop(), registry: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(p.public)
	t.Cleanup(func() { server.Close(); p.close() })
	return p, server
}

func transmit(t *testing.T, server *httptest.Server, v vector) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/callback/shop", bytes.NewReader([]byte(v.Body)))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range v.Headers {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func TestPublishedPayPalSignaturesGoThroughThePublicFace(t *testing.T) {
	t.Parallel()
	all := loadVectors(t)
	for _, v := range all.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			at, err := time.Parse(time.RFC3339, v.Headers["PAYPAL-TRANSMISSION-TIME"])
			if err != nil {
				t.Fatalf("the vector has no time: %v", err)
			}
			p, server := face(t, all, v, at.Add(time.Second))
			want := http.StatusUnauthorized
			if v.Valid {
				want = http.StatusOK
			}
			if got := transmit(t, server, v); got != want {
				t.Fatalf("at its own time: %d, want %d", got, want)
			}
			if v.Valid {
				rows, _, err := p.store.List(t.Context(), bridge.Query{})
				if err != nil || len(rows) == 0 {
					t.Fatalf("acknowledged and not kept: %v", err)
				}
				for _, r := range rows {
					if !r.Key.Orphaned() {
						t.Errorf("it names no purchase of ours, but was kept as %s", r.Key)
					}
				}
			}
			_, today := face(t, all, v, time.Now())
			if got := transmit(t, today, v); got != http.StatusUnauthorized {
				t.Errorf("today: %d, want a refusal", got)
			}
		})
	}
}
