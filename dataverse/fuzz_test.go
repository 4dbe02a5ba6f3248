package dataverse

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// An oracle is an organisation that says one thing first and another ever after, whatever it is asked.
type oracle struct {
	first, then []byte
	status      int
	header      http.Header
	asked       int
}

func (o *oracle) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	said, status := o.first, o.status
	if o.asked++; o.asked > 1 {
		said, status = o.then, http.StatusOK
	}
	return &http.Response{StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: o.header.Clone(),
		Body: io.NopCloser(strings.NewReader(string(said))), ContentLength: int64(len(said)), Request: r}, nil
}

// asker is a client of it that is signed in.
func (o *oracle) asker(t *testing.T, dialect Dialect) *Client {
	t.Helper()
	c, err := New(Config{URL: "https://org.crm4.dynamics.com", Dialect: dialect}, Options{HTTP: o, Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	c.safe.RetryMax = 0
	c.tokens.succeeded("token", time.Hour)
	return c
}

const somePurchase = "ab62525b-7a63-47c0-b6e8-17ad1a2c67a6"

// Whatever Dynamics answers, in whatever order, with whatever headers: it is read without harm, a yes is a yes that is written there, and an
// amount is the one that is written there.
func FuzzReaders(f *testing.F) {
	row := func(paid, processed string) string {
		return `{"msevtmgt_totalprice":45.0000,"msevtmgt_paid":` + paid + `,"msevtmgt_processed":` + processed + `,"createdon":"2026-11-02T08:30:00Z","_msevtmgt_eventid_value":"` + somePurchase +
			`","_msevtmgt_purchasingcontactid_value":"` + somePurchase + `","transactioncurrencyid":{"isocurrencycode":"EUR"}}`
	}
	linked := `{"value":[{"_msevtmgt_eventregistrationid_value":"` + somePurchase + `"},{"_msevtmgt_eventregistrationid_value":null}]}`
	page := `{"value":[` + row("true", "true") + `],"@odata.nextLink":"https://org.crm4.dynamics.com/api/data/v9.2/msevtmgt_eventpurchases?$skiptoken=2"}`
	contact := `{"emailaddress1":"ada@example.org"}`
	for _, s := range []struct{ first, then, header string }{
		{row("false", "false"), linked, ""}, {row("true", "true"), linked, "Date: Mon, 02 Nov 2026 08:30:00 GMT"}, {row("true", "null"), `{"value":[]}`, ""}, {"{}", "{}", ""},
		{`{"msevtmgt_totalprice":45,"MSEVTMGT_TotalPrice":46,"transactioncurrencyid":{"isocurrencycode":"EUR"}}`, linked, ""},
		{row("false", "false"), "{}", ""}, {"{}", `{"value":[]}`, ""}, {page, `{"value":[]}`, ""}, {page, page, ""}, {row("false", "false"), contact, ""},
		{`{"status":"Success"}`, "", ""}, {`{"Response":"{\"Status\":\"SUCCESS\"}"}`, "", ""}, {`{"status":"Failed","status":"Success"}`, "", ""}, {"", linked, ""},
		{`{"PurchaseAmount":45.00,"IsoCurrencyCode":"EUR","Attendees":"[{\"Email\":\"a@b.example\"}]"}`, row("false", "false"), ""}, {`{"PurchaseAmount":4.5e1,"IsoCurrencyCode":"EUR"}`, "", ""},
		{`{"error":{"code":"0x80072322","message":"x"}}`, "", "Retry-After: 99999999999999999999"}, {`{"error":{"code":"0x80040265","message":"x"}}`, "", "Retry-After: Mon, 02 Nov 2099 08:30:00 GMT"},
		{`{"error":{"code":"0x80060888","message":"Resource not found for the segment 'msevtmgt_FinalizeExternalRegistrationRequest'."}}`, `{"status":"Success"}`, ""},
		{`{"OrganizationId":"` + somePurchase + `"}`, "", "x-ms-ratelimit-burst-remaining-xrm-requests: -1"}, {strings.Repeat("[", 20000), "", ""}, {"\xef\xbb\xbf{}", "", ""}, {"<html>", "", ""},
	} {
		for _, status := range []int{200, 204, 400, 401, 403, 404, 429, 500, 503} {
			for what := range uint8(len(readings)) {
				if status == 200 || what < 2 {
					f.Add([]byte(s.first), []byte(s.then), s.header, status, what)
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, first, then []byte, header string, status int, what uint8) {
		if status < 200 || status > 599 || status/100 == 3 {
			return // a redirect without an address is the library's own error
		}
		o := &oracle{first: first, then: then, status: status, header: http.Header{}}
		for line := range strings.SplitSeq(header, "\n") {
			if name, value, ok := strings.Cut(line, ": "); ok {
				o.header.Add(name, value)
			}
		}
		readings[int(what)%len(readings)](t, o)
		if o.asked > 3*pagesMost {
			t.Errorf("asked %d times", o.asked)
		}
	})
}

var readings = []func(t *testing.T, o *oracle){
	func(t *testing.T, o *oracle) { checkOutcome(t, o, DialectRealtime) },
	func(t *testing.T, o *oracle) { checkOutcome(t, o, DialectOutbound) },
	checkRealtimePrice, checkOutboundPrice, checkRealtimeSeats, checkOutboundSeats, checkRoll, checkRest,
}

func checkOutcome(t *testing.T, o *oracle, dialect Dialect) {
	c := o.asker(t, dialect)
	outcome := c.Finalize(t.Context(), purchase.Final{Key: purchase.Key{ID: somePurchase}, Event: "E1"})
	good := o.status < 300
	second := o.asked == 2 // the first answer said, in Dynamics' own words, that there is no such action
	if second {
		good = true
		if v, ok := readStrictly(o.first); !ok || o.status != 404 || !strings.Contains(fmt.Sprint(v), "Resource not found for the segment") {
			t.Errorf("a second action was called after %d %q", o.status, o.first)
		}
	}
	said := o.first
	if second {
		said = o.then
	}
	switch outcome.Result {
	case purchase.Confirmed:
		v, ok := readStrictly(trimMark(said))
		out, there := outputs(v)
		word, clear := written(out.all("status"))
		if !ok || !there || !clear || !good || dialect != DialectOutbound || !strings.EqualFold(word, "success") {
			t.Errorf("confirmed by %d %q", o.status, said)
		}
	case purchase.Acknowledged:
		if !good {
			t.Errorf("acknowledged by %d", o.status)
		}
	case purchase.Unsent:
		if !slices.Contains([]int{401, 403, 429}, o.status) {
			t.Errorf("unsent after %d %q", o.status, o.first)
		}
	case purchase.Refused:
		if o.status >= 500 || o.asked > 2 {
			t.Errorf("refused by %d %q", o.status, o.first)
		}
	case purchase.Unknown:
	default:
		t.Errorf("outcome %+v", outcome)
	}
	if outcome.After < 0 || outcome.After > time.Hour || len(outcome.Reason) > 100 || strings.ContainsAny(outcome.Reason, "<>@\"\n") {
		t.Errorf("outcome %+v", outcome)
	}
}

func trimMark(body []byte) []byte { return []byte(strings.TrimPrefix(string(body), "\xef\xbb\xbf")) }

func checkOutboundPrice(t *testing.T, o *oracle) {
	offer, err := o.asker(t, DialectOutbound).Price(t.Context(), purchase.Key{ID: somePurchase})
	if err != nil {
		checkError(t, err)
		return
	}
	body := o.first
	if o.status == 404 { // there is no such action, and the older name is asked
		body = o.then
	}
	v, ok := readStrictly(trimMark(body))
	out, there := outputs(v)
	amount, clear := written(out.all("purchaseamount"))
	currency, named := written(out.all("isocurrencycode"))
	if !ok || !there || !clear || !named || !isExactly(offer.Money, amount, currency) || offer.Money.Minor < 0 {
		t.Errorf("%q is read as %v", body, offer.Money)
	}
}

// strictRow is a value of the row as it is written, if it is written once.
func strictRow(body []byte, names ...string) (any, bool) {
	v, ok := readStrictly(trimMark(body))
	for _, name := range names {
		o, isObject := v.(object2)
		var found []any
		for _, p := range o {
			if strings.EqualFold(p.name, name) {
				found = append(found, p.value)
			}
		}
		if !isObject || len(found) != 1 {
			return nil, false
		}
		v = found[0]
	}
	return v, ok
}

func checkRealtimePrice(t *testing.T, o *oracle) {
	offer, err := o.asker(t, DialectRealtime).Price(t.Context(), purchase.Key{ID: somePurchase})
	if err != nil {
		checkError(t, err)
		return
	}
	total, ok := strictRow(o.first, "msevtmgt_totalprice")
	currency, named := strictRow(o.first, "transactioncurrencyid", "isocurrencycode")
	iso, _ := currency.(string)
	if amount, clear := written([]any{total}); !ok || !named || !clear || !isExactly(offer.Money, amount, iso) {
		t.Errorf("%q is read as %v", o.first, offer.Money)
	}
}

func checkRealtimeSeats(t *testing.T, o *oracle) { checkSeats(t, o, DialectRealtime) }
func checkOutboundSeats(t *testing.T, o *oracle) { checkSeats(t, o, DialectOutbound) }

func checkSeats(t *testing.T, o *oracle, dialect Dialect) {
	seats, err := o.asker(t, dialect).ReadBack(t.Context(), purchase.Key{ID: somePurchase})
	if err != nil {
		checkError(t, err)
		return
	}
	if dialect == DialectOutbound && o.asked > 2 { // the row is hidden; two lists have to agree, and both are the second answer
		return
	}
	processed, _ := strictRow(o.first, "msevtmgt_processed")
	paid, _ := strictRow(o.first, "msevtmgt_paid")
	links, some, all := strictLinks(o.then)
	wrong := map[purchase.Seats]bool{
		purchase.SeatsAll:  processed != true || !all,
		purchase.SeatsSome: !some,
		purchase.SeatsNone: processed != false || paid != false || some || !links,
	}[seats]
	if hidden := o.status >= 400 && seats == purchase.SeatsUnsaid; wrong && !hidden {
		t.Errorf("%d %q, then %q are read as %s", o.status, o.first, o.then, seats)
	}
}

// strictLinks tells whether there is a list of attendees, and whether some and all of them are linked.
func strictLinks(body []byte) (there, some, all bool) {
	v, _ := strictRow(body, "value")
	list, there := v.([]any)
	linked := 0
	for _, a := range list {
		o, _ := a.(object2)
		for _, p := range o {
			if text, _ := p.value.(string); strings.EqualFold(p.name, "_msevtmgt_eventregistrationid_value") && text != "" {
				linked++
			}
		}
	}
	return there, linked > 0, linked > 0 && linked == len(list)
}

func checkRoll(t *testing.T, o *oracle) {
	n := 0
	for r, err := range o.asker(t, DialectRealtime).Registrations(t.Context(), time.Unix(0, 0), time.Unix(1e9, 0)) {
		if err != nil {
			checkError(t, err)
			return
		}
		if _, err := purchase.ParseID(r.Purchase); err != nil || r.Price.Minor < 0 {
			t.Errorf("listed: %+v", r)
		}
		if n++; n > 10_000 {
			return
		}
	}
}

// checkRest reads what no money hangs on: who we are, how the payer is reached, and what the sign-in answered.
func checkRest(t *testing.T, o *oracle) {
	if id, err := o.asker(t, DialectRealtime).Organization(t.Context()); err == nil && !guidShape.MatchString(id) {
		t.Errorf("organisation %q", id)
	}
	for _, dialect := range []Dialect{DialectRealtime, DialectOutbound} {
		o.asked = 0
		contact, err := o.asker(t, dialect).Contact(t.Context(), purchase.Key{ID: somePurchase})
		if err != nil {
			checkError(t, err)
		} else if a := contact.Address; a != "" && purchase.ParseAddress(string(a)) != a {
			t.Errorf("address %q", a)
		}
	}
	resp := &http.Response{StatusCode: o.status, Header: o.header, Body: io.NopCloser(strings.NewReader(string(o.first)))}
	if e := explainAnswer(resp, time.Unix(1e9, 0)); e.after < 0 || e.after > mostAfter || len(e.Error()) > 300 {
		t.Errorf("sign-in: %v after %v", e, e.after)
	}
}

// checkError: an error is a short line, and says when to come again.
func checkError(t *testing.T, err error) {
	t.Helper()
	after, _ := purchase.Retry(err)
	if after < 0 || after > time.Hour || len(err.Error()) > 500 || strings.ContainsAny(err.Error(), "\x00\n") {
		t.Errorf("after %v: %v", after, err)
	}
	var f *failure
	if !errors.As(err, &f) && !errors.Is(err, purchase.ErrNoPrice) && !errors.Is(err, purchase.ErrNoPurchase) {
		t.Errorf("an error of no kind: %v", err)
	}
}

// endless is an organisation whose list always goes on.
type endless func(n int) string

func (e endless) RoundTrip(r *http.Request) (*http.Response, error) {
	var n int
	_, _ = fmt.Sscanf(r.URL.Query().Get("$skiptoken"), "%d", &n)
	next := "https://org.crm4.dynamics.com" + apiPath + purchaseSet + "?$skiptoken=" + e(n)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"value":[],"@odata.nextLink":"` + next + `"}`)), Request: r}, nil
}

func TestAListThatLeadsBackOrHasNoEndIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]endless{
		"in a circle": func(n int) string { return fmt.Sprint(n%3 + 1) },
		"for ever":    func(n int) string { return fmt.Sprint(n + 1) },
	} {
		c, err := New(Config{URL: "https://org.crm4.dynamics.com", Dialect: DialectRealtime}, Options{HTTP: next})
		if err != nil {
			t.Fatal(err)
		}
		c.tokens.succeeded("token", time.Hour)
		var last error
		for _, err := range c.Registrations(t.Context(), time.Unix(0, 0), time.Unix(1e9, 0)) {
			last = err
		}
		var f *failure
		if !errors.As(last, &f) || f.reason != "odd_link" {
			t.Errorf("%s: ended by %v", name, last)
		}
	}
}
