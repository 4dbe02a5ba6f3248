package ingenico_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/ingenico"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

type object = map[string]any

// with is an object with changes; nil takes a key away.
func with(base object, changes object) object {
	out := maps.Clone(base)
	for name, value := range changes {
		out[name] = value
		if value == nil {
			delete(out, name)
		}
	}
	return out
}

// envelope is an event about an object.
func (w *world) envelope(kind, name string, of object) string {
	merchant := "simulatedPSPID"
	if w.connects() {
		merchant = "9991"
	}
	raw, err := json.Marshal(object{"apiVersion": "v1", "id": "8ee793f6-4553-4749-85dc-f2ef095c5ab0", "created": "2026-11-22T10:30:00.1234567+01:00", "merchantId": merchant, "type": kind, name: of})
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func (w *world) hear(t *testing.T, body string) (purchase.Reading, error) {
	t.Helper()
	return w.Read(t.Context(), providertest.Delivery(w.Sim.Signed([]byte(body)), time.Now()))
}

func money(minor int, currency string) object {
	return object{"amount": minor, "currencyCode": currency}
}

// statuses are what every status of a payment tells in an event; those not here are not understood. NUMBER and TRY stand for the
// objects, PURCHASE for the purchase.
var statuses = map[string][]string{
	"CREATED": {}, "REDIRECTED": {}, "ACCOUNT_VERIFIED": {},
	"PENDING_PAYMENT":         {"proved pending NAME TRY PURCHASE pending_payment"},
	"PENDING_COMPLETION":      {"proved pending NAME TRY PURCHASE pending_completion"},
	"PENDING_FRAUD_APPROVAL":  {"proved pending NAME TRY PURCHASE pending_fraud_approval"},
	"AUTHORIZATION_REQUESTED": {"proved pending NAME TRY PURCHASE authorization_requested"},
	"CAPTURE_REQUESTED":       {"proved pending NAME TRY PURCHASE capture_requested"},
	"PENDING_APPROVAL":        {"proved authorised NAME NUMBER 45.00 EUR PURCHASE"},
	"PENDING_CAPTURE":         {"proved authorised NAME NUMBER 45.00 EUR PURCHASE"},
	"CAPTURED":                {"proved captured NAME NUMBER 45.00 EUR PURCHASE"},
	"PAID":                    {"proved captured NAME NUMBER 45.00 EUR PURCHASE"},
	"REJECTED":                {"proved failed NAME TRY PURCHASE rejected"},
	"REJECTED_CAPTURE":        {"proved failed NAME NUMBER PURCHASE rejected_capture", "proved failed NAME TRY PURCHASE rejected_capture"},
	"CANCELLED":               {"proved failed NAME NUMBER PURCHASE cancelled", "proved failed NAME TRY PURCHASE cancelled"},
	"REFUND_REQUESTED":        {"heard refunded NAME TRY 45.00 EUR PURCHASE"},
	"REFUNDED":                {"heard refunded NAME TRY 45.00 EUR PURCHASE"},
	"CHARGEBACK_NOTIFICATION": {"proved reversed NAME NUMBER:reversal 45.00 EUR PURCHASE reversal"},
	"CHARGEBACKED":            {"proved reversed NAME NUMBER:reversal 45.00 EUR PURCHASE reversal"},
	"REVERSED":                {"proved reversed NAME NUMBER:reversal 45.00 EUR PURCHASE reversal"},
	"PAID_TWICE":              nil, "": nil, "captured": nil,
}

// sold is a captured payment of the generation, and its objects.
func (w *world) sold() (of object, names *strings.Replacer) {
	reference, _ := ingenico.Pack(providertest.PurchaseID, "key")
	output := object{"amountOfMoney": money(4500, "EUR"), "acquiredAmount": money(4500, "EUR"), "references": object{"merchantReference": reference}}
	id, number, name := "70000000001_3", "70000000001", "70000000001"
	if w.connects() {
		delete(output, "acquiredAmount")
		output["amountPaid"] = 4500
		id, name = "000000999100000000010000100001", "15c09dac-bf44-486a-af6b-edfd8680a166"
		number = id
	}
	return object{"id": id, "status": "CAPTURED", "hostedCheckoutSpecificOutput": object{"hostedCheckoutId": name}, "paymentOutput": output,
			"statusOutput": object{"statusCode": 9, "isAuthorized": false}},
		strings.NewReplacer("NAME", name, "NUMBER", number, "TRY", id, "PURCHASE", providertest.PurchaseID)
}

func TestWhatEachStatusTells(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		of, names := w.sold()
		for status, want := range statuses {
			reading, err := w.hear(t, w.envelope("payment."+strings.ToLower(status), "payment", with(of, object{"status": status})))
			if want == nil {
				if !errors.Is(err, purchase.ErrNotUnderstood) || len(reading.Facts) > 0 {
					t.Errorf("%q: %v, %v", status, reading, err)
				}
				continue
			}
			said := names.Replace(strings.Join(want, "\n"))
			if w.connects() && len(want) == 2 { // number and try are one there
				said = names.Replace(want[0])
			}
			if got := strings.Join(providertest.Said(reading.Facts), "\n"); err != nil || got != said {
				t.Errorf("%s: %v\n got %q\nwant %q", status, err, got, said)
			}
			for _, f := range reading.Facts {
				if !f.At.Equal(time.Date(2026, 11, 22, 9, 30, 0, 123456700, time.UTC)) || reading.Message != "" {
					t.Errorf("%s: at %s", status, f.At)
				}
			}
		}
	})
}

