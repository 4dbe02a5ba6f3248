package paypal_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/paypal"
	"github.com/paybridge/paybridge/providers/protocol"
	"github.com/paybridge/paybridge/providers/providersim"
)

// genuine is a delivery of a sale at the simulator.
func (w *world) genuine(t *testing.T) purchase.Delivery {
	t.Helper()
	if _, _, err := w.sim.Buy(providersimButton("45.00")); err != nil {
		t.Fatal(err)
	}
	return w.next(t, 0)
}

func unchecked(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, purchase.ErrUnchecked) || errors.Is(err, purchase.ErrForged) {
		t.Errorf("%s: not called unchecked: %v", what, err)
	}
}

func TestTheBodyGoesToPayPalByteForByte(t *testing.T) {
	t.Parallel()
	s := newStub(map[string]string{"POST /v1/notifications/verify-webhook-signature": `{"verification_status":"SUCCESS"}`})
	p := atStub(t, s, func(c *paypal.Config) { c.Verify = "" })
	v := loadVectors(t).Vectors[0]
	d := v.delivery(v.sent(t))
	d.Body = []byte("{ \"event_type\" : \"X.Y\",\n\t\"a\":1.0e1, \"b\":\"\\u003c<>&\u2028\" }")
	if _, err := p.Read(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	sent := s.bodies[len(s.bodies)-1]
	for _, part := range []string{`"webhook_event":` + string(d.Body) + `}`, `"webhook_id":"0WH00000ID000001K"`, `"auth_algo":"SHA256withRSA"`,
		`"transmission_id":"` + v.Headers["PAYPAL-TRANSMISSION-ID"] + `"`, `"cert_url":"` + v.Headers["PAYPAL-CERT-URL"] + `"`} {
		if !strings.Contains(sent, part) {
			t.Errorf("%s is not in %s", part, sent)
		}
	}
}

func TestPayPalsVerdictDecidesAndItsSilenceDoesNot(t *testing.T) {
	t.Parallel()
	v := loadVectors(t).Vectors[0]
	for name, c := range map[string]struct {
		status int
		body   string
		forged bool
	}{
		"failure":           {200, `{"verification_status":"FAILURE"}`, true},
		"not well-formed":   {400, `{"name":"VALIDATION_ERROR"}`, true},
		"something else":    {200, `{"verification_status":"MAYBE"}`, false},
		"nothing":           {200, ``, false},
		"an outage":         {503, `<html>`, false},
		"no connection":     {0, "no route to host", false},
		"our credentials":   {403, `{"name":"NOT_AUTHORIZED"}`, false},
		"too many requests": {429, `{"name":"RATE_LIMIT_REACHED"}`, false},
	} {
		s := newStub(nil)
		s.do("POST /v1/notifications/verify-webhook-signature", func(*http.Request, string) (int, string) { return c.status, c.body })
		p := atStub(t, s, func(c *paypal.Config) { c.Verify = "paypal" })
		_, err := p.Read(t.Context(), v.delivery(v.sent(t)))
		if c.forged {
			refusal(t, err)
		} else {
			unchecked(t, name, err)
		}
	}
}

func TestABodyThatIsNoJSONNeverGetsIntoTheQuestion(t *testing.T) {
	t.Parallel()
	s := newStub(map[string]string{"POST /v1/notifications/verify-webhook-signature": `{"verification_status":"SUCCESS"}`})
	p := atStub(t, s, func(c *paypal.Config) { c.Verify = "paypal" })
	v := loadVectors(t).Vectors[0]
	for _, body := range []string{`{},"webhook_id":"OTHER","webhook_event":{}`, `[]`, `"x"`, `{`, `null`} {
		d := v.delivery(v.sent(t))
		d.Body = []byte(body)
		if _, err := p.Read(t.Context(), d); refusal(t, err) != purchase.Malformed {
			t.Errorf("%s: %v", body, err)
		}
	}
	d := v.delivery(v.sent(t))
	d.Body = []byte(`{"event_type":"X.Y","pad":"` + strings.Repeat("x", 1<<20) + `"}`)
	if _, err := p.Read(t.Context(), d); refusal(t, err) != purchase.Malformed {
		t.Errorf("more than 1 MiB: %v", err)
	}
	if n := s.count("POST /v1/notifications/verify-webhook-signature"); n != 0 {
		t.Errorf("asked %d times", n)
	}
}

func TestSimulatorMessagesAreCheckedHereEvenWherePayPalChecksTheRest(t *testing.T) {
	t.Parallel()
	f := loadVectors(t)
	for _, v := range f.Vectors {
		if v.Kind != "simulator" {
			continue
		}
		p := f.account(t, v, func(c *paypal.Config, _ *protocol.Options) { c.Verify, c.WebhookID = "paypal", "0WH00000ID000001K" })
		if _, err := p.Read(t.Context(), v.delivery(v.sent(t))); err != nil {
			t.Errorf("%s: %v", v.Name, err)
		}
	}
}

func TestCertificateIsFetchedOnceAndItsAbsenceIsForgery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	d := w.genuine(t)
	for range 3 {
		if _, err := w.Read(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	w.sim.RotateCertificate()
	if _, err := w.Read(t.Context(), w.signed(string(d.Body))); err != nil {
		t.Errorf("after a rotation: %v", err)
	}
	made := w.signed(string(d.Body))
	made.Header.Set("Paypal-Cert-Url", w.server.URL+"/v1/notifications/certs/CERT-00000000-00000000-00000000")
	if why := refusalOf(t, w, made); why != purchase.BadSignature {
		t.Errorf("a certificate that does not exist: %s", why)
	}
	for _, address := range []string{"http://" + w.server.URL[8:] + "/v1/notifications/certs/CERT-1", "https://evil.example.org/v1/notifications/certs/CERT-1",
		w.server.URL + "/v1/notifications/certs/../CERT-1", w.server.URL + "/v1/notifications/certs/CERT-1?x=1", w.server.URL + "/v1/notifications/certs/CERT-1#x",
		"https://api.sandbox.paypal.com:443/v1/notifications/certs/CERT-1", "https://api.sandbox.paypal.com@evil.example.org/v1/notifications/certs/CERT-1",
		"https://api.sandbox.paypal.com.evil.example.org/v1/notifications/certs/CERT-1", w.server.URL + "/v1/notifications/certs/CERT-1%2e", "::", strings.Repeat("x", 600)} {
		made.Header.Set("Paypal-Cert-Url", address)
		refusalOf(t, w, made)
	}
}

func refusalOf(t *testing.T, w *world, d purchase.Delivery) purchase.Refusal {
	t.Helper()
	_, err := w.Read(t.Context(), d)
	return refusal(t, err)
}

func TestACertificateOutOfReachLeavesTheDeliveryUnchecked(t *testing.T) {
	t.Parallel()
	s := newStub(nil)
	status := http.StatusServiceUnavailable
	body := ""
	v := loadVectors(t).Vectors[0]
	s.do("GET "+strings.TrimPrefix(v.Headers["PAYPAL-CERT-URL"], "https://api.sandbox.paypal.com"), func(*http.Request, string) (int, string) { return status, body })
	f := loadVectors(t)
	now := v.sent(t)
	p := f.account(t, v, func(c *paypal.Config, o *protocol.Options) {
		c.Certificates, o.HTTP, o.Now = "", s, func() time.Time { return now }
	})
	for _, c := range []struct {
		status int
		body   string
	}{{http.StatusServiceUnavailable, ""}, {0, "no route to host"}, {http.StatusFound, ""}, {http.StatusOK, "<html>"}, {http.StatusOK, strings.Repeat(f.Certificates[0].PEM, 40)}} {
		status, body = c.status, c.body
		now = now.Add(10 * time.Second)
		_, err := p.Read(t.Context(), v.delivery(v.sent(t)))
		unchecked(t, fmt.Sprint(c.status, len(c.body)), err)
	}
	before := len(s.asked)
	if _, err := p.Read(t.Context(), v.delivery(v.sent(t))); err == nil || len(s.asked) != before {
		t.Errorf("a failure is not remembered for a moment: %v", err)
	}
	now = now.Add(10 * time.Second)
	status, body = http.StatusOK, f.Certificates[0].PEM
	if _, err := p.Read(t.Context(), v.delivery(v.sent(t))); err != nil {
		t.Errorf("once it can be reached: %v", err)
	}
	if s.strayed() {
		t.Error("a redirect was followed")
	}
}

func TestStrangersCannotMakeUsFetchWithoutEnd(t *testing.T) {
	t.Parallel()
	s := newStub(nil)
	f := loadVectors(t)
	v := f.Vectors[0]
	p := f.account(t, v, func(c *paypal.Config, o *protocol.Options) {
		c.Certificates, o.HTTP, o.Now = "", s, func() time.Time { return v.sent(t) }
	})
	last := error(nil)
	for i := range 400 {
		d := v.delivery(v.sent(t))
		d.Header.Set("Paypal-Cert-Url", fmt.Sprintf("https://api.sandbox.paypal.com/v1/notifications/certs/CERT-%d", i))
		_, last = p.Read(t.Context(), d)
	}
	unchecked(t, "the last of many", last)
	if n := len(s.asked); n > 100 {
		t.Errorf("%d certificates were fetched", n)
	}
}

// leaf is a self-made certificate chain of one, for one name.
func leaf(t *testing.T, key any, public any, name string, from, to time.Time) []byte {
	t.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: from, NotAfter: to}
	der, err := x509.CreateCertificate(rand.Reader, c, c, public, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// signedWith puts a signature of our own making into a delivery.
func signedWith(t *testing.T, key *rsa.PrivateKey, v vector, d purchase.Delivery) purchase.Delivery {
	t.Helper()
	sum := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%s|%d", v.Headers["PAYPAL-TRANSMISSION-ID"], v.Headers["PAYPAL-TRANSMISSION-TIME"], v.Webhook, v.CRC))
	raw, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	d.Header.Set("Paypal-Transmission-Sig", base64.StdEncoding.EncodeToString(raw))
	return d
}

func TestACertificateMustBeGoodForTheSenderAtThatTime(t *testing.T) {
	t.Parallel()
	f := loadVectors(t)
	v := f.Vectors[0]
	at := v.sent(t)
	const name = "messageverificationcerts.sandbox.paypal.com"
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	day := 24 * time.Hour
	good := leaf(t, key, &key.PublicKey, name, at.Add(-day), at.Add(day))
	for what, c := range map[string]struct {
		cert   []byte
		bundle []byte
		want   error
	}{
		"good":                         {good, good, nil},
		"of an issuer nobody knows":    {good, []byte(f.Authorities[0].PEM), purchase.ErrUnchecked},
		"of the other mode":            {leaf(t, key, &key.PublicKey, "messageverificationcerts.paypal.com", at.Add(-day), at.Add(day)), nil, purchase.ErrForged},
		"of another host of PayPal":    {leaf(t, key, &key.PublicKey, "api.sandbox.paypal.com", at.Add(-day), at.Add(day)), nil, purchase.ErrForged},
		"ended before the sending":     {leaf(t, key, &key.PublicKey, name, at.Add(-2*day), at.Add(-day)), nil, purchase.ErrForged},
		"begun after the sending":      {leaf(t, key, &key.PublicKey, name, at.Add(day), at.Add(2*day)), nil, purchase.ErrForged},
		"of another kind of signature": {leaf(t, curve, &curve.PublicKey, name, at.Add(-day), at.Add(day)), nil, purchase.ErrForged},
	} {
		p := f.account(t, v, func(config *paypal.Config, _ *protocol.Options) {
			config.Certificates = file(t, "CERT-360caa42-fca2a594-a5cafa77.pem", c.cert)
			config.CABundle = file(t, "bundle.pem", append(c.bundle, c.cert...))
			if c.want == purchase.ErrUnchecked {
				config.CABundle = file(t, "bundle.pem", c.bundle)
			}
		})
		d := signedWith(t, key, v, v.delivery(at))
		if _, err := p.Read(t.Context(), d); !errors.Is(err, c.want) {
			t.Errorf("a certificate %s: %v", what, err)
		}
	}
}

func TestASignatureHasOneSpelling(t *testing.T) {
	t.Parallel()
	f := loadVectors(t)
	v := f.Vectors[0]
	p := f.account(t, v, nil)
	signature := v.Headers["PAYPAL-TRANSMISSION-SIG"]
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	last := len(signature) - 3 // before the padding; its lowest four bits mean nothing
	respelt := signature[:last] + string(digits[strings.IndexByte(digits, signature[last])|1]) + "=="
	for _, s := range []string{respelt, strings.TrimRight(signature, "="), signature[:10] + "\n" + signature[10:], " " + signature} {
		d := v.delivery(v.sent(t))
		d.Header.Set("Paypal-Transmission-Sig", s)
		if _, err := p.Read(t.Context(), d); refusal(t, err) != purchase.Malformed {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestForgeriesAreRefusedInBothWaysOfChecking(t *testing.T) {
	t.Parallel()
	for _, verify := range []string{"offline", "paypal"} {
		w := newWorld(t, func(c *paypal.Config) { c.Verify = verify })
		d := w.genuine(t)
		if _, err := w.Read(t.Context(), d); err != nil {
			t.Errorf("%s: %v", verify, err)
		}
		for i, f := range w.sim.Forgeries(providersim.Forgery{Purchase: purchaseID, Value: "45.00", Currency: "EUR"}) {
			_, err := w.Read(t.Context(), purchase.Delivery{Received: time.Now(), Method: http.MethodPost, Header: f.Header, Body: f.Body})
			if !errors.Is(err, purchase.ErrForged) {
				t.Errorf("%s: forgery %d: %v", verify, i, err)
			}
		}
		w.sim.AddFault(providersim.Fault{Operation: "verify", Kind: providersim.Unavailable, Times: 10})
		if _, err := w.Read(t.Context(), d); verify == "paypal" {
			unchecked(t, verify, err)
		} else if err != nil {
			t.Errorf("offline needs the verify call: %v", err)
		}
	}
}
