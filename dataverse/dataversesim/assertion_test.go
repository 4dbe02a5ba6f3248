package dataversesim_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // the thumbprint of RS256 assertions
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

func part(v any) string {
	raw, _ := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(raw)
}

func TestAClientAssertionIsCheckedInEveryPart(t *testing.T) {
	t.Parallel()
	cert, key := newRSA(t)
	w := newWorld(t, dataversesim.Config{ClientCertificate: cert})
	short := sha1.Sum(cert.Raw) //nolint:gosec // see the import
	good := func() (header, claims map[string]any) {
		return map[string]any{"alg": "RS256", "x5t": base64.RawURLEncoding.EncodeToString(short[:])}, map[string]any{
			"aud": w.tokenURL(), "iss": w.sim.Config().ClientID, "sub": w.sim.Config().ClientID, "nbf": noon.Unix(), "exp": noon.Add(10 * time.Minute).Unix(),
		}
	}
	for name, c := range map[string]struct {
		change func(header, claims map[string]any)
		spoil  func(token string) string
		want   int
	}{
		"good":             {want: 200},
		"other issuer":     {change: func(_, c map[string]any) { c["iss"] = nobody }, want: 401},
		"other subject":    {change: func(_, c map[string]any) { c["sub"] = nobody }, want: 401},
		"other audience":   {change: func(_, c map[string]any) { c["aud"] = "https://login.microsoftonline.com/x" }, want: 401},
		"expired":          {change: func(_, c map[string]any) { c["exp"] = noon.Add(-time.Hour).Unix() }, want: 401},
		"not valid yet":    {change: func(_, c map[string]any) { c["nbf"] = noon.Add(time.Hour).Unix() }, want: 401},
		"other thumbprint": {change: func(h, _ map[string]any) { h["x5t"] = "AAAA" }, want: 401},
		"no algorithm":     {change: func(h, _ map[string]any) { h["alg"] = "none" }, want: 401},
		"changed":          {spoil: func(token string) string { return "e30" + token[3:] }, want: 401},
		"no token":         {spoil: func(string) string { return "guess" }, want: 401},
		"bad base64":       {spoil: func(token string) string { return "!" + token }, want: 401},
		"bad signature":    {spoil: func(token string) string { return token[:len(token)-8] + "AAAAAAAA" }, want: 401},
	} {
		header, claims := good()
		if c.change != nil {
			c.change(header, claims)
		}
		signed := part(header) + "." + part(claims)
		digest := sha256.Sum256([]byte(signed))
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
		if err != nil {
			t.Fatal(err)
		}
		token := signed + "." + base64.RawURLEncoding.EncodeToString(signature)
		if c.spoil != nil {
			token = c.spoil(token)
		}
		form := w.tokenForm()
		form.Del("client_secret")
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", token)
		if got := w.postForm(w.tokenURL(), form); got.status != c.want {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}