func TestWhatEachStatusOfARefundTells(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		reference, _ := ingenico.Pack(providertest.PurchaseID, "refund")
		id, name, standing := "70000000001_4", "70000000001", "proved"
		if w.connects() {
			id, name, standing = "0000009991000000000100001-00002", "0000009991000000000100001-00002", "heard"
		}
		for status, c := range map[string]struct {
			kind    string
			version int64
		}{"CREATED": {"refunded", 1}, "PENDING_APPROVAL": {"refunded", 1}, "REFUND_REQUESTED": {"refunded", 1}, "CAPTURE_REQUESTED": {"refunded", 1}, "REFUNDED": {"refunded", 2},
			"CAPTURED": {"refunded", 2}, "PAID": {"refunded", 2}, "REJECTED": {"failed", 3}, "CANCELLED": {"failed", 3}} {
			of := object{"id": id, "status": status, "statusOutput": object{"statusCode": 8}, "refundOutput": object{"amountOfMoney": money(1500, "EUR"), "references": object{"merchantReference": reference}}}
			reading, err := w.hear(t, w.envelope("refund."+strings.ToLower(status), "refund", of))
			want := standing + " " + c.kind + " " + name + " " + id + " 15.00 EUR " + providertest.PurchaseID
			if c.kind == "failed" {
				want += " refund_refused"
			}
			if got := strings.Join(providertest.Said(reading.Facts), "\n"); err != nil || got != want || reading.Facts[0].Version != c.version {
				t.Errorf("%s: %v, version %d\n got %q\nwant %q", status, err, reading.Facts[0].Version, got, want)
			}
			for what, changes := range map[string]object{"no amount": {"refundOutput": object{}}, "another status": {"status": "SENT"}, "no id": {"id": "x"}} {
				if _, err := w.hear(t, w.envelope("refund.x", "refund", with(of, changes))); !errors.Is(err, purchase.ErrNotUnderstood) {
					t.Errorf("%s: %v", what, err)
				}
			}
		}
	})
}

