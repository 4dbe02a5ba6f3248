package paypal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/paypal"
	"github.com/paybridge/paybridge/providers/protocol"
)

func ipnOnly(c *paypal.Config) {
	c.Notifications, c.Receiver, c.ClientID, c.ClientSecret = "ipn", "seller@example.org", "", field.Secret{}
}

const postBack = "POST /cgi-bin/webscr"

// verifying is PayPal that vouches for everything.
func verifying() *stub { return newStub(map[string]string{postBack: "VERIFIED"}) }

func ipnForm(change map[string]string) purchase.Delivery {
	v := url.Values{"txn_id": {"61E67681CH3238416"}, "payment_status": {"Completed"}, "mc_gross": {"45.00"}, "mc_currency": {"EUR"}, "test_ipn": {"1"},
		"receiver_email": {"Seller@example.org"}, "receiver_id": {"MERCH0000001"}, "custom": {purchaseID}, "payment_date": {"23:04:06 Feb 02, 2009 PST"}, "txn_type": {"web_accept"}}
	for name, value := range change {
		v.Set(name, value)
		if value == "-" {
			v.Del(name)
		}
	}
	return purchase.Delivery{Received: time.Now(), Method: http.MethodPost, Body: []byte(v.Encode())}
}

func TestIPNGoesBackAsItCame(t *testing.T) {
	t.Parallel()
	s := verifying()
	p := atStub(t, s, ipnOnly)
	d := ipnForm(nil)
	d.Body = []byte("payment_status=Completed&txn_id=61E67681CH3238416&mc_gross=45.00&mc_currency=EUR&test_ipn=1&first_name=Andr%E9&custom=" + purchaseID +
		"&receiver_id=MERCH0000001&receiver_email=seller%40example.org&charset=windows-1252&memo=a+b%20c")
	if _, err := p.Read(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	r := s.asked[0]
	if got := s.bodies[0]; got != "cmd=_notify-validate&"+string(d.Body) {
		t.Errorf("posted back %s", got)
	}
	if r.URL.String() != "https://ipnpb.sandbox.paypal.com/cgi-bin/webscr" || r.Header.Get("User-Agent") == "" || r.Header.Get("Authorization") != "" {
		t.Errorf("%s %v", r.URL, r.Header)
	}
}

func TestWhatEachIPNStatusTells(t *testing.T) {
	t.Parallel()
	const own, child = "61E67681CH3238416", "9XX00000YY000001Z"
	refund := map[string]string{"txn_id": child, "parent_txn_id": own, "mc_gross": "-15.00"}
	for name, c := range map[string]struct {
		change map[string]string
		status string
		want   string
	}{
		"completed":          {nil, "Completed", "proved captured " + own + " " + own + " 45.00 EUR " + purchaseID},
		"pending":            {map[string]string{"pending_reason": "echeck"}, "Pending", "proved pending " + own + " " + own + " 45.00 EUR " + purchaseID + " echeck"},
		"processed":          {nil, "Processed", "proved pending " + own + " " + own + " 45.00 EUR " + purchaseID},
		"denied":             {nil, "Denied", "proved failed " + own + " " + own + " 45.00 EUR " + purchaseID},
		"failed":             {nil, "Failed", "proved failed " + own + " " + own + " 45.00 EUR " + purchaseID},
		"expired":            {nil, "Expired", "proved lapsed " + own + "  - " + purchaseID},
		"voided":             {nil, "Voided", "proved lapsed " + own + "  - " + purchaseID},
		"refunded":           {refund, "Refunded", "proved refunded " + own + " " + child + " 15.00 EUR " + purchaseID},
		"reversed":           {refund, "Reversed", "proved reversed " + own + " " + child + " 15.00 EUR " + purchaseID},
		"reversal cancelled": {map[string]string{"txn_id": child, "parent_txn_id": own}, "Canceled_Reversal", "proved captured " + own + " " + child + " 45.00 EUR " + purchaseID},
		"no status":          {map[string]string{"payment_status": "-"}, "-", ""},
	} {
		change := map[string]string{}
		for k, v := range c.change {
			change[k] = v
		}
		change["payment_status"] = c.status
		reading, err := atStub(t, verifying(), ipnOnly).Read(t.Context(), ipnForm(change))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, strings.Join(said(reading.Facts), "\n")); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
		for _, f := range reading.Facts {
			if want := time.Date(2009, 2, 3, 7, 4, 6, 0, time.UTC); !f.At.Equal(want) {
				t.Errorf("%s: at %s, want %s", name, f.At, want)
			}
		}
	}
}

