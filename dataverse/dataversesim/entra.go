package dataversesim

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// discovery serves the OpenID configuration. Its issuer has the scheme and host of the request, which MSAL insists on.
func (s *Sim) discovery(w http.ResponseWriter, r *http.Request) {
	base, tenant := origin(r), r.PathValue("tenant")
	s.serve(w, r, call{operation: OpDiscovery, origin: base, act: func(time.Time, Fault) answer {
		if tenant != s.cfg.TenantID {
			return s.entraReply(tenantNotFound(tenant))
		}
		root := base + "/" + tenant
		return jsonReply(http.StatusOK, map[string]any{
			"issuer":                                root + "/v2.0",
			"authorization_endpoint":                root + "/oauth2/v2.0/authorize",
			"token_endpoint":                        root + "/oauth2/v2.0/token",
			"jwks_uri":                              root + "/discovery/v2.0/keys",
			"response_types_supported":              []string{"code", "id_token", "token"},
			"subject_types_supported":               []string{"pairwise"},
			"id_token_signing_alg_values_supported": []string{"RS256"},
			"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt"},
		})
	}})
}

// tokenEndpoint gives access tokens for client credentials.
func (s *Sim) tokenEndpoint(w http.ResponseWriter, r *http.Request) {
	form, bad := readForm(w, r)
	q := tokenRequest{tenant: r.PathValue("tenant"), origin: origin(r), form: form}
	s.serve(w, r, call{operation: OpToken, origin: q.origin, remember: strikeSecrets(form), act: func(_ time.Time, f Fault) answer {
		if bad != nil {
			return s.entraReply(&entraError{http.StatusBadRequest, "invalid_request", 900144, "The request body must be form-encoded."})
		}
		if err := s.refuseToken(q); err != nil {
			return s.entraReply(err)
		}
		return s.issue(f)
	}})
}

// readForm reads the body to its end whatever it is: net/http notices that a client left only after that.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("read the form: %w", err)
	}
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); kind != "application/x-www-form-urlencoded" {
		return nil, fmt.Errorf("read the form: its content type is %q", kind)
	}
	return url.ParseQuery(string(body))
}

type tokenRequest struct {
	tenant, origin string
	form           url.Values
}

// refuseToken says what is wrong with a token request, nil if nothing. Held: s.mu.
func (s *Sim) refuseToken(q tokenRequest) *entraError {
	clientID := q.form.Get("client_id")
	switch {
	case q.tenant != s.cfg.TenantID:
		return tenantNotFound(q.tenant)
	case q.form.Get("grant_type") != "client_credentials":
		return &entraError{http.StatusBadRequest, "unsupported_grant_type", 70003, "The app requested an unsupported grant type."}
	case clientID != s.cfg.ClientID:
		return &entraError{http.StatusBadRequest, "unauthorized_client", 700016,
			fmt.Sprintf("Application with identifier '%s' was not found in the directory '%s'.", clientID, q.tenant)}
	}
	if err := s.refuseCredential(q); err != nil {
		return err
	}
	return s.refuseScope(q)
}

func (s *Sim) refuseCredential(q tokenRequest) *entraError {
	if q.form.Has("client_assertion") {
		return s.refuseAssertion(q)
	}
	if subtle.ConstantTimeCompare([]byte(q.form.Get("client_secret")), []byte(s.cfg.ClientSecret)) == 1 {
		return nil
	}
	return &entraError{http.StatusUnauthorized, "invalid_client", 7000215, fmt.Sprintf("Invalid client secret provided. Ensure the secret being sent "+
		"in the request is the client secret value, not the client secret ID, for a secret added to app '%s'.", s.cfg.ClientID)}
}

// refuseScope wants "<resource>/.default" among the scopes, for this organisation.
func (s *Sim) refuseScope(q tokenRequest) *entraError {
	own := s.cfg.Resource
	if own == "" {
		own = q.origin
	}
	for scope := range strings.FieldsSeq(q.form.Get("scope")) {
		resource, isDefault := strings.CutSuffix(scope, "/.default")
		if !isDefault {
			continue
		}
		if resource == own {
			return nil
		}
		return &entraError{http.StatusBadRequest, "invalid_resource", 500011,
			fmt.Sprintf("The resource principal named %s was not found in the tenant named %s.", resource, q.tenant)}
	}
	return &entraError{http.StatusBadRequest, "invalid_scope", 1002012, "The provided value for scope is not valid. Client credential flows must have a scope value with /.default."}
}

// issue makes an access token: random, remembered until it expires. Held: s.mu.
func (s *Sim) issue(f Fault) answer {
	now := s.cfg.Now()
	for t, expires := range s.tokens {
		if !now.Before(expires) {
			delete(s.tokens, t)
		}
	}
	token := base64.RawURLEncoding.EncodeToString(s.draw(48))
	s.tokens[token] = now.Add(s.cfg.TokenLifetime)
	s.counters.Tokens++
	seconds := int(s.cfg.TokenLifetime / time.Second)
	body := map[string]any{"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}
	if f.Kind == KindTokenNoExpiry {
		delete(body, "expires_in")
	}
	return jsonReply(http.StatusOK, body)
}

// signedIn says whether the request carries a token that is good now. Held: s.mu.
func (s *Sim) signedIn(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	expires, known := s.tokens[token]
	return strings.EqualFold(scheme, "Bearer") && known && s.cfg.Now().Before(expires)
}

// unauthorized is the 401 of the Web API: a header that says where to sign in, and no JSON.
func (s *Sim) unauthorized(org string) answer {
	a := reply(http.StatusUnauthorized, "text/plain; charset=utf-8", "HTTP Error 401 - Unauthorized: Access is denied")
	a.header.Set("WWW-Authenticate", fmt.Sprintf("Bearer authorization_uri=%s/%s/oauth2/authorize, resource_id=%s/", org, s.cfg.TenantID, org))
	return a
}

func strikeSecrets(form url.Values) string {
	shown := url.Values{}
	for name, values := range form {
		shown[name] = values
		if strings.Contains(name, "secret") || name == "client_assertion" {
			shown[name] = []string{struckOut}
		}
	}
	return shown.Encode()
}