func TestEventsOfOddShapes(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		of, names := w.sold()
		output := func(changes object) object {
			return with(of, object{"paymentOutput": with(of["paymentOutput"].(object), changes)})
		}
		event := func(o object) string { return w.envelope("payment.captured", "payment", o) }
		captured := "proved captured NAME NUMBER 45.00 EUR PURCHASE"
		for name, c := range map[string]struct{ event, want string }{
			"the other layout of a time":   {strings.Replace(event(of), "10:30:00.1234567+01:00", "11:24:14.040+0100", 1), captured},
			"no time":                      {strings.Replace(event(of), "2026-11-22T10:30:00.1234567+01:00", "soon", 1), captured},
			"other objects null":           {strings.Replace(event(of), `"apiVersion"`, `"refund":null,"payout":null,"token":null,"apiVersion"`, 1), captured},
			"a type that is new":           {w.envelope("payment.improved", "payment", of), captured},
			"the merchant in capitals":     {strings.Replace(event(of), `"simulatedPSPID"`, `"SIMULATEDpspid"`, 1), captured},
			"a payout":                     {w.envelope("payout.paid", "payout", object{"id": "1"}), ""},
			"a token":                      {w.envelope("token.created", "token", object{"id": "1"}), ""},
			"a dispute":                    {w.envelope("dispute.created", "dispute", object{"id": "1"}), ""},
			"a payment link":               {w.envelope("paymentlink.paid", "paymentLink", object{"id": "1"}), ""},
			"a test message":               {w.envelope("test", "payment", nil), ""},
			"not authorised but captured":  {event(with(of, object{"statusOutput": object{"isAuthorized": false, "statusCategory": "UNSUCCESSFUL", "statusCode": 84}})), captured},
			"nothing taken is said":        {event(output(object{"acquiredAmount": nil, "amountPaid": nil})), "heard captured NAME NUMBER 45.00 EUR PURCHASE"},
			"nothing taken yet":            {event(output(object{"acquiredAmount": money(0, "EUR"), "amountPaid": 0})), "heard captured NAME NUMBER 45.00 EUR PURCHASE"},
			"reserved, and taken is said":  {event(with(output(nil), object{"status": "PENDING_CAPTURE"})), "proved authorised NAME NUMBER 45.00 EUR PURCHASE"},
			"some other reference":         {event(output(object{"references": object{"merchantReference": "2026/OF-SBFBDR/26"}})), "proved captured NAME NUMBER 45.00 EUR"},
			"a reference that looks alike": {event(output(object{"references": object{"merchantReference": "AAAAAAAAAAAAAAAAAAAAAA-1234567"}})), "proved captured NAME NUMBER 45.00 EUR"},
			"without references":           {event(output(object{"references": nil})), "proved captured NAME NUMBER 45.00 EUR"},
		} {
			reading, err := w.hear(t, c.event)
			if got := strings.Join(providertest.Said(reading.Facts), "\n"); err != nil || got != names.Replace(c.want) {
				t.Errorf("%s: %v\n got %q\nwant %q", name, err, got, names.Replace(c.want))
			}
		}
		for name, text := range map[string]string{
			"no payment":             w.envelope("payment.paid", "refund", of),
			"a payment that is null": w.envelope("payment.paid", "payment", nil),
			"a list":                 strings.Replace(event(of), `"payment":{`, `"payment":[{`, 1),
			"a key twice":            strings.Replace(event(of), `"status":"CAPTURED"`, `"status":"CREATED","status":"CAPTURED"`, 1),
			"no id":                  event(with(of, object{"id": "../x"})),
			"a fraction":             event(output(object{"amountOfMoney": object{"amount": 45.5, "currencyCode": "EUR"}})),
			"a text":                 event(output(object{"amountOfMoney": object{"amount": "4500", "currencyCode": "EUR"}})),
			"below zero":             event(output(object{"amountOfMoney": money(-4500, "EUR")})),
			"no such currency":       event(output(object{"amountOfMoney": money(4500, "EUX"), "acquiredAmount": money(4500, "EUX")})),
			"small letters":          event(output(object{"amountOfMoney": money(4500, "eur")})),
			"no amount":              event(output(object{"amountOfMoney": nil, "acquiredAmount": nil, "amountPaid": nil})),
			"nothing":                event(output(object{"amountOfMoney": money(0, "EUR"), "acquiredAmount": nil, "amountPaid": nil})),
		} {
			if reading, err := w.hear(t, text); !errors.Is(err, purchase.ErrNotUnderstood) {
				t.Errorf("%s is understood: %+v, %v", name, reading, err)
			}
		}
	})
}

