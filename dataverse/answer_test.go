package dataverse

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge/purchase"
)

func reader(cfg Config) *outbound { return &outbound{Client: &Client{cfg: cfg, log: zap.NewNop()}} }

func TestAPriceIsReadHoweverItIsSpelledAndNeverGuessed(t *testing.T) {
	t.Parallel()
	eur := purchase.Money{Minor: 4500, Currency: "EUR"}
	renamed := Config{Fields: map[string]string{"amount": "msevtmgt_Total", "currency": "Iso", "event": "EventId", "user": "Buyer"}}
	for name, row := range map[string]struct {
		cfg  Config
		body string
		want purchase.Offer
		err  error
	}{
		"as assumed":         {body: `{"@odata.context":"x","EventName":"Fête","PurchaseAmount":45.0000,"CurrencyName":"Euro","IsoCurrencyCode":"EUR","CurrencySymbol":"€","Attendees":[{},{}]}`, want: purchase.Offer{Money: eur, EventName: "Fête", Attendees: 2}},
		"other casing":       {body: `{"purchaseamount":45,"ISOCURRENCYCODE":"eur"}`, want: purchase.Offer{Money: eur}},
		"prefixed":           {body: `{"msevtmgt_purchaseamount":45,"msevtmgt_isocurrencycode":"EUR","msevtmgt_attendees":"[{},{},{}]"}`, want: purchase.Offer{Money: eur, Attendees: 3}},
		"snake case":         {body: `{"purchase_amount":"45.00","iso_currency_code":"EUR"}`, want: purchase.Offer{Money: eur}},
		"one JSON string":    {body: `{"@odata.context":"x","Result":"{\"PurchaseAmount\":45.00,\"IsoCurrencyCode\":\"EUR\"}"}`, want: purchase.Offer{Money: eur}},
		"an object in one":   {body: `{"Result":{"Details":"{\"PurchaseAmount\":45.00,\"IsoCurrencyCode\":\"EUR\"}"}}`, want: purchase.Offer{Money: eur}},
		"text amount":        {body: `{"PurchaseAmount":" 45.00 ","IsoCurrencyCode":" EUR "}`, want: purchase.Offer{Money: eur}},
		"renamed":            {cfg: renamed, body: `{"total":45,"iso":"EUR","EventId":"E1","Buyer":"u"}`, want: purchase.Offer{Money: eur, Event: "E1", User: "u"}},
		"a big amount":       {body: `{"PurchaseAmount":90071992547409.93,"IsoCurrencyCode":"EUR"}`, want: purchase.Offer{Money: purchase.Money{Minor: 9007199254740993, Currency: "EUR"}}},
		"nothing to pay":     {body: `{"PurchaseAmount":0,"IsoCurrencyCode":"EUR"}`, want: purchase.Offer{Money: purchase.Money{Currency: "EUR"}}},
		"renamed, old names": {cfg: renamed, body: `{"PurchaseAmount":45,"IsoCurrencyCode":"EUR"}`, err: purchase.ErrNoPrice},
		"a symbol only":      {body: `{"PurchaseAmount":45,"CurrencySymbol":"€"}`, err: purchase.ErrNoPrice},
		"no such currency":   {body: `{"PurchaseAmount":45,"IsoCurrencyCode":"EURO"}`, err: purchase.ErrNoPrice},
		"a comma":            {body: `{"PurchaseAmount":"45,00","IsoCurrencyCode":"EUR"}`, err: purchase.ErrNoPrice},
		"too many decimals":  {body: `{"PurchaseAmount":45.001,"IsoCurrencyCode":"EUR"}`, err: purchase.ErrNoPrice},
		"an exponent":        {body: `{"PurchaseAmount":4.5e1,"IsoCurrencyCode":"EUR"}`, err: purchase.ErrNoPrice},
		"negative":           {body: `{"PurchaseAmount":-45,"IsoCurrencyCode":"EUR"}`, err: purchase.ErrNoPrice},
		"no amount":          {body: `{"PurchaseAmount":null,"IsoCurrencyCode":"EUR"}`, err: purchase.ErrNoPrice},
		"an amount of parts": {body: `{"PurchaseAmount":{"Value":45},"IsoCurrencyCode":"EUR"}`, err: purchase.ErrNoPrice},
		"two that differ":    {body: `{"PurchaseAmount":45,"msevtmgt_purchaseamount":46,"IsoCurrencyCode":"EUR"}`, err: purchase.ErrNoPrice},
		"two that agree":     {body: `{"PurchaseAmount":45,"msevtmgt_purchaseamount":45,"IsoCurrencyCode":"EUR"}`, want: purchase.Offer{Money: eur}},
		"said twice":         {body: `{"PurchaseAmount":45,"PurchaseAmount":46,"IsoCurrencyCode":"EUR"}`, err: purchase.ErrNoPrice},
		"nothing at all":     {body: `{"EventName":null,"PurchaseAmount":null,"IsoCurrencyCode":null}`, err: purchase.ErrNoPurchase},
		"no outputs":         {body: `{"@odata.context":"x"}`, err: purchase.ErrNoPrice},
		"no object":          {body: `"45 EUR"`, err: purchase.ErrNoPrice},
		"a page":             {body: `<html>`, err: purchase.ErrNoPrice},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := reader(row.cfg).offer(reply{status: 200, body: []byte(row.body)})
			if got != row.want || !errors.Is(err, row.err) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestOnlyAKnownWordIsAYes(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]purchase.Outcome{
		`{"status":"Success"}`:                                             {Result: purchase.Confirmed},
		`{"@odata.context":"x","Status":" success "}`:                      {Result: purchase.Confirmed},
		`{"Response":"{\"Status\":\"SUCCESS\",\"errorMessage\":null}"}`:    {Result: purchase.Confirmed},
		`{"status":"Successful"}`:                                          {Result: purchase.Unknown, Reason: "Successful"},
		`{"status":"Failed"}`:                                              {Result: purchase.Refused, Reason: "Failed"},
		`{"status":"Full","errorMessage":"no seats are left"}`:             {Result: purchase.Refused, Reason: "Full"},
		`{"status":"Failed","errorCode":"RegistrationExpired"}`:            {Result: purchase.Refused, Reason: "Failed RegistrationExpired"},
		`{"status":"Fehler für ada@example.org <b>","errorCode":{"a":1}}`:  {Result: purchase.Unknown, Reason: "odd_status"},
		`{"status":"` + strings.Repeat("x", 500) + `"}`:                    {Result: purchase.Unknown, Reason: "odd_status"},
		`{"status":true}`:                                                  {Result: purchase.Unknown, Reason: "true"},
		`{"status":"Failed","status":"Success"}`:                           {Result: purchase.Unknown, Reason: "no_status"},
		`{"status":"Success","msevtmgt_status":"Failed"}`:                  {Result: purchase.Unknown, Reason: "no_status"},
		`{"status":null}`:                                                  {Result: purchase.Unknown, Reason: "no_status"},
		`{"error":{"type":"AnonymousAccessNotAllowed","statusCode":"0x"}}`: {Result: purchase.Unknown, Reason: "no_status"},
		`{"result":"Success"}`:                                             {Result: purchase.Unknown, Reason: "no_status"},
		`Success`:                                                          {Result: purchase.Unknown, Reason: "not_json"},
		`{"status":"Succ`:                                                  {Result: purchase.Unknown, Reason: "not_json"},
		``:                                                                 {Result: purchase.Acknowledged, Reason: "no_status"},
	} {
		if got := reader(Config{}).judge(reply{status: 200, body: []byte(body)}); got != want {
			t.Errorf("%s: %+v, want %+v", body, got, want)
		}
	}
}

func TestAShapeHasNamesAndTypesAndNoValues(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"@odata.context":"https://x","b":[{"Email":"ada@example.org"}],"a":45.5,"ada@example.org":1,"Ada Lovelace":"x","n":null,"t":true}`: "{?:string,a:number,b:[{Email:string}],n:null,t:boolean}",
		`{"r":"{\"Status\":\"Success\"}"}`: "{r:string({Status:string})}",
		`<html>`:                           "not json", ``: "nothing", `[]`: "[]", `{"a":{"b":{"c":{"d":{"e":1}}}}}`: "{a:{b:{c:{d:{…}}}}}",
	} {
		if got := shape([]byte(body), 4); got != want {
			t.Errorf("%s\n got %s\nwant %s", body, got, want)
		}
	}
}

func TestSeatsTakeAllWitnesses(t *testing.T) {
	t.Parallel()
	linked, free := link{Registration: "r"}, link{}
	for name, c := range map[string]struct {
		row   *row
		links []link
		want  purchase.Seats
		again bool
	}{
		"done":                       {&row{Processed: yes, Paid: yes}, []link{linked, linked}, purchase.SeatsAll, false},
		"one is missing":             {&row{Processed: yes, Paid: no}, []link{linked, free}, purchase.SeatsSome, false},
		"links before the flag":      {&row{Processed: no, Paid: yes}, []link{linked, linked}, purchase.SeatsSome, false},
		"untouched":                  {&row{Processed: no, Paid: no}, []link{free, free}, purchase.SeatsNone, false},
		"untouched, no attendees":    {&row{Processed: no, Paid: no}, nil, purchase.SeatsNone, false},
		"paid and nothing more":      {&row{Processed: no, Paid: yes}, []link{free}, "", true},
		"processed without links":    {&row{Processed: yes, Paid: no}, []link{free}, "", true},
		"processed, hidden from us":  {&row{Processed: yes, Paid: no}, nil, purchase.SeatsUnsaid, false},
		"hidden columns":             {&row{}, []link{free}, purchase.SeatsUnsaid, false},
		"one hidden column":          {&row{Processed: no}, nil, purchase.SeatsUnsaid, false},
		"no row, all linked":         {nil, []link{linked}, purchase.SeatsAll, false},
		"no row, some linked":        {nil, []link{linked, free}, purchase.SeatsSome, false},
		"no row, none linked":        {nil, []link{free}, purchase.SeatsUnsaid, false},
		"no row, nothing to look at": {nil, nil, purchase.SeatsUnsaid, false},
	} {
		got, err := judgeSeats(c.row, c.links)
		if got != c.want || (err != nil) != c.again {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"status":"Success"}`, `{"Response":"{\"status\":\"Success\"}"}`, `{"PurchaseAmount":45.00,"IsoCurrencyCode":"EUR"}`, `{"a":{"b":{"c":{"d":{}}}}}`, `{"msevtmgt_status":null}`,
		`{"Attendees":"[{},{}]"}`, `null`, `[]`, `"x"`, `{"status":"\ud800"}`, `{"status":"Success"}{}`, `{"error":{"code":"0x80040265","message":"x"}}`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	o := reader(Config{})
	f.Fuzz(func(t *testing.T, body []byte) {
		r := reply{status: 200, body: body}
		offer, err := o.offer(r)
		if err == nil && (!offer.Money.Known() || offer.Money.Minor < 0) {
			t.Errorf("a price of %v", offer.Money)
		}
		if err != nil && !errors.Is(err, purchase.ErrNoPrice) && !errors.Is(err, purchase.ErrNoPurchase) {
			t.Errorf("an error of another kind: %v", err)
		}
		outcome := o.judge(r)
		if outcome.Result == purchase.Confirmed && !strings.Contains(strings.ToLower(string(body)), "s") {
			t.Error("a yes without a word")
		}
		if !slices.Contains([]purchase.Result{purchase.Confirmed, purchase.Refused, purchase.Unknown, purchase.Acknowledged}, outcome.Result) {
			t.Errorf("%+v", outcome)
		}
		if len(outcome.Reason) > 81 || strings.ContainsAny(outcome.Reason, "<>@\"\n") {
			t.Errorf("reason %q", outcome.Reason)
		}
		if code, _ := errorBody(body); code != "" && !hexCode.MatchString(code) {
			t.Errorf("code %q", code)
		}
		_ = shape(body, 4)
	})
}
