package dataverse_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/dataverse"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

func who(organization string) string { return `{"OrganizationId":"` + organization + `"}` }

func TestAStampedeSignsInOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var group sync.WaitGroup
	for range 52 {
		group.Go(func() {
			if _, err := w.Organization(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := w.count(dataversesim.OpToken); n != 1 {
		t.Errorf("%d token requests", n)
	}
}

// A gate holds token requests until it is opened.
type gate struct {
	*script
	open    chan struct{}
	arrived chan struct{}
}

func (g gate) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/token") {
		g.arrived <- struct{}{}
		select {
		case <-g.open:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	return g.script.RoundTrip(r)
}

func TestACallerThatGivesUpTakesNobodyAlong(t *testing.T) {
	t.Parallel()
	g := gate{script: &script{answer: always(200, nil, who(tenant))}, open: make(chan struct{}), arrived: make(chan struct{}, 9)}
	c := g.client(t, dataverse.DialectRealtime, func(_ *dataverse.Config, o *dataverse.Options) { o.HTTP = g })
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		if _, err := c.Organization(ctx); err == nil {
			t.Error("the one that gave up got an answer")
		}
	})
	<-g.arrived
	group.Go(func() {
		if _, err := c.Organization(t.Context()); err != nil {
			t.Errorf("the one that stayed: %v", err)
		}
	})
	cancel()
	time.Sleep(20 * time.Millisecond)
	close(g.open)
	group.Wait()
	if g.given != 1 {
		t.Errorf("%d tokens", g.given)
	}
}

// bearer answers with the token that was used.
func bearer(r *http.Request, _ int) (*http.Response, error) {
	resp := say(200, who(tenant))
	resp.Header.Set("X-Token", r.Header.Get("Authorization"))
	return resp, nil
}

func TestATokenIsRenewedEarlyAndBehindTheCallersBack(t *testing.T) {
	t.Parallel()
	clock := &stopped{at: time.Now()}
	s := &script{answer: bearer}
	c := s.client(t, dataverse.DialectRealtime, func(_ *dataverse.Config, o *dataverse.Options) { o.Now = clock.now })
	ask := func() int {
		t.Helper()
		if _, err := c.Organization(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.given
	}
	ask()
	clock.forward(54 * time.Minute)
	if n := ask(); n != 1 {
		t.Errorf("%d tokens with six minutes left", n)
	}
	clock.forward(90 * time.Second)
	ask()
	for deadline := time.Now().Add(5 * time.Second); ask() != 2; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the token was not renewed early")
		}
	}
	clock.forward(10 * time.Minute)
	if n := ask(); n != 2 {
		t.Errorf("%d tokens: the renewed one is not used", n)
	}
}