func TestAmountsComeInTheUnitsOfTheGeneration(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		of, _ := w.sold()
		for currency, c := range map[string]struct {
			direct, connect int
			want            string
		}{"EUR": {1234, 1234, "12.34 EUR"}, "JPY": {1234, 123400, "1234 JPY"}, "KWD": {1230, 123, "1.230 KWD"}, "HUF": {1234, 1234, "12.34 HUF"}} {
			minor := c.direct
			if w.connects() {
				minor = c.connect
			}
			output := with(of["paymentOutput"].(object), object{"amountOfMoney": money(minor, currency)})
			if w.connects() {
				output["amountPaid"] = minor
			} else {
				output["acquiredAmount"] = money(minor, currency)
			}
			reading, err := w.hear(t, w.envelope("payment.captured", "payment", with(of, object{"paymentOutput": output})))
			if err != nil || len(reading.Facts) != 1 || reading.Facts[0].Money.String() != c.want {
				t.Errorf("%d %s: %v, %v", minor, currency, reading, err)
			}
		}
		if w.connects() {
			output := with(of["paymentOutput"].(object), object{"amountOfMoney": money(123450, "JPY"), "amountPaid": 123450})
			if reading, err := w.hear(t, w.envelope("payment.captured", "payment", with(of, object{"paymentOutput": output}))); !errors.Is(err, purchase.ErrNotUnderstood) {
				t.Errorf("half a yen: %v, %v", reading, err)
			}
		}
	})
}

func TestTheEndpointIsVerifiedByItsEcho(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		const value = "aB3-._~:/+=" // what may come
		question := providertest.Delivery(w.Sim.Verification(value), time.Now())
		reading, err := w.Read(t.Context(), question)
		answer := w.Worldline.Answer(question, true)
		if err != nil || !reading.Unkept || len(reading.Facts) > 0 || string(answer.Body) != value || answer.ContentType != "text/plain" || answer.Status != 0 {
			t.Errorf("%+v, %v, answered %+v", reading, err, answer)
		}
		for _, odd := range []string{"", "<script>", "a b", "a\nb", "é", strings.Repeat("x", 257)} {
			d := providertest.Delivery(w.Sim.Verification(odd), time.Now())
			if _, err := w.Read(t.Context(), d); err == nil {
				t.Errorf("%q is echoed", odd)
			}
			if answer := w.Worldline.Answer(d, true); len(answer.Body) > 0 {
				t.Errorf("%q is answered %q", odd, answer.Body)
			}
		}
		if c, is := w.Sim.(*providersim.IngenicoConnect); is {
			w.Stall.Answer = func(d purchase.Delivery) (int, string) { return 200, string(w.Worldline.Answer(d, true).Body) }
			if !c.VerifyEndpoint() {
				t.Error("Connect does not take the endpoint for one")
			}
		}
		if answer := w.Worldline.Answer(question, false); len(answer.Body) > 0 {
			t.Error("a refusal is answered as if it were none")
		}
		if answer := w.Worldline.Answer(providertest.Delivery(w.Sim.Signed([]byte("{}")), time.Now()), true); len(answer.Body) > 0 || fmt.Sprint(w.Methods()) != "[GET POST]" {
			t.Errorf("an event is answered %+v", answer)
		}
	})
}

// meanings are what every STATUS of Ogone tells with an amount, where nothing can be asked and where it can.
var meanings = map[string][2]string{
	"46": {}, "63": {},
	"4": {"pending _0"}, "40": {"pending _0"}, "41": {"pending _0"}, "50": {"pending _0"}, "51": {"pending _0"}, "52": {"pending _0"}, "55": {"pending _0"},
	"61": {"pending _0"}, "62": {"pending _0"}, "91": {"pending _0"}, "92": {"pending _0"}, "99": {"pending _0"},
	"5": {"authorised"}, "9": {"captured"}, "95": {"captured"},
	"0": {"failed _0"}, "1": {"failed _0"}, "2": {"failed _0"},
	"6": {"failed both"}, "64": {"failed both"}, "93": {"failed both"},
	"7": {"?", "refunded"}, "71": {"?", "refunded"}, "72": {"?", "refunded"}, "74": {"?", "refunded"}, "75": {"?", "refunded"}, "8": {"?", "refunded"},
	"81": {"?", "refunded"}, "82": {"?", "refunded"}, "85": {"?", "refunded"},
	"73": {"?", "failed _2"}, "83": {"?", "failed _2"}, "94": {"?", "failed _2"},
	"84": {"reversed"},
	"3":  {"?", "?"}, "59": {"?", "?"}, "": {"?", "?"}, "09": {"?", "?"}, "9 ": {"?", "?"},
}

