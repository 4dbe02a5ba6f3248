package ingenico_test

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/ingenico"
	"github.com/paybridge/paybridge/providers/protocol"
	"github.com/paybridge/paybridge/providers/providertest"
)

// authentic tells whether a reading passed the signature: what it means is another question.
func authentic(err error) bool { return err == nil || errors.Is(err, purchase.ErrNotUnderstood) }

func TestPublishedOgoneSignatures(t *testing.T) {
	t.Parallel()
	var file ogoneFile
	readVectors(t, "ogone-sha.json", &file)
	for _, v := range file.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			if v.Charset != "utf-8" {
				t.Fatalf("charset %s is new to this test", v.Charset)
			}
			a := ogoneWith(t, v.Hash, v.Passphrase)
			switch v.Direction {
			case "in":
				named := map[string]string{}
				for name, value := range v.Params {
					named[strings.ToUpper(name)] = value
				}
				if got := a.SHAIn(named); (got == v.Sign) != v.Valid {
					t.Errorf("%s, published %s", got, v.Sign)
				}
			case "out":
				heardAs(t, a, v.Params, v.Sign, v.Valid)
			default:
				t.Fatalf("direction %s is new to this test", v.Direction)
			}
		})
	}
	if diff := slices.Compare(slices.Sorted(maps.Keys(ingenico.SHANames)), slices.Sorted(slices.Values(file.Names))); diff != 0 {
		t.Error("the list of signed names is not the published one")
	}
}

func ogoneWith(t *testing.T, hash, passphrase string) *ingenico.Ogone {
	t.Helper()
	secret := providertest.Secret(t, passphrase)
	a, err := ingenico.NewOgone(ingenico.Config{Generation: "ogone", PSPID: "MyPSPID", SHAIn: secret, SHAOut: secret, SHA: hash, FeedbackOnly: true}, providertest.Options(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// heardAs reads a case by GET and by POST, in either case of its digits, and with each of its bytes changed.
func heardAs(t *testing.T, a *ingenico.Ogone, params map[string]string, sign string, valid bool) {
	t.Helper()
	for _, sign := range []string{sign, strings.ToLower(sign)} {
		form := url.Values{"SHASIGN": {sign}}
		for name, value := range params {
			form.Set(name, value)
		}
		for _, d := range []purchase.Delivery{{Method: http.MethodGet, Query: form.Encode()}, {Method: http.MethodPost, Body: []byte(form.Encode())}} {
			reading, err := a.Read(t.Context(), d)
			if authentic(err) != valid {
				t.Errorf("%s: %v, want valid %v", d.Method, err, valid)
			}
			for _, f := range reading.Facts {
				if f.Kind == purchase.Captured && (params["STATUS"] != "9" || f.Money.Currency != params["currency"]) {
					t.Errorf("%+v of %v", f, params)
				}
			}
			form := maps.Clone(form)
			form["STATUS"] = []string{"95"}
			if _, err := a.Read(t.Context(), withText(d, form.Encode())); authentic(err) {
				t.Errorf("%s: another status passes", d.Method)
			}
		}
	}
}

// TestTheSchemeOfBefore2010IsNotTaken: its values are not delimited.
func TestTheSchemeOfBefore2010IsNotTaken(t *testing.T) {
	t.Parallel()
	var file ogoneFile
	readVectors(t, "ogone-sha.json", &file)
	params := map[string]string{"orderID": "2101947639", "currency": "EUR", "amount": "19.08", "PM": "CreditCard", "ACCEPTANCE": "test1235", "STATUS": "",
		"CARDNO": "XXXXXXXXXXXX1111", "PAYID": "106738590", "BRAND": "VISA"}
	for hash, sign := range file.Legacy.Results {
		for _, status := range []string{"5", "9", ""} {
			params["STATUS"] = status
			heardAs(t, ogoneWith(t, hash, "passphrase-set-in-ogone-interface"), params, sign, false)
		}
	}
	if len(file.NotVerifying) != 1 || file.NotVerifying[0].Published != "1D01A7E390F0FDA1A8D4B88DAF243686F1CA91E8" {
		t.Errorf("another example does not verify: %+v", file.NotVerifying)
	}
}

type gcsFile struct {
	About    string `json:"about"`
	Webhooks []struct {
		Name      string `json:"name"`
		KeyID     string `json:"key_id"`
		Secret    string `json:"secret"`
		Body      string `json:"body"`
		Bytes     int    `json:"body_bytes"`
		Sum       string `json:"body_sha256"`
		Signature string `json:"signature"`
		Valid     bool   `json:"valid"`
		Source    string `json:"source"`
		Note      string `json:"note"`
	} `json:"webhooks"`
	Auth []struct {
		Name      string `json:"name"`
		KeyID     string `json:"api_key_id"`
		Secret    string `json:"secret_api_key"`
		Text      string `json:"string_to_sign"`
		Signature string `json:"signature"`
		Header    string `json:"authorization"`
		Source    string `json:"source"`
		Note      string `json:"note"`
	} `json:"api_auth"`
	Canonical struct {
		Source string `json:"source"`
		Cases  []struct{ Input, Output string }
	} `json:"header_value_canonicalisation"`
}

func TestPublishedWebhookSignatures(t *testing.T) {
	t.Parallel()
	var file gcsFile
	readVectors(t, "worldline-gcs-hmac.json", &file)
	for _, v := range file.Webhooks {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			key := ingenico.WebhookKey{ID: v.KeyID, Secret: providertest.Secret(t, v.Secret)}
			other := ingenico.WebhookKey{ID: "another-key", Secret: providertest.Secret(t, "another secret of the same merchant")}
			a, err := ingenico.NewWorldline(ingenico.Config{PSPID: "20000", WebhookKeys: []ingenico.WebhookKey{other, key}}, providertest.Options(t, nil))
			if err != nil {
				t.Fatal(err)
			}
			deliver := func(id, signature, body string) error {
				_, err := a.Read(t.Context(), purchase.Delivery{Method: http.MethodPost, Body: []byte(body), Header: http.Header{"X-GCS-KeyId": {id}, "X-GCS-Signature": {signature}}})
				return err
			}
			if err := deliver(v.KeyID, v.Signature, v.Body); authentic(err) != v.Valid || len(v.Body) != v.Bytes {
				t.Errorf("%v, want valid %v", err, v.Valid)
			}
			for what, err := range map[string]error{"the other key": deliver("another-key", v.Signature, v.Body), "a byte more": deliver(v.KeyID, v.Signature, v.Body+"\n"),
				"a cut signature": deliver(v.KeyID, v.Signature[:40], v.Body), "no signature": deliver(v.KeyID, "", v.Body)} {
				if authentic(err) {
					t.Errorf("%s passes", what)
				}
			}
		})
	}
}

// recorder is a provider that keeps what it was sent.
type recorder struct{ sent *http.Request }

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.sent = req
	return &http.Response{StatusCode: http.StatusNoContent, Body: io.NopCloser(strings.NewReader("")), Header: http.Header{}, Request: req}, nil
}