func TestAShortLifeIsUsedNevertheless(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(sim *dataversesim.Config, _ *dataverse.Config, _ *dataverse.Options) {
		sim.TokenLifetime = 4 * time.Minute
	})
	for range 10 {
		if _, err := w.Organization(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.count(dataversesim.OpToken); n != 1 {
		t.Errorf("%d token requests for ten calls", n)
	}
}

func TestAFailingSignInIsNotHammered(t *testing.T) {
	t.Parallel()
	clock := &stopped{at: time.Now()}
	w := newWorld(t, options(func(o *dataverse.Options) { o.Now = clock.now }))
	w.fault(dataversesim.OpToken, dataversesim.KindUnavailable, func(f *dataversesim.Fault) { f.Times = 2 })
	for range 20 {
		_, err := w.Organization(t.Context())
		if after, again := purchase.Retry(err); err == nil || !again || after <= 0 || after > time.Second {
			t.Fatalf("%v: after %v, again %v", err, after, again)
		}
	}
	if n := w.count(dataversesim.OpToken); n != 1 {
		t.Errorf("%d token requests", n)
	}
	clock.forward(time.Second)
	if _, err := w.Organization(t.Context()); err == nil {
		t.Error("the second fault did not show")
	}
	clock.forward(time.Second)
	if _, err := w.Organization(t.Context()); err == nil || w.count(dataversesim.OpToken) != 2 {
		t.Errorf("%v after %d requests; the second pause is two seconds", err, w.count(dataversesim.OpToken))
	}
	clock.forward(time.Second)
	if _, err := w.Organization(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestEntrasOwnPauseIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fault(dataversesim.OpToken, dataversesim.KindTooMany, func(f *dataversesim.Fault) { f.RetryAfter = "77" })
	_, err := w.Organization(t.Context())
	if after, again := purchase.Retry(err); !again || after != 77*time.Second {
		t.Errorf("%v: after %v, again %v", err, after, again)
	}
}

func TestWhatOnlyAPersonCanMendIsSaidOnceAMinuteWithItsFix(t *testing.T) {
	t.Parallel()
	const wrong = "a~wrong~secret~value"
	for code, row := range map[string]struct {
		change setup
		fix    string
	}{
		"AADSTS7000215": {settings(func(c *dataverse.Config) { c.ClientSecret = secret(t, t.TempDir(), "wrong", wrong) }), "its value, not its id"},
		"AADSTS700016":  {settings(func(c *dataverse.Config) { c.ClientID = nobody }), "client_id"},
		"AADSTS500011":  {settings(func(c *dataverse.Config) { c.Resource = "https://other.crm.dynamics.com" }), "url"},
		"AADSTS7000222": {func(*dataversesim.Config, *dataverse.Config, *dataverse.Options) {}, "expired"},
	} {
		w := newWorld(t, row.change)
		if code == "AADSTS7000222" {
			w.fault(dataversesim.OpToken, dataversesim.KindSecretExpired)
		}
		for range 3 {
			_, err := w.Price(t.Context(), key(nobody))
			if err == nil {
				t.Fatalf("%s: no error", code)
			}
			after, again := purchase.Retry(err)
			if again || after <= 0 || after > time.Minute || !strings.Contains(err.Error(), code) || !strings.Contains(err.Error(), row.fix) {
				t.Errorf("%s: %v: after %v, again %v", code, err, after, again)
			}
		}
		if o := w.finalize(key(nobody)); o.Result != purchase.Unsent || o.Reason != code {
			t.Errorf("%s: %+v", code, o)
		}
		if n := w.count(dataversesim.OpToken); n != 1 {
			t.Errorf("%s: %d token requests", code, n)
		}
	}
}

func TestATenantThatIsNotThereIsAnErrorForAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings(func(c *dataverse.Config) { c.TenantID = nobody }))
	_, err := w.Organization(t.Context())
	if _, again := purchase.Retry(err); err == nil || again {
		t.Errorf("%v", err)
	}
}

func TestATokenWithoutAnEndIsNotUnderstood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fault(dataversesim.OpToken, dataversesim.KindTokenNoExpiry)
	if _, err := w.Organization(t.Context()); err == nil || strings.Contains(err.Error(), "{") {
		t.Errorf("%v", err)
	}
}