func TestWhatEachStatusOfOgoneTells(t *testing.T) {
	t.Parallel()
	s := newShop(t, providersim.OgoneVariant{}, nil)
	order, _ := ingenico.Pack(providertest.PurchaseID, "key")
	only := s.feedbackOnly(t, nil)
	for status, c := range meanings {
		d := providertest.Delivery(s.Sim.Feedback(map[string]string{"orderID": order, "STATUS": status, "PAYID": "32100123", "PAYIDSUB": "2", "amount": "45", "currency": "EUR"}, nil), time.Now())
		for i, read := range []func() (purchase.Reading, error){func() (purchase.Reading, error) { return only.Read(t.Context(), d) }, func() (purchase.Reading, error) { return s.Read(t.Context(), d) }} {
			standing, want := "proved", c[i]
			if i == 1 && want == "" {
				want = c[0] // the same
			} else if i == 1 {
				standing = "heard"
			}
			reading, err := read()
			if want == "?" {
				if !errors.Is(err, purchase.ErrNotUnderstood) {
					t.Errorf("%q: %v, %v", status, reading, err)
				}
				continue
			}
			if got, want := strings.Join(providertest.Said(reading.Facts), "\n"), ogoneFact(standing, want, order, status); err != nil || got != want {
				t.Errorf("%q: %v\n got %q\nwant %q", status, err, got, want)
			}
		}
	}
}

// ogoneFact is a meaning in full.
func ogoneFact(standing, short, order, status string) string {
	kind, object, _ := strings.Cut(short, " ")
	fact := func(object, rest string) string {
		return standing + " " + kind + " " + order + " 32100123" + object + " " + rest
	}
	reason := providertest.PurchaseID + " status_" + status
	switch {
	case short == "":
		return ""
	case kind == "authorised" || kind == "captured":
		return fact("", "45.00 EUR "+providertest.PurchaseID)
	case kind == "refunded":
		return fact("_2", "45.00 EUR "+providertest.PurchaseID)
	case kind == "reversed":
		return fact(":reversal", "45.00 EUR "+providertest.PurchaseID+" reversal")
	case object == "both":
		return fact("", reason) + "\n" + fact("_0", reason)
	case object == "_2":
		return fact("_2", "45.00 EUR "+providertest.PurchaseID+" refund_refused")
	}
	return fact(object, reason)
}

