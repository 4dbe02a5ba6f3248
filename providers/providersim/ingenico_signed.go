package providersim

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const gcsSkew = 5 * time.Minute

// signedIn checks the signature of a call as it was received.
func (w *worldline) signedIn(r *http.Request, _ []byte) bool {
	date, err := time.Parse(http.TimeFormat, r.Header.Get("Date"))
	if age := w.cfg.Now().Sub(date); err != nil || age > gcsSkew || age < -gcsSkew {
		return false
	}
	var gcs []string
	for name, values := range r.Header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-gcs-") {
			gcs = append(gcs, lower+":"+strings.TrimSpace(values[0])+"\n")
		}
	}
	slices.Sort(gcs)
	text := r.Method + "\n" + r.Header.Get("Content-Type") + "\n" + r.Header.Get("Date") + "\n" + strings.Join(gcs, "") + r.URL.EscapedPath()
	if r.URL.RawQuery != "" {
		query, err := url.PathUnescape(r.URL.RawQuery)
		if err != nil {
			return false
		}
		text += "?" + query
	}
	want := "GCS v1HMAC:" + w.keyID + ":" + gcsSignature(w.secret, []byte(text+"\n"))
	return hmac.Equal([]byte(r.Header.Get("Authorization")), []byte(want))
}

func gcsSignature(secret string, text []byte) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write(text)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// notify tells of an object: what it is of, and what it is.
func (w *worldline) notify(b *gcsBook, kind, name string, early bool, object map[string]any) {
	layout := "2006-01-02T15:04:05.0000000-07:00"
	others := []string{"payment", "refund", "payout", "token", "paymentLink"}
	if w.connect {
		layout, others[4] = "2006-01-02T15:04:05.000-0700", "dispute"
	}
	e := map[string]any{"apiVersion": "v1", "id": w.uuid(), "created": w.cfg.Now().In(time.FixedZone("", 3600)).Format(layout), "merchantId": w.merchant, "type": kind}
	for _, other := range others {
		if w.variant.Nulls {
			e[other] = nil
		}
	}
	e[name] = object
	raw, err := json.Marshal(e)
	if err != nil {
		panic(fmt.Sprintf("providersim: write an event: %v", err))
	}
	key := w.hooks[w.chance.IntN(len(w.hooks))]
	addresses := b.hooks
	if len(addresses) == 0 {
		addresses = []string{w.callback}
	}
	for _, address := range addresses {
		w.sendTo(address, b.p.ID, kind, early, func(time.Time, int) Notice { return gcsNotice(key.id, key.secret, raw) })
	}
}

func gcsNotice(id, secret string, body []byte) Notice {
	return Notice{Body: body, Header: http.Header{"Content-Type": {"application/json"}, "X-Gcs-Keyid": {id}, "X-Gcs-Signature": {gcsSignature(secret, body)}}}
}

// Signed is a genuine event of any body.
func (w *worldline) Signed(body []byte) Notice {
	return gcsNotice(w.hooks[0].id, w.hooks[0].secret, body)
}

// Verification is the question whether the endpoint is one.
func (w *worldline) Verification(value string) Notice {
	return Notice{Method: http.MethodGet, Header: http.Header{"X-Gcs-Webhooks-Endpoint-Verification": {value}}}
}

// Forgeries implements Simulator: unsigned, signed with an unknown key, with another key's secret, with the API's secret, for another
// merchant, and changed.
func (w *worldline) Forgeries(f Forgery) []Notice {
	body := func(merchant string) []byte {
		raw, err := json.Marshal(map[string]any{"apiVersion": "v1", "id": "forged", "created": "2026-11-22T10:30:00.0000000+01:00", "merchantId": merchant, "type": "payment.captured",
			"payment": map[string]any{"id": map[bool]string{false: "66600066600_0", true: "000000666000066600000100001"}[w.connect], "status": "CAPTURED", "paymentOutput": map[string]any{
				"amountOfMoney": w.amount(f.Value, f.Currency), "acquiredAmount": w.amount(f.Value, f.Currency), "amountPaid": w.units(f.Value, f.Currency),
				"references": map[string]any{"merchantReference": f.Purchase, "merchantParameters": "purchase_id=" + f.Purchase}}}})
		if err != nil {
			panic(fmt.Sprintf("providersim: write a forgery: %v", err))
		}
		return raw
	}
	ours, key := body(w.merchant), w.hooks[0]
	changed := gcsNotice(key.id, key.secret, ours)
	changed.Body = bytes.Replace(ours, []byte("forged"), []byte("forger"), 1)
	return []Notice{
		{Header: http.Header{"Content-Type": {"application/json"}}, Body: ours},
		gcsNotice("hook-of-live", "secret-of-the-live-environment-00", ours),
		gcsNotice(key.id, w.hooks[1].secret, ours),
		gcsNotice(key.id, w.secret, ours),
		gcsNotice(key.id, key.secret, body("anotherMerchant")),
		changed,
	}
}