func TestARenewedSecretNeedsNoRestart(t *testing.T) {
	t.Parallel()
	clock := &stopped{at: time.Now()}
	path := ""
	w := newWorld(t, options(func(o *dataverse.Options) { o.Now = clock.now }), settings(func(c *dataverse.Config) {
		c.ClientSecret = secret(t, t.TempDir(), "old", "old~secret")
		path = strings.TrimPrefix(c.ClientSecret.String(), "file:")
	}))
	if _, err := w.Organization(t.Context()); err == nil {
		t.Fatal("the old secret was taken")
	}
	if err := os.WriteFile(path, []byte(dataversesim.DefaultClientSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	clock.forward(time.Minute)
	if _, err := w.Organization(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestACertificateAndAFederatedTokenSignInToo(t *testing.T) {
	t.Parallel()
	certificate, bundle := selfSigned(t, 300*24*time.Hour)
	byCertificate := newWorld(t, func(sim *dataversesim.Config, c *dataverse.Config, _ *dataverse.Options) {
		sim.ClientCertificate = certificate
		c.ClientSecret, c.ClientCertificate = field.Secret{}, secret(t, t.TempDir(), "bundle.pem", bundle)
	})
	if _, err := byCertificate.Organization(t.Context()); err != nil {
		t.Errorf("certificate: %v", err)
	}
	federated := newWorld(t, func(sim *dataversesim.Config, c *dataverse.Config, _ *dataverse.Options) {
		sim.FederatedAssertion = "a.platform.token"
		c.ClientSecret, c.FederatedTokenFile = field.Secret{}, strings.TrimPrefix(secret(t, t.TempDir(), "token", "a.platform.token").String(), "file:")
	})
	if _, err := federated.Organization(t.Context()); err != nil {
		t.Errorf("federated: %v", err)
	}
}

// selfSigned makes a certificate and the PEM of key and certificate, key first as many tools write it.
func selfSigned(t *testing.T, life time.Duration) (*x509.Certificate, string) {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "paybridge"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(life)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	var bundle bytes.Buffer
	for _, block := range []*pem.Block{{Type: "PRIVATE KEY", Bytes: raw}, {Type: "CERTIFICATE", Bytes: der}} {
		if err := pem.Encode(&bundle, block); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, strings.TrimSpace(bundle.String())
}

func TestAReadRenewsATokenThatIsTurnedDownOnce(t *testing.T) {
	t.Parallel()
	clock := &stopped{at: time.Now()}
	w := newWorld(t, options(func(o *dataverse.Options) { o.Now = clock.now }))
	if _, err := w.Organization(t.Context()); err != nil {
		t.Fatal(err)
	}
	clock.forward(time.Minute)
	w.fault(dataversesim.OpWhoAmI, dataversesim.KindUnauthorized)
	if _, err := w.Organization(t.Context()); err != nil || w.count(dataversesim.OpToken) != 2 {
		t.Errorf("%v with %d tokens", err, w.count(dataversesim.OpToken))
	}
	w.fault(dataversesim.OpWhoAmI, dataversesim.KindUnauthorized, func(f *dataversesim.Fault) { f.Times = -1 })
	before := w.count(dataversesim.OpWhoAmI)
	for range 5 {
		if _, err := w.Organization(t.Context()); err == nil {
			t.Error("a 401 for ever is an error")
		}
	}
	if asked, tokens := w.count(dataversesim.OpWhoAmI)-before, w.count(dataversesim.OpToken); asked != 5 || tokens != 2 {
		t.Errorf("%d calls and %d tokens: a fresh token is not to blame", asked, tokens)
	}
}

func TestNoErrorAndNoLogHoldsASecretOrAToken(t *testing.T) {
	t.Parallel()
	kinds := append(dataversesim.Kinds(), "")
	for _, kind := range kinds {
		w := newWorld(t, variant(dataversesim.VariantOutbound), impatient(100*time.Millisecond))
		for _, op := range []string{dataversesim.OpToken, dataversesim.AnyWebAPI} {
			if kind != "" {
				w.fault(op, kind, func(f *dataversesim.Fault) { f.Times, f.Delay = 1, time.Millisecond })
			}
		}
		var said []string
		for range 2 {
			_, err := w.Price(t.Context(), w.register())
			if err != nil {
				said = append(said, err.Error())
			}
			said = append(said, w.finalize(w.register()).Reason)
			for _, f := range w.Inspect(t.Context()) {
				said = append(said, f.Detail, f.Fix)
			}
		}
		for _, entry := range w.logs.All() {
			said = append(said, entry.Message)
			for _, f := range entry.Context {
				said = append(said, f.Key, f.String)
				if err, ok := f.Interface.(error); ok {
					said = append(said, err.Error())
				}
			}
		}
		for _, text := range said {
			for _, forbidden := range []string{dataversesim.DefaultClientSecret, "client_secret=", "Bearer", "access_token", "example.org", "Lovelace", "eyJ"} {
				if strings.Contains(text, forbidden) {
					t.Errorf("%s: %q is in %q", kind, forbidden, text)
				}
			}
		}
	}
}

func TestAManagedIdentitySignsInAsTheMachineAndIsRenewedWhenItIsTurnedDown(t *testing.T) {
	t.Parallel()
	clock := &stopped{at: time.Now()}
	turned := false
	s := &script{answer: func(r *http.Request, n int) (*http.Response, error) {
		if r.Header.Get("Authorization") == "Bearer token-1" && turned {
			return say(401, ""), nil
		}
		return say(200, who(tenant)), nil
	}}
	c := s.client(t, dataverse.DialectRealtime, func(cfg *dataverse.Config, o *dataverse.Options) {
		cfg.ClientSecret, cfg.ManagedIdentity, o.Now = field.Secret{}, true, clock.now
	})
	if _, err := c.Organization(t.Context()); err != nil {
		t.Fatal(err)
	}
	clock.forward(time.Minute)
	turned = true
	if _, err := c.Organization(t.Context()); err != nil || s.given != 2 {
		t.Errorf("%v with %d tokens", err, s.given)
	}
}
