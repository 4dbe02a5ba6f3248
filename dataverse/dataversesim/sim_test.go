package dataversesim_test

import (
	"crypto/tls"
	"crypto/x509"
	"go/parser"
	"go/token"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

func TestTheSimulatorImportsNothingButTheStandardLibrary(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			if path, _ := strconv.Unquote(spec.Path.Value); strings.Contains(strings.Split(path, "/")[0], ".") {
				t.Errorf("%s imports %s", file, path)
			}
		}
	}
}

func TestAnImpossibleConfigurationIsRefusedWithEveryMistake(t *testing.T) {
	t.Parallel()
	bad := dataversesim.Config{
		Variant: "no-such", Behaviours: map[string]string{"no-such": "x"}, Window: -1, Limits: dataversesim.Limits{Requests: -1},
		Events: []dataversesim.Event{
			{},
			{ReadableID: "twice"}, {ReadableID: "twice"},
			{ReadableID: "precise", Currency: dataversesim.Currency{Precision: 9}},
			{ReadableID: "passes", Currency: dataversesim.Currency{Precision: 2}, Passes: []dataversesim.Pass{
				{ID: "word", Price: "ten"}, {ID: "fraction", Price: "1/3"}, {ID: "float", Price: "1e3"}, {ID: "fine", Price: "1.005"}, {ID: "open", Price: "1."},
				{ID: "negative", Price: "-1"}, {ID: "", Price: "1"}, {ID: "zeros", Price: "1.5000"},
			}},
		},
	}
	err := bad.Validate()
	if err == nil {
		t.Fatal("it is accepted")
	}
	for _, want := range []string{
		`variant "no-such"`, `behaviour "no-such"`, "durations", "limits", `event ""`, `event "twice"`, `event "precise"`, `pass "word"`, `pass "fraction"`, `pass "float"`,
		`pass "fine"`, `pass "open"`, `pass "negative"`, `pass ""`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing is said of %s", want)
		}
	}
	if strings.Contains(err.Error(), `pass "zeros"`) {
		t.Error("zeros at the end are refused")
	}
	defer func() {
		if recover() == nil {
			t.Error("New does not panic")
		}
	}()
	dataversesim.New(bad)
}

func TestTheZeroConfigurationWorksAndSaysWhatItIs(t *testing.T) {
	t.Parallel()
	if err := (dataversesim.Config{Events: dataversesim.SampleEvents()}).Validate(); err != nil {
		t.Error(err)
	}
	c := dataversesim.New(dataversesim.Config{}).Config()
	if c.Variant != dataversesim.VariantRealtime || c.Window != 50*time.Minute || c.TenantID == "" || c.ClientSecret == "" || len(c.Events) == 0 || c.Limits.Requests != 6000 ||
		c.Limits.Concurrency != 52 || c.Limits.Per != 300*time.Second {
		t.Errorf("%+v", c)
	}
}

func TestTheSameRandomnessMakesTheSameIds(t *testing.T) {
	t.Parallel()
	id := func() string {
		s := dataversesim.New(dataversesim.Config{Random: constant{}})
		id, _, err := s.Register(concert, couple(), "")
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	if a, b := id(), id(); a != b || !anyGUID.MatchString(a) {
		t.Errorf("%s, %s", a, b)
	}
}

// constant is a source of no randomness at all.
type constant struct{}

func (constant) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i)
	}
	return len(p), nil
}

func TestTheCertificateServesItsHostsYearsBothWays(t *testing.T) {
	t.Parallel()
	leaf, caPEM, err := dataversesim.SelfSigned("localhost", "127.0.0.1", "::1", "dynamics.example")
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(caPEM) {
		t.Fatal("the authority is not PEM")
	}
	cert, err := x509.ParseCertificate(leaf.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"localhost", "127.0.0.1", "::1", "dynamics.example"} {
		for _, years := range []int{-5, 0, 5} {
			if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, DNSName: host, CurrentTime: time.Now().AddDate(years, 0, 0)}); err != nil {
				t.Errorf("%s, %d years: %v", host, years, err)
			}
		}
	}
	if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, DNSName: "other.example"}); err == nil {
		t.Error("it serves a host that it does not name")
	}
	if _, _, err := dataversesim.SelfSigned(); err == nil {
		t.Error("a certificate for nobody is made")
	}
	serveAndAsk(t, leaf, roots)
}

// serveAndAsk does what emulate does: serves the simulator with the certificate to a client that trusts the authority.
func serveAndAsk(t *testing.T, leaf tls.Certificate, roots *x509.CertPool) {
	t.Helper()
	sim := dataversesim.New(dataversesim.Config{})
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{leaf}})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: sim.Handler(), ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	got, err := client.Get("https://localhost:" + port + "/" + sim.Config().TenantID + "/v2.0/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if got.StatusCode != 200 {
		t.Error(got.Status)
	}
}
