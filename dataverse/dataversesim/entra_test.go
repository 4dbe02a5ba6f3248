package dataversesim_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

func TestTheTokenEndpointAcceptsTheRightSecretAndNamesEveryMistake(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	set := func(name, value string) func(url.Values) { return func(f url.Values) { f.Set(name, value) } }
	for name, c := range map[string]struct {
		change func(url.Values)
		tenant string
		status int
		kind   string
		code   float64
	}{
		"right":             {change: func(url.Values) {}, status: 200},
		"wrong tenant":      {change: func(url.Values) {}, tenant: nobody, status: 400, kind: "invalid_request", code: 90002},
		"wrong client":      {change: set("client_id", nobody), status: 400, kind: "unauthorized_client", code: 700016},
		"wrong secret":      {change: set("client_secret", "guess"), status: 401, kind: "invalid_client", code: 7000215},
		"no secret":         {change: func(f url.Values) { f.Del("client_secret") }, status: 401, kind: "invalid_client", code: 7000215},
		"other resource":    {change: set("scope", "https://other.crm4.dynamics.com/.default"), status: 400, kind: "invalid_resource", code: 500011},
		"trailing slash":    {change: set("scope", w.server.URL+"//.default"), status: 400, kind: "invalid_resource", code: 500011},
		"no scope":          {change: func(f url.Values) { f.Del("scope") }, status: 400, kind: "invalid_scope", code: 1002012},
		"other grant":       {change: set("grant_type", "password"), status: 400, kind: "unsupported_grant_type", code: 70003},
		"assertion untyped": {change: set("client_assertion", "a.b.c"), status: 400, kind: "invalid_request", code: 50027},
	} {
		form, target := w.tokenForm(), w.tokenURL()
		c.change(form)
		if c.tenant != "" {
			target = strings.Replace(target, w.sim.Config().TenantID, c.tenant, 1)
		}
		got := w.postForm(target, form)
		if got.status != c.status {
			t.Errorf("%s: %d %s", name, got.status, got.body)
			continue
		}
		if c.status == 200 {
			if got.json()["expires_in"] != 3599.0 || got.json()["token_type"] != "Bearer" {
				t.Errorf("%s: %s", name, got.body)
			}
			continue
		}
		codes, _ := got.json()["error_codes"].([]any)
		if got.json()["error"] != c.kind || len(codes) != 1 || codes[0] != c.code || !strings.HasPrefix(got.json()["error_description"].(string), "AADSTS") {
			t.Errorf("%s: %s", name, got.body)
		}
		for _, field := range []string{"timestamp", "trace_id", "correlation_id", "error_uri"} {
			if got.json()[field] == "" || got.json()[field] == nil {
				t.Errorf("%s: no %s", name, field)
			}
		}
	}
}

func TestTheTokenEndpointWantsAForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	for contentType, body := range map[string]string{
		"application/json": `{"client_id":"x"}`, "": w.tokenForm().Encode(), "application/x-www-form-urlencoded": "%zz=" + w.sim.Config().ClientSecret,
	} {
		r := w.request(http.MethodPost, w.tokenURL(), body)
		r.Header.Set("Content-Type", contentType)
		if got := w.must(r); got.status != 400 || !strings.Contains(got.body, "AADSTS900144") {
			t.Errorf("%q: %d %s", contentType, got.status, got.body)
		}
	}
}

func TestTheResourceMayHaveAnotherHostThanTheSimulator(t *testing.T) {
	t.Parallel()
	const org = "https://contoso.crm4.dynamics.com"
	sim := dataversesim.New(dataversesim.Config{Resource: org})
	w := &world{t: t, sim: sim, clock: &stopped{at: noon}}
	w.server = newServer(t, sim)
	form := w.tokenForm()
	if got := w.postForm(w.tokenURL(), form); got.json()["error"] != "invalid_resource" {
		t.Errorf("its own origin is still a resource: %s", got.body)
	}
	form.Set("scope", org+"/.default")
	if got := w.postForm(w.tokenURL(), form); got.status != 200 {
		t.Errorf("the configured resource is refused: %s", got.body)
	}
}

func TestTheDiscoveryDocumentHasTheIssuerOfItsOwnOrigin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	tenant := w.sim.Config().TenantID
	doc := w.must(w.request(http.MethodGet, w.server.URL+"/"+tenant+"/v2.0/.well-known/openid-configuration", "")).json()
	if doc["issuer"] != w.server.URL+"/"+tenant+"/v2.0" || doc["token_endpoint"] != w.tokenURL() || doc["authorization_endpoint"] == nil {
		t.Error(doc)
	}
	wrong := w.must(w.request(http.MethodGet, w.server.URL+"/"+nobody+"/v2.0/.well-known/openid-configuration", ""))
	if wrong.status != 400 || !strings.Contains(wrong.body, "AADSTS90002") {
		t.Error(wrong.body)
	}
}

func TestATokenIsGoodUntilItExpiresAndMovingDynamicsDoesNotAgeIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{TokenLifetime: 10 * time.Minute})
	w.sim.Advance(24 * time.Hour)
	if got := w.get("WhoAmI"); got.status != 200 {
		t.Errorf("Advance aged the token: %d", got.status)
	}
	w.clock.forward(10*time.Minute - time.Second)
	if got := w.get("WhoAmI"); got.status != 200 {
		t.Errorf("the token ended early: %d", got.status)
	}
	w.clock.forward(time.Second)
	if got := w.get("WhoAmI"); got.status != 401 {
		t.Errorf("the token outlived its expires_in: %d", got.status)
	}
	w.signIn()
	if got := w.get("WhoAmI"); got.status != 200 {
		t.Errorf("the new token is refused: %d", got.status)
	}
}

func TestWithoutAGoodTokenTheWebAPISaysWhereToSignInAndNoJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	id := w.buy()
	for _, authorization := range []string{"", "Bearer", "Bearer guess", "Basic " + w.token} {
		r := w.api(http.MethodPost, dataversesim.OpFinalizeRealtime, realtimeBody(id, 100000001))
		r.Header.Set("Authorization", authorization)
		got := w.must(r)
		want := "Bearer authorization_uri=" + w.server.URL + "/" + w.sim.Config().TenantID + "/oauth2/authorize, resource_id=" + w.server.URL + "/"
		if got.status != 401 || got.header.Get("WWW-Authenticate") != want || strings.HasPrefix(got.body, "{") {
			t.Errorf("%q: %d %q %q", authorization, got.status, got.header.Get("WWW-Authenticate"), got.body)
		}
	}
	if n := w.purchase(id).FinalizeCalls; n != 0 {
		t.Errorf("%d calls reached the purchase without a token", n)
	}
}

func TestTokensAreCountedAndNeverRepeat(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	first := w.token
	w.signIn()
	if w.token == first || w.sim.State().Counters.Tokens != 2 {
		t.Errorf("tokens repeat, or are not counted: %d", w.sim.State().Counters.Tokens)
	}
}
