package sips_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providertest"
	"github.com/paybridge/paybridge/providers/sips"
)

// usual is the fields of a response.
const usual = "captureDay=0|captureMode=AUTHOR_CAPTURE|currencyCode=978|merchantId=" + shop + "|orderChannel=INTERNET|responseCode=00" +
	"|transactionDateTime=2026-11-20T10:15:30+01:00|transactionReference=T1|keyVersion=2|acquirerResponseCode=00|amount=4500|paymentMeanType=CARD" +
	"|maskedPan=null|orderId=0d3f7c1a52aa4c559e6d1b2c3d4e5f60|returnContext=null|transactionPlatform=SIMU"

func TestWhatResponsesTell(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	const id = " " + providertest.PurchaseID
	code := func(code string) []string {
		return []string{"responseCode=00", "responseCode=" + code, "acquirerResponseCode=00", "acquirerResponseCode=05"}
	}
	for name, c := range map[string]struct {
		changes []string // old, new, old, new…
		want    []string
	}{
		"paid":                     {nil, []string{"proved captured T1 T1 45.00 EUR" + id}},
		"paid at once":             {[]string{"AUTHOR_CAPTURE", "IMMEDIATE"}, []string{"proved captured T1 T1 45.00 EUR" + id}},
		"reserved":                 {[]string{"AUTHOR_CAPTURE", "VALIDATION"}, []string{"proved authorised T1 T1 45.00 EUR" + id}},
		"in yen":                   {[]string{"978", "392"}, []string{"proved captured T1 T1 4500 JPY" + id}},
		"in dinars":                {[]string{"978", "414"}, []string{"proved captured T1 T1 4.500 KWD" + id}},
		"of nobody":                {[]string{"|orderId=0d3f7c1a52aa4c559e6d1b2c3d4e5f60", ""}, []string{"proved captured T1 T1 45.00 EUR"}},
		"of no GUID":               {[]string{"orderId=0d3f", "orderId=0d3g"}, []string{"proved captured T1 T1 45.00 EUR"}},
		"by other means":           {[]string{"acquirerResponseCode=00|", "", "CARD", "CREDIT_TRANSFER"}, []string{"proved captured T1 T1 45.00 EUR" + id}},
		"by means with own codes":  {[]string{"acquirerResponseCode=00|", "acquirerResponseCode=0|", "CARD", "PROVIDER"}, []string{"proved captured T1 T1 45.00 EUR" + id}},
		"by means unknown":         {[]string{"acquirerResponseCode=00|", "", "paymentMeanType=CARD", "paymentMeanType=null"}, []string{"proved captured T1 T1 45.00 EUR" + id}},
		"on an older platform":     {[]string{"|transactionPlatform=SIMU", ""}, []string{"proved captured T1 T1 45.00 EUR" + id}},
		"on a platform named PROD": {[]string{"=SIMU", "=PROD"}, []string{"proved captured T1 T1 45.00 EUR" + id}},
		"under way":                {code("60"), []string{"proved pending T1 T1" + id + " response_60"}},
		"refused":                  {code("05"), []string{"proved failed T1 T1" + id + " response_05", "proved lapsed T1" + id}},
		"tried too often":          {code("75"), []string{"proved failed T1 T1" + id + " response_75", "proved lapsed T1" + id}},
		"suspected of fraud":       {code("34"), []string{"proved failed T1 T1" + id + " response_34", "proved lapsed T1" + id}},
		"of an unknown code":       {code("7X"), []string{"proved failed T1 T1" + id + " response_7X", "proved lapsed T1" + id}},
		"cancelled":                {code("17"), []string{"proved lapsed T1" + id}},
		"expired":                  {code("97"), []string{"proved lapsed T1" + id}},
		"a fault":                  {code("99"), []string{"proved failed T1 T1" + id + " response_99"}},
		"a platform at rest":       {code("90"), []string{"proved failed T1 T1" + id + " response_90"}},
		"a duplicate":              {code("94"), []string{}},
	} {
		text := usual
		for i := 0; i < len(c.changes); i += 2 {
			text = strings.Replace(text, c.changes[i], c.changes[i+1], 1)
		}
		reading, err := w.Read(t.Context(), w.sealed(text))
		got := providertest.Said(reading.Facts)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v\n got %q\nwant %q", name, err, got, c.want)
		}
	}
	for name, change := range map[string][2]string{
		"torn text":              {"maskedPan=null", "maskedPan=a|b"},
		"a field without a name": {"maskedPan=null", "maskedPan=a|=b"},
		"no reference":           {"transactionReference=T1", "transactionReference=null"},
		"an odd reference":       {"transactionReference=T1", "transactionReference=T-1"},
		"no code":                {"responseCode=00", "responseCode=null"},
		"a longer code":          {"responseCode=00", "responseCode=000"},
		"no amount":              {"amount=4500", "amount=null"},
		"nothing":                {"amount=4500", "amount=0"},
		"less than nothing":      {"amount=4500", "amount=-4500"},
		"a signed amount":        {"amount=4500", "amount=+4500"},
		"a fraction":             {"amount=4500", "amount=45.00"},
		"too much":               {"amount=4500", "amount=4500000000000"},
		"no currency":            {"currencyCode=978", "currencyCode=null"},
		"no such currency":       {"currencyCode=978", "currencyCode=999"},
		"a named currency":       {"currencyCode=978", "currencyCode=EUR"},
		"no capture mode":        {"AUTHOR_CAPTURE", "null"},
		"another capture mode":   {"AUTHOR_CAPTURE", "SOMEHOW"},
		"a contradiction":        {"acquirerResponseCode=00", "acquirerResponseCode=05"},
		"a card nobody asked":    {"acquirerResponseCode=00", "acquirerResponseCode=null"},
	} {
		reading, err := w.Read(t.Context(), w.sealed(strings.Replace(usual, change[0], change[1], 1)))
		if err == nil || !strings.Contains(err.Error(), purchase.ErrNotUnderstood.Error()) {
			t.Errorf("%s is understood: %+v, %v", name, reading, err)
		}
	}
}

func TestInjectedFieldsGainNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	declined := strings.NewReplacer("responseCode=00", "responseCode=05", "acquirerResponseCode=00", "acquirerResponseCode=null").Replace(usual)
	for field := range strings.SplitSeq(usual, "|") { // what every response has would be there twice
		d := w.sealed(strings.Replace(declined, "maskedPan=null", "maskedPan=x|"+field, 1))
		if reading, err := w.Read(t.Context(), d); !errors.Is(err, purchase.ErrForged) {
			t.Errorf("%s: %v, %v", field, providertest.Said(reading.Facts), err)
		}
	}
	bare := strings.NewReplacer("|acquirerResponseCode=null", "", "|paymentMeanType=CARD", "", "|transactionPlatform=SIMU", "",
		"|orderId=0d3f7c1a52aa4c559e6d1b2c3d4e5f60", "", "|returnContext=null", "").Replace(declined)
	for _, field := range []string{"acquirerResponseCode=00", "paymentMeanType=CREDIT_TRANSFER", "transactionPlatform=PROD", "transactionStatus=CAPTURED",
		"returnContext=x", "orderId=0d3f7c1a52aa4c559e6d1b2c3d4e5f60"} { // what is new decides nothing
		reading, err := w.Read(t.Context(), w.sealed(strings.Replace(bare, "maskedPan=null", "maskedPan=x|"+field, 1)))
		if err != nil || len(reading.Facts) != 2 || reading.Facts[0].Kind != purchase.Failed {
			t.Errorf("%s: %v, %v", field, providertest.Said(reading.Facts), err)
		}
	}
}

func TestEveryKeyOfTheShopIsGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.config.SecretKeys = []sips.Key{{Version: 3, Key: providertest.Secret(t, "newest_0123456789")}, w.config.SecretKeys[0]}
	if _, err := w.open(t).Read(t.Context(), w.sealed(usual)); err != nil {
		t.Errorf("sealed with the key before: %v", err)
	}
	w.config.SecretKeys = w.config.SecretKeys[:1]
	if _, err := w.open(t).Read(t.Context(), w.sealed(usual)); err == nil {
		t.Error("sealed with a key that is not ours")
	}
}

func TestALiveShopHearsOnlyProduction(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	config, live := section(t), providertest.Options(t, ownFields)
	live.Live = true
	s, err := sips.New(config, live)
	if err != nil {
		t.Fatal(err)
	}
	for platform, good := range map[string]bool{"=PROD": true, "=SIMU": false, "=TEST": false, "=prod": false, "=null": true} {
		_, err := s.Read(t.Context(), w.sealed(strings.Replace(usual, "=SIMU", platform, 1)))
		if good != (err == nil) || !good && !strings.Contains(err.Error(), string(purchase.WrongMode)) {
			t.Errorf("platform%s: %v", platform, err)
		}
	}
}

func TestOurOwnReferenceIsFoundFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	sealed, err := w.Seals.Seal(providertest.Order("x").Reference, 255)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(strings.Replace(usual, "returnContext=null", "returnContext="+sealed, 1), "orderId=0d3f", "orderId=1111", 1)
	reading, err := w.Read(t.Context(), w.sealed(text))
	want := purchase.Detail{Event: providertest.EventID, User: providertest.ContactID, Sealed: true}
	if err != nil || reading.Facts[0].Purchase.ID != providertest.PurchaseID || reading.Facts[0].Detail != want {
		t.Errorf("%+v, %v", reading, err)
	}
}
