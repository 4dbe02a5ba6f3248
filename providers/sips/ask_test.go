package sips_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providertest"
	"github.com/paybridge/paybridge/providers/sips"
)

// fixed answers every call with these bytes.
type fixed []byte

func (f fixed) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(f)), Request: r}, nil
}

// answering is a shop whose Sips Office answers these fields, sealed by this key.
func answering(t *testing.T, key string, answer map[string]any) *sips.Sips {
	t.Helper()
	if key != "" {
		answer["seal"] = sips.SealOf(key, answer)
	}
	raw, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	o := providertest.Options(t, ownFields)
	o.HTTP = fixed(raw)
	s, err := sips.New(section(t), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func with(changes map[string]any) map[string]any {
	all := map[string]any{"transactionReference": "T1", "merchantId": shop, "transactionStatus": "CAPTURED", "currencyCode": "978", "originAmount": "4500",
		"currentAmount": "4500", "responseCode": "00", "acquirerResponseCode": "00", "paymentMeanType": "CARD", "transactionDateTime": "2026-11-20T10:15:30+01:00"}
	for name, value := range changes {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	return all
}

func TestWhatEachStatusTells(t *testing.T) {
	t.Parallel()
	const paid, gone = "proved captured T1 T1 45.00 EUR", "proved refunded T1 T1-returned "
	for name, c := range map[string]struct {
		changes map[string]any
		want    []string
	}{
		"captured":                {nil, []string{paid}},
		"to capture":              {map[string]any{"transactionStatus": "TO_CAPTURE"}, []string{paid}},
		"by its code":             {map[string]any{"getTransDataResponseCode": "00"}, []string{paid}},
		"without an echo":         {map[string]any{"merchantId": nil, "transactionReference": nil}, []string{paid}},
		"named":                   {map[string]any{"orderId": "0d3f7c1a52aa4c559e6d1b2c3d4e5f60"}, []string{paid + " " + providertest.PurchaseID}},
		"without what is left":    {map[string]any{"currentAmount": nil}, []string{paid}},
		"without an acquirer":     {map[string]any{"acquirerResponseCode": nil}, []string{paid}},
		"partly gone":             {map[string]any{"currentAmount": "3000"}, []string{paid, gone + "15.00 EUR"}},
		"all gone":                {map[string]any{"currentAmount": "0", "transactionStatus": "CREDITED"}, []string{paid, gone + "45.00 EUR"}},
		"going":                   {map[string]any{"currentAmount": "0", "transactionStatus": "TO_CREDIT"}, []string{paid, gone + "45.00 EUR"}},
		"gone by its status":      {map[string]any{"transactionStatus": "CREDITED"}, []string{paid, gone + "45.00 EUR"}},
		"cancelled":               {map[string]any{"currentAmount": "000", "transactionStatus": "CANCELLED"}, []string{paid, gone + "45.00 EUR"}},
		"cancelled, reserved":     {map[string]any{"currentAmount": "0", "transactionStatus": "CANCELLED", "captureMode": "VALIDATION"}, []string{"proved lapsed T1"}},
		"cancelled, not reserved": {map[string]any{"currentAmount": "0", "transactionStatus": "CANCELLED", "captureMode": "IMMEDIATE"}, []string{paid, gone + "45.00 EUR"}},
		"reserved":                {map[string]any{"transactionStatus": "TO_VALIDATE"}, []string{"proved authorised T1 T1 45.00 EUR"}},
		"reserved, less":          {map[string]any{"transactionStatus": "TO_VALIDATE", "currentAmount": "4000"}, []string{"proved authorised T1 T1 40.00 EUR"}},
		"to be asked for again":   {map[string]any{"transactionStatus": "TO_REPLAY", "acquirerResponseCode": "02"}, []string{"proved authorised T1 T1 45.00 EUR"}},
		"to be authorised":        {map[string]any{"transactionStatus": "TO_AUTHORIZE"}, []string{"proved authorised T1 T1 45.00 EUR"}},
		"in doubt":                {map[string]any{"transactionStatus": "TO_CONFIRM_AUTHOR", "responseCode": "60"}, []string{"proved pending T1 T1 TO_CONFIRM_AUTHOR"}},
		"suspected":               {map[string]any{"transactionStatus": "TO_CHALLENGE"}, []string{"proved pending T1 T1 TO_CHALLENGE"}},
		"refused":                 {map[string]any{"transactionStatus": "REFUSED"}, []string{"proved failed T1 T1 refused", "proved lapsed T1"}},
		"refused by its code":     {map[string]any{"transactionStatus": "REFUSED", "responseCode": "05"}, []string{"proved failed T1 T1 response_05", "proved lapsed T1"}},
		"expired":                 {map[string]any{"transactionStatus": "EXPIRED"}, []string{"proved lapsed T1"}},
		"given up":                {map[string]any{"transactionStatus": "ABORTED", "responseCode": "17"}, []string{"proved lapsed T1"}},
		"of deeper fields":        {map[string]any{"rules": []any{map[string]any{"b": "2", "a": "1"}, true, false, nil, json.Number("3")}}, []string{paid}},
	} {
		facts, err := answering(t, secret, with(c.changes)).Ask(t.Context(), purchase.Ref{Payment: "T1"})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		same(t, name, providertest.Said(facts), c.want...)
	}
	for name, changes := range map[string]map[string]any{
		"an unknown status":      {"transactionStatus": "IMPROVED"},
		"no status":              {"transactionStatus": nil},
		"no amount":              {"originAmount": nil},
		"an odd amount":          {"originAmount": "45.00"},
		"more than was paid":     {"currentAmount": "4501"},
		"an odd rest":            {"currentAmount": "x"},
		"no currency":            {"currencyCode": nil},
		"an acquirer's refusal":  {"acquirerResponseCode": "05"},
		"another shop":           {"merchantId": "211000000000043"},
		"another transaction":    {"transactionReference": "T2"},
		"no code and no status":  {"transactionStatus": nil, "responseCode": nil},
		"a code that is no code": {"transactionStatus": nil, "responseCode": "none"},
	} {
		facts, err := answering(t, secret, with(changes)).Ask(t.Context(), purchase.Ref{Payment: "T1"})
		if after, again := purchase.Retry(err); err == nil || len(facts) > 0 || !again || (after == 0) != strings.Contains(name, "code") {
			t.Errorf("%s: %v, %v (again after %s)", name, facts, err, after)
		}
	}
}

func TestCodesOfSipsOffice(t *testing.T) {
	t.Parallel()
	for code, c := range map[string]struct {
		again bool
		after time.Duration
	}{"12": {}, "24": {}, "30": {}, "05": {}, "03": {true, 5 * time.Minute}, "34": {true, 5 * time.Minute}, "40": {true, 5 * time.Minute}, "90": {true, 0}, "99": {true, 0}} {
		_, err := answering(t, "", map[string]any{"responseCode": code}).Ask(t.Context(), purchase.Ref{Payment: "T1"})
		after, again := purchase.Retry(err)
		if err == nil || again != c.again || after != c.after || !strings.Contains(err.Error(), "response_"+code) || errors.Is(err, purchase.ErrNoPayment) {
			t.Errorf("%s: %v (%v, %s)", code, err, again, after)
		}
	}
	for _, key := range []string{"", secret, "nobody's"} { // whoever says so: there is no payment to believe in
		if _, err := answering(t, key, map[string]any{"responseCode": "25"}).Ask(t.Context(), purchase.Ref{Payment: "T1"}); !errors.Is(err, purchase.ErrNoPayment) {
			t.Errorf("unknown, sealed with %q: %v", key, err)
		}
	}
}

func TestOnlySealedAnswersAreProof(t *testing.T) {
	t.Parallel()
	for key, good := range map[string]bool{secret: true, older: true, "nobody's": false, "": false} {
		facts, err := answering(t, key, with(nil)).Ask(t.Context(), purchase.Ref{Payment: "T1"})
		if (err == nil) != good || final(err) || (len(facts) > 0) != good {
			t.Errorf("sealed with %q: %v, %v", key, facts, err)
		}
	}
	changed := with(nil)
	changed["seal"] = sips.SealOf(secret, changed)
	changed["originAmount"] = "9900"
	if facts, err := answering(t, "", changed).Ask(t.Context(), purchase.Ref{Payment: "T1"}); err == nil {
		t.Errorf("changed: %v", facts)
	}
	o := providertest.Options(t, nil)
	o.HTTP = fixed([]byte(`{"responseCode":"00","responseCode":"25"}`))
	twice, err := sips.New(section(t), o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := twice.Ask(t.Context(), purchase.Ref{Payment: "T1"}); err == nil || errors.Is(err, purchase.ErrNoPayment) {
		t.Errorf("a key twice: %v", err)
	}
}

func TestOddIDsAreNotAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, id := range []string{"", "T-1", "../x", strings.Repeat("a", 36), "é"} {
		if _, err := w.Ask(t.Context(), purchase.Ref{Payment: id}); !errors.Is(err, purchase.ErrNoPayment) {
			t.Errorf("%q: %v", id, err)
		}
		if _, err := w.Refund(t.Context(), purchase.Ref{Payment: id}, providertest.Euros45, "r"); !errors.Is(err, purchase.ErrNoPayment) {
			t.Errorf("%q: %v", id, err)
		}
	}
	if n := len(w.Sim.Requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
}
