package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
)

func TestABuyerIsSentBackToAllowedSitesOnly(t *testing.T) {
	t.Parallel()
	c := &Config{ReturnOrigins: []string{"https://events.example.org", "http://localhost:3000"}}
	for address, allowed := range map[string]bool{
		"https://events.example.org":                        true,
		"https://EVENTS.example.org/thanks?a=b#c":           true,
		"https://events.example.org:443/":                   true,
		"http://localhost:3000/x":                           true,
		"https://events.example.org.evil.example/":          false,
		"https://events.example.orgy/":                      false,
		"https://events.example.org:8443/":                  false,
		"http://events.example.org/":                        false,
		"https://events.example.org@evil.example/":          false,
		"https://evil.example/https://events.example.org":   false,
		"https://evil.example/?https://events.example.org":  false,
		`https://events.example.org\@evil.example/`:         false,
		"//evil.example/":                                   false,
		"javascript:alert('https://events.example.org')":    false,
		"https://events.example.org\r\nX-Other: yes":        false,
		"https:///events.example.org":                       false,
		"http://localhost:30001/":                           false,
		"https://xn--events-example-org.evil.example/":      false,
		"https://sub.events.example.org/":                   false,
		"https:events.example.org":                          false,
		" https://events.example.org":                       false,
		"HTTPS://events.example.org.evil.example:443/a?b=c": false,
	} {
		if c.allows(address) != allowed {
			t.Errorf("%q: allowed %v", address, !allowed)
		}
	}
}

func TestStrangersAddNoLabelToAnyMetric(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	server := httptest.NewServer(NewPublic(Options{Bridge: &engine{checkout: bridge.CheckoutResult{Outcome: bridge.UnknownPurchase}}, Log: zap.NewNop(),
		Accounts: []bridge.Account{{Name: "shop", Kind: "paypal"}}, Registerer: registry, Now: time.Now}))
	t.Cleanup(server.Close)
	before, err := testutil.GatherAndCount(registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/pay/made-up", "/pay/shop?purchaseId=made-up", "/pay/shop?purchaseId=ab62525b-7a63-47c0-b6e8-17ad1a2c67a6", "/callback/made-up", "/callback/shop",
		"/return/made-up", "/invoice/made-up", "/made-up"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, "MADEUP"} {
			fetch(t, server, method, path, url.Values{}, nil)
		}
	}
	if after, err := testutil.GatherAndCount(registry); err != nil || after != before {
		t.Errorf("%d series were %d before strangers came, %v", after, before, err)
	}
}

func TestTheSocketOfDecisionsReplacesNothingButASocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "control")
	if err := os.WriteFile(path, []byte("somebody's"), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := ListenControl(path); err == nil {
		l.Close()
		t.Fatal("a file was replaced by a socket")
	}
	if raw, err := os.ReadFile(path); err != nil || string(raw) != "somebody's" {
		t.Fatalf("the file holds %q, %v", raw, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"where nothing is", "where a daemon before left its own"} {
		l, err := ListenControl(path)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if second, err := ListenControl(path); err == nil {
			second.Close()
			t.Errorf("%s: a second daemon took the place of the first", what)
		}
		l.Close()
	}
}

func TestTheSocketOfDecisionsIsForItsUserOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "control")
	l, err := ListenControl(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if is, err := os.Stat(path); err != nil || is.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v, %v", is.Mode(), err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%d entries beside it, %v", len(left), err)
	}
}