func TestFeedbackOfOddShapes(t *testing.T) {
	t.Parallel()
	s := newShop(t, providersim.OgoneVariant{}, ownFields)
	only := s.feedbackOnly(t, ownFields)
	base := map[string]string{"orderID": "ORG/2026-1 ä", "STATUS": "9", "PAYID": "32100123", "amount": "45", "currency": "EUR"}
	base["orderID"] = "ORG/2026-1"
	hear := func(changes map[string]string, unsigned map[string]string) (string, string) {
		fields := maps.Clone(base)
		maps.Copy(fields, changes)
		d := providertest.Delivery(s.Sim.Feedback(fields, unsigned), time.Now())
		say := func(reading purchase.Reading, err error) string {
			if errors.Is(err, purchase.ErrNotUnderstood) {
				return "?"
			}
			if err != nil {
				return err.Error()
			}
			return strings.Join(providertest.Said(reading.Facts), "; ")
		}
		return say(s.Read(t.Context(), d)), say(only.Read(t.Context(), d))
	}
	captured := func(money string) string { return "proved captured ORG/2026-1 32100123 " + money }
	asks := "heard pending ORG/2026-1 32100123 amount_not_sent"
	for name, c := range map[string]struct {
		fields, unsigned map[string]string
		asking, only     string
	}{
		"usual":                    {nil, nil, captured("45.00 EUR"), captured("45.00 EUR")},
		"a decimal":                {map[string]string{"amount": "4.5"}, nil, captured("4.50 EUR"), captured("4.50 EUR")},
		"a zero at its end":        {map[string]string{"amount": "1.0"}, nil, captured("1.00 EUR"), captured("1.00 EUR")},
		"cents":                    {map[string]string{"amount": "17.89"}, nil, captured("17.89 EUR"), captured("17.89 EUR")},
		"yen":                      {map[string]string{"amount": "1234", "currency": "JPY"}, nil, captured("1234 JPY"), captured("1234 JPY")},
		"dinars":                   {map[string]string{"amount": "1.234", "currency": "KWD"}, nil, captured("1.234 KWD"), captured("1.234 KWD")},
		"without an amount":        {map[string]string{"amount": ""}, nil, asks, "?"},
		"without a currency":       {map[string]string{"currency": ""}, nil, asks, "?"},
		"without either":           {map[string]string{"currency": "", "amount": ""}, nil, asks, "?"},
		"without a payment":        {map[string]string{"PAYID": ""}, nil, "heard approved ORG/2026-1", "?"},
		"refused without amount":   {map[string]string{"amount": "", "STATUS": "2"}, nil, "proved failed ORG/2026-1 32100123_0 status_2", "proved failed ORG/2026-1 32100123_0 status_2"},
		"reserved without amount":  {map[string]string{"amount": "", "STATUS": "5"}, nil, asks, "?"},
		"a refund without amount":  {map[string]string{"amount": "", "STATUS": "8"}, nil, "heard pending ORG/2026-1 32100123:back amount_not_sent", "?"},
		"an exponent":              {map[string]string{"amount": "4.5e1"}, nil, "?", "?"},
		"a sign":                   {map[string]string{"amount": "+45"}, nil, "?", "?"},
		"below zero":               {map[string]string{"amount": "-45"}, nil, "?", "?"},
		"a comma":                  {map[string]string{"amount": "45,00"}, nil, "?", "?"},
		"too many decimals":        {map[string]string{"amount": "45.001"}, nil, "?", "?"},
		"half a yen":               {map[string]string{"amount": "45.5", "currency": "JPY"}, nil, "?", "?"},
		"nothing":                  {map[string]string{"amount": "0"}, nil, asks, "?"},
		"no such currency":         {map[string]string{"currency": "EUX"}, nil, "?", "?"},
		"no order":                 {map[string]string{"orderID": ""}, nil, "?", "?"},
		"a long order":             {map[string]string{"orderID": strings.Repeat("x", 51)}, nil, "?", "?"},
		"an odd payment":           {map[string]string{"PAYID": "../1"}, nil, "?", "?"},
		"the purchase, signed":     {map[string]string{"COMPLUS": providertest.PurchaseID}, nil, captured("45.00 EUR " + providertest.PurchaseID), captured("45.00 EUR " + providertest.PurchaseID)},
		"the purchase, not signed": {nil, map[string]string{"purchaseId": providertest.PurchaseID, "shop": "1"}, captured("45.00 EUR"), captured("45.00 EUR")},
		"another amount, unsigned": {nil, map[string]string{"amount2": "1"}, captured("45.00 EUR"), captured("45.00 EUR")},
	} {
		asking, alone := hear(c.fields, c.unsigned)
		if asking != c.asking || alone != c.only {
			t.Errorf("%s: %q, alone %q", name, asking, alone)
		}
	}
	if answer := s.DirectLink.Answer(purchase.Delivery{}, true); string(answer.Body) != "OK\n" || !strings.HasPrefix(answer.ContentType, "text/plain") || answer.Status != 0 {
		t.Errorf("feedback is answered %+v", answer)
	}
	if answer := s.DirectLink.Answer(purchase.Delivery{}, false); len(answer.Body) > 0 {
		t.Errorf("a forgery is answered %+v", answer)
	}
}

// TestAReferenceIsOurs: thirty characters of the engine's alphabet, one for each key, and nothing of somebody else's passes for one.
func TestAReferenceIsOurs(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for i := range 100 {
		reference, ok := ingenico.Pack(strings.ToUpper(providertest.PurchaseID), fmt.Sprint("key ", i))
		id, ours := ingenico.Unpack(reference)
		if !ok || !ours || id != providertest.PurchaseID || len(reference) != 30 || strings.Trim(reference, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Fatalf("%s: %v, %s, %v", reference, ok, id, ours)
		}
		for at := range reference {
			changed := []byte(reference)
			if changed[at] ^= 1; at != 22 {
				if id, ours := ingenico.Unpack(string(changed)); ours && id != providertest.PurchaseID {
					t.Errorf("%s is taken for ours", changed)
				}
			}
		}
		seen[reference] = true
	}
	if len(seen) != 100 {
		t.Errorf("%d references of 100 keys", len(seen))
	}
	for _, odd := range []string{"", "x", "00000000-0000-0000-0000-000000000000", providertest.PurchaseID + "0"} {
		if reference, ok := ingenico.Pack(odd, "key"); ok {
			t.Errorf("%q becomes %s", odd, reference)
		}
	}
}