func TestIPNIsOnlyHeardWhereThePaymentCanBeReadBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *paypal.Config) { c.Notifications, c.Receiver = "ipn", "seller@example.org" })
	w.sim.SetIPN(callback)
	order, capture, err := w.sim.Buy(providersimButton("45.00"))
	if err != nil {
		t.Fatal(err)
	}
	reading, err := w.Read(t.Context(), w.nextForm(t))
	if err != nil || len(reading.Facts) != 1 || reading.Facts[0].Standing != purchase.Heard || reading.Facts[0].Object != capture {
		t.Fatalf("%v, %v", said(reading.Facts), err)
	}
	proof, err := w.Ask(t.Context(), purchase.Ref{Payment: reading.Facts[0].Payment, Object: reading.Facts[0].Object})
	want := []string{"proved captured " + order + " " + capture + " 45.00 EUR " + purchaseID}
	if diff := cmp.Diff(want, said(proof)); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestIPNThatIsNotForUsIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change map[string]string
		body   string
		want   purchase.Refusal
	}{
		"another receiver":   {map[string]string{"receiver_email": "other@example.org"}, "", purchase.WrongMerchant},
		"no receiver":        {map[string]string{"receiver_email": "-", "receiver_id": "-"}, "", purchase.WrongMerchant},
		"live":               {map[string]string{"test_ipn": "-"}, "", purchase.WrongMode},
		"a doubled field":    {nil, "txn_id=1&txn_id=2&test_ipn=1", purchase.Malformed},
		"no transaction":     {nil, "a=b&test_ipn=1", purchase.Malformed},
		"not a form":         {nil, "%zz", purchase.Malformed},
		"a body without end": {nil, "txn_id=1&test_ipn=1&a=" + strings.Repeat("a", 64<<10), purchase.Malformed},
	} {
		d := ipnForm(c.change)
		if c.body != "" {
			d.Body = []byte(c.body)
		}
		s := verifying()
		_, err := atStub(t, s, ipnOnly).Read(t.Context(), d)
		if why := refusal(t, err); why != c.want {
			t.Errorf("%s is refused as %s", name, why)
		}
		if c.want != purchase.WrongMerchant && len(s.asked) > 0 {
			t.Errorf("%s: PayPal was asked", name)
		}
	}
}

func TestIPNIsJudgedByPayPalsTwoWordsOnly(t *testing.T) {
	t.Parallel()
	s := newStub(nil)
	p := atStub(t, s, ipnOnly)
	status, body := 200, "INVALID"
	s.do(postBack, func(*http.Request, string) (int, string) { return status, body })
	if _, err := p.Read(t.Context(), ipnForm(nil)); refusal(t, err) != purchase.BadSignature {
		t.Error(err)
	}
	for _, c := range []struct {
		status int
		body   string
	}{{200, ""}, {200, "VERIFIEDX"}, {200, "<html>VERIFIED</html>"}, {503, "VERIFIED"}, {403, "VERIFIED"}, {302, "INVALID"}, {0, "no route"}} {
		status, body = c.status, c.body
		_, err := p.Read(t.Context(), ipnForm(nil))
		unchecked(t, c.body, err)
	}
}

func TestIPNIsDecodedInItsOwnCharset(t *testing.T) {
	t.Parallel()
	ids := func(read func(string) string) purchase.Reference {
		return purchase.Reference{Purchase: purchaseID, Event: read("invoice")}
	}
	for charset, raw := range map[string]string{"windows-1252": "caf%E9+%80", "": "caf%E9+%80", "UTF-8": "caf%C3%A9+%E2%82%AC", "no-such-charset": "caf%E9+%80"} {
		c := section(t)
		ipnOnly(&c)
		p := open(t, c, protocol.Options{HTTP: verifying(), Locate: ids})
		d := ipnForm(map[string]string{"custom": "-"})
		d.Body = append(d.Body, "&invoice="+raw+"&charset="+charset...)
		reading, err := p.Read(t.Context(), d)
		if err != nil || len(reading.Facts) != 1 || reading.Facts[0].Detail.Event != "café €" {
			t.Errorf("%q: %+v, %v", charset, reading.Facts, err)
		}
	}
}

func TestStrangeIPNIsKeptForAPerson(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]map[string]string{
		"an unknown status":       {"payment_status": "Simmering"},
		"no amount":               {"mc_gross": "-"},
		"an unknown currency":     {"mc_currency": "QQQ"},
		"captured less than none": {"mc_gross": "-45.00"},
		"a refund of nothing":     {"payment_status": "Refunded", "mc_gross": "-45.00"},
		"no transaction id":       {"txn_id": ""},
	} {
		reading, err := atStub(t, verifying(), ipnOnly).Read(t.Context(), ipnForm(change))
		if err == nil || !strings.Contains(err.Error(), purchase.ErrNotUnderstood.Error()) || len(reading.Facts) > 0 {
			t.Errorf("%s: %v, %v", name, said(reading.Facts), err)
		}
	}
}
