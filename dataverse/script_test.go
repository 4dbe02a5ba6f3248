package dataverse_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/dataverse"
)

// A script is an organisation in which every word is written beforehand. Sign-in always works.
type script struct {
	answer func(r *http.Request, n int) (*http.Response, error) // n counts the calls of the Web API from 1

	mu    sync.Mutex
	calls []string // method and path
	life  int      // of tokens, in seconds
	given int      // tokens
}

const scripted = "https://org.crm4.dynamics.com"

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/openid-configuration"):
		root := "https://login.microsoftonline.com/" + tenant
		return say(200, fmt.Sprintf(`{"issuer":"%[1]s/v2.0","authorization_endpoint":"%[1]s/a","token_endpoint":"%[1]s/oauth2/v2.0/token"}`, root)), nil
	case strings.HasSuffix(r.URL.Path, "/discovery/instance"):
		return say(200, `{"tenant_discovery_endpoint":"https://login.microsoftonline.com/`+tenant+`/v2.0/.well-known/openid-configuration","metadata":[]}`), nil
	case strings.HasSuffix(r.URL.Path, "/token"):
		s.mu.Lock()
		defer s.mu.Unlock()
		s.given++
		return say(200, fmt.Sprintf(`{"access_token":"token-%d","expires_in":%d,"token_type":"Bearer"}`, s.given, s.life)), nil
	}
	s.mu.Lock()
	s.calls = append(s.calls, r.Method+" "+r.URL.Path)
	n := len(s.calls)
	s.mu.Unlock()
	return s.answer(r, n)
}

// swallow reads the body as a transport does when it writes it.
func swallow(r *http.Request) error {
	if r.Body == nil {
		return nil
	}
	defer r.Body.Close()
	_, err := io.Copy(io.Discard, r.Body)
	return err
}

// always answers every call, after having read it.
func always(status int, header http.Header, body string) func(*http.Request, int) (*http.Response, error) {
	return func(r *http.Request, _ int) (*http.Response, error) {
		if err := swallow(r); err != nil {
			return nil, err
		}
		resp := say(status, body)
		for name, values := range header {
			resp.Header[http.CanonicalHeaderKey(name)] = values
		}
		return resp, nil
	}
}

func say(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

func oops(code, message string) string {
	return fmt.Sprintf(`{"error":{"code":%q,"message":%q}}`, code, message)
}

const tenant = "7d1c9a52-4b0e-4f7f-9d55-0a1b2c3d4e5f"

func (s *script) client(t *testing.T, dialect dataverse.Dialect, change ...func(*dataverse.Config, *dataverse.Options)) *dataverse.Client {
	t.Helper()
	s.life = 3600
	cfg := dataverse.Config{URL: scripted, Dialect: dialect, TenantID: tenant, ClientID: tenant, ClientSecret: secret(t, t.TempDir(), "secret", "s3cret~value"),
		Window: field.Duration(50 * time.Minute)}
	o := dataverse.Options{Environment: environment, HTTP: s, Log: zap.NewNop()}
	for _, c := range change {
		c(&cfg, &o)
	}
	c, err := dataverse.New(cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