// TestPublishedCallSignatures makes the published calls with the account's own client, at their own time. The one that leaves the
// query escaped shows what is not sent.
func TestPublishedCallSignatures(t *testing.T) {
	t.Parallel()
	var file gcsFile
	readVectors(t, "worldline-gcs-hmac.json", &file)
	for _, v := range file.Auth {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			lines := strings.Split(strings.TrimSuffix(v.Text, "\n"), "\n")
			at, err := time.Parse(http.TimeFormat, lines[2])
			if err != nil {
				t.Fatal(err)
			}
			o := providertest.Options(t, nil)
			kept := &recorder{}
			o.Now, o.HTTP = func() time.Time { return at }, kept
			a, err := ingenico.NewWorldline(ingenico.Config{APIKeyID: v.KeyID, APISecret: providertest.Secret(t, v.Secret)}, o)
			if err != nil {
				t.Fatal(err)
			}
			a.Origin = "https://payment.example.org"
			path, query, _ := strings.Cut(lines[len(lines)-1], "?")
			call := protocol.Call{Operation: protocol.Get, Method: lines[0], Path: path, Header: http.Header{}}
			if query != "" {
				call.Path += "?q=na%20me"
			}
			if lines[1] != "" { // that call has a type and no body
				call.Header.Set("Content-Type", lines[1])
			}
			for _, line := range lines[3 : len(lines)-1] {
				name, value, _ := strings.Cut(line, ":")
				call.Header.Set(name, strings.Replace(value, "processed", "  processed", 1))
			}
			if err := a.Call(t.Context(), call, nil); err != nil {
				t.Fatal(err)
			}
			got, sent := kept.sent.Header.Get("Authorization"), "GCS v1HMAC:"+v.KeyID+":"+v.Signature
			if (got == v.Header) != (v.Note != "escaped query") || sent != v.Header {
				t.Errorf("%s, published %s", got, v.Header)
			}
		})
	}
	for _, c := range file.Canonical.Cases {
		if got := ingenico.Canonical(c.Input); got != c.Output {
			t.Errorf("%q becomes %q, want %q", c.Input, got, c.Output)
		}
	}
}

func TestWhatIsSignedOfACall(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		request protocol.Request
		want    string
	}{
		{protocol.Request{Method: "POST", URL: "https://h/v2/me/payments/1_0/cancel", Header: http.Header{"Date": {"d"}, "X-Gcs-Idempotence-Key": {"k"}}},
			"POST\n\nd\nx-gcs-idempotence-key:k\n/v2/me/payments/1_0/cancel\n"},
		{protocol.Request{Method: "POST", URL: "https://h/v2/me/x", Header: http.Header{"Date": {"d"}, "Content-Type": {"application/json"}}, Body: []byte("{}")},
			"POST\napplication/json\nd\n/v2/me/x\n"},
		{protocol.Request{Method: "GET", URL: "https://h/v1/me/payments?merchantReference=a%2Fb+c", Header: http.Header{"X-Gcs-B": {"2"}, "X-Gcs-A": {" 1\r\n  1 "}}},
			"GET\n\n\nx-gcs-a:1 1\nx-gcs-b:2\n/v1/me/payments?merchantReference=a/b+c\n"},
	} {
		if got, err := ingenico.Signed(c.request); err != nil || got != c.want {
			t.Errorf("%q, %v\nwant %q", got, err, c.want)
		}
	}
	if _, err := ingenico.Signed(protocol.Request{URL: "https://h/?%zz"}); err == nil {
		t.Error("a query that is none is signed")
	}
}
