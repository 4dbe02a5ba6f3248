package generic_test

import (
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/generic"
	"github.com/paybridge/paybridge/providers/providertest"
)

// tells holds the shipped account of a provider to what each body tells.
func tells(t *testing.T, name string, table map[string][2]string) {
	t.Helper()
	t.Parallel()
	w := newWorld(t, find(t, name))
	for what, c := range table {
		reading, err := w.account.Read(t.Context(), w.signedBody(time.Now(), c[0]))
		got := strings.ReplaceAll(said(reading, err), " "+providertest.PurchaseID, " P")
		if got != c[1] {
			t.Errorf("%s: %s, want %s\n%s", what, got, c[1], c[0])
		}
	}
}

const puzzling = "not understood"

func TestWhatCheckoutComTells(t *testing.T) {
	event := func(kind, more string) string {
		return `{"id":"evt_1","type":"` + kind + `","data":{"id":"pay_1","action_id":"act_1","reference":"` + providertest.PurchaseID +
			`","amount":4500,"currency":"EUR","processed_on":"2026-11-22T09:12:27.4695512Z","response_code":"20005"` + more + `}}`
	}
	dispute := func(kind string) string {
		return `{"id":"evt_1","type":"` + kind + `","data":{"id":"dsp_1","payment_id":"pay_1","amount":4500,"currency":"EUR"}}`
	}
	tells(t, "checkout-com-0", map[string][2]string{
		"approved":                 {event("payment_approved", ""), "[proved authorised pay_1 pay_1 45.00 EUR P]"},
		"captured":                 {event("payment_captured", ""), "[proved captured pay_1 act_1 45.00 EUR P]"},
		"paid by another method":   {event("payment_paid", ""), "[proved captured pay_1 act_1 45.00 EUR P]"},
		"pending":                  {event("payment_pending", ""), "[proved pending pay_1 pay_1 P pending]"},
		"a capture under way":      {event("payment_capture_pending", ""), "[proved pending pay_1 pay_1 P pending]"},
		"declined":                 {event("payment_declined", ""), "[proved failed pay_1 act_1 P 20005]"},
		"a capture declined":       {event("payment_capture_declined", ""), "[proved failed pay_1 act_1 P 20005]"},
		"voided":                   {event("payment_voided", ""), "[proved lapsed pay_1 P]"},
		"expired":                  {event("payment_expired", ""), "[proved lapsed pay_1 P]"},
		"canceled":                 {event("payment_canceled", ""), "[proved lapsed pay_1 P]"},
		"refunded":                 {event("payment_refunded", ""), "[proved refunded pay_1 act_1 45.00 EUR P]"},
		"a refund under way":       {event("payment_refund_pending", ""), "[proved refunded pay_1 act_1 45.00 EUR P]"},
		"a refund declined":        {event("payment_refund_declined", ""), "[proved failed pay_1 act_1 45.00 EUR P refund_failed]"},
		"a dispute":                {dispute("dispute_evidence_required"), "[proved reversed pay_1 dsp_1 45.00 EUR reversed]"},
		"a dispute won":            {dispute("dispute_won"), "[proved failed pay_1 dsp_1 45.00 EUR reversal_undone]"},
		"a dispute canceled":       {dispute("dispute_canceled"), "[proved failed pay_1 dsp_1 45.00 EUR reversal_undone]"},
		"a dispute lost":           {dispute("dispute_lost"), "[proved reversed pay_1 dsp_1 45.00 EUR reversed]"},
		"evidence handed in":       {dispute("dispute_evidence_submitted"), "[]"},
		"a card verified":          {event("card_verified", ""), "[]"},
		"an event of tomorrow":     {event("payment_improved", ""), "[]"},
		"no type":                  {`{"data":{"id":"pay_1"}}`, "[]"},
		"yen":                      {strings.Replace(event("payment_captured", ""), "EUR", "JPY", 1), "[proved captured pay_1 act_1 4500 JPY P]"},
		"dinars":                   {strings.Replace(event("payment_captured", ""), "EUR", "KWD", 1), "[proved captured pay_1 act_1 4.500 KWD P]"},
		"Chilean pesos":            {strings.Replace(event("payment_captured", ""), "EUR", "CLP", 1), "[proved captured pay_1 act_1 45 CLP P]"},
		"half a peso":              {strings.Replace(strings.Replace(event("payment_captured", ""), "EUR", "CLP", 1), "4500", "4550", 1), puzzling},
		"no amount":                {strings.Replace(event("payment_captured", ""), `"amount":4500,`, "", 1), puzzling},
		"an amount with decimals":  {strings.Replace(event("payment_captured", ""), "4500", "45.00", 1), puzzling},
		"an amount with a power":   {strings.Replace(event("payment_captured", ""), "4500", "45e2", 1), puzzling},
		"an amount as a text":      {strings.Replace(event("payment_captured", ""), "4500", `"4500"`, 1), "[proved captured pay_1 act_1 45.00 EUR P]"},
		"a negative amount":        {strings.Replace(event("payment_captured", ""), "4500", "-4500", 1), puzzling},
		"nothing":                  {strings.Replace(event("payment_captured", ""), "4500", "0", 1), puzzling},
		"too much":                 {strings.Replace(event("payment_captured", ""), "4500", "99999999999999999999", 1), puzzling},
		"small letters":            {strings.Replace(event("payment_captured", ""), "EUR", "eur", 1), "[proved captured pay_1 act_1 45.00 EUR P]"},
		"mixed letters":            {strings.Replace(event("payment_captured", ""), "EUR", "Eur", 1), puzzling},
		"no such currency":         {strings.Replace(event("payment_captured", ""), "EUR", "EUX", 1), puzzling},
		"no id":                    {strings.Replace(event("payment_captured", ""), `"id":"pay_1",`, "", 1), puzzling},
		"an id that is an object":  {strings.Replace(event("payment_captured", ""), `"pay_1"`, `{"a":1}`, 1), puzzling},
		"an id with a blank":       {strings.Replace(event("payment_captured", ""), `"pay_1"`, `"pay 1"`, 1), puzzling},
		"an id as a number":        {strings.Replace(event("payment_captured", ""), `"pay_1"`, `12345`, 1), "[proved captured 12345 act_1 45.00 EUR P]"},
		"no action":                {strings.Replace(event("payment_captured", ""), `"action_id":"act_1",`, "", 1), puzzling},
		"a reference of another":   {strings.Replace(event("payment_captured", ""), providertest.PurchaseID, "ORD-5023", 1), "[proved captured pay_1 act_1 45.00 EUR]"},
		"a key twice":              {event("payment_captured", `,"amount":1`), puzzling},
		"a list":                   {"[" + event("payment_captured", "") + "]", "[]"},
		"no JSON":                  {"payment_captured", puzzling},
		"JSON and more":            {event("payment_captured", "") + "{}", puzzling},
		"a reason in many words":   {strings.Replace(event("payment_declined", ""), "20005", "Do not honour", 1), "[proved failed pay_1 act_1 P OTHER]"},
		"a time that cannot be it": {strings.Replace(event("payment_captured", ""), "2026-11-22T", "yesterday ", 1), "[proved captured pay_1 act_1 45.00 EUR P]"},
	})
}

func TestWhatSquareTells(t *testing.T) {
	event := func(kind, family, object string) string {
		return `{"merchant_id":"MLSIMULATED01","type":"` + kind + `","event_id":"e1","data":{"type":"` + family + `","id":"O1","object":{"` + family + `":` + object + `}}}`
	}
	payment := func(status string) string {
		return event("payment.updated", "payment", `{"id":"P1","status":"`+status+`","reference_id":"`+providertest.PurchaseID+`","amount_money":{"amount":4500,"currency":"EUR"}}`)
	}
	refund := func(status string) string {
		return event("refund.updated", "refund", `{"id":"P1_R1","payment_id":"P1","status":"`+status+`","amount_money":{"amount":1500,"currency":"EUR"}}`)
	}
	dispute := func(kind, state string) string {
		return event(kind, "dispute", `{"id":"O1","state":"`+state+`","disputed_payment":{"payment_id":"P1"},"amount_money":{"amount":4500,"currency":"EUR"}}`)
	}
	tells(t, "square-0", map[string][2]string{
		"approved":             {payment("APPROVED"), "[proved authorised P1 P1 45.00 EUR P]"},
		"completed":            {payment("COMPLETED"), "[proved captured P1 P1 45.00 EUR P]"},
		"pending":              {payment("PENDING"), "[proved pending P1 P1 P pending]"},
		"failed":               {payment("FAILED"), "[proved failed P1 P1 P failed]"},
		"canceled":             {payment("CANCELED"), "[proved lapsed P1 P]"},
		"a status of tomorrow": {payment("BLESSED"), "[]"},
		"a refund under way":   {refund("PENDING"), "[proved refunded P1 P1_R1 15.00 EUR]"},
		"a refund":             {refund("COMPLETED"), "[proved refunded P1 P1_R1 15.00 EUR]"},
		"a refund rejected":    {refund("REJECTED"), "[proved failed P1 P1_R1 15.00 EUR refund_failed]"},
		"a refund that failed": {refund("FAILED"), "[proved failed P1 P1_R1 15.00 EUR refund_failed]"},
		"a refund of nothing":  {strings.Replace(refund("COMPLETED"), `"payment_id":"P1",`, "", 1), puzzling},
		"a dispute":            {dispute("dispute.created", "EVIDENCE_REQUIRED"), "[proved reversed P1 O1 45.00 EUR reversed]"},
		"a dispute lost":       {dispute("dispute.state.updated", "LOST"), "[proved reversed P1 O1 45.00 EUR reversed]"},
		"a dispute won":        {dispute("dispute.state.updated", "WON"), "[proved failed P1 O1 45.00 EUR reversal_undone]"},
		"an inquiry":           {dispute("dispute.created", "INQUIRY_EVIDENCE_REQUIRED"), "[]"},
		"an order":             {event("order.updated", "order_updated", `{"order_id":"X"}`), "[]"},
		"of another merchant":  {strings.Replace(payment("COMPLETED"), "MLSIMULATED01", "ML2", 1), "wrong_merchant"},
		"of no merchant":       {strings.Replace(payment("COMPLETED"), `"merchant_id":"MLSIMULATED01",`, "", 1), "wrong_merchant"},
	})
}

func TestWhatHiPayTells(t *testing.T) {
	status := func(code, more string) string {
		return "state=completed&test=true&mid=00001234567&transaction_reference=132255767588&status=" + code + "&authorized_amount=45.00&captured_amount=45.00&refunded_amount=15.00" +
			"&decimals=2&currency=EUR&cdata1=" + providertest.PurchaseID + "&order%5Bid%5D=ORD-1" + more
	}
	id := "132255767588"
	tells(t, "hipay-0", map[string][2]string{
		"authorised":                {status("116", ""), "[proved authorised " + id + " " + id + " 45.00 EUR P]"},
		"a capture under way":       {status("117", ""), "[proved pending " + id + " " + id + " P 117]"},
		"captured":                  {status("118", ""), "[proved captured " + id + " " + id + " 45.00 EUR P]"},
		"captured in part":          {status("119", ""), "[proved captured " + id + " " + id + " 45.00 EUR P]"},
		"refused":                   {status("113", ""), "[proved failed " + id + " " + id + " P 113]"},
		"a capture refused":         {status("173", ""), "[proved failed " + id + " " + id + " P 173]"},
		"expired":                   {status("114", ""), "[proved lapsed " + id + " P]"},
		"cancelled":                 {status("115", ""), "[proved lapsed " + id + " P]"},
		"challenged":                {status("112", ""), "[proved pending " + id + " " + id + " P 112]"},
		"a refund asked for":        {status("124", ""), "[proved refunded " + id + " " + id + "/refunded 15.00 EUR P]"},
		"refunded in part":          {status("126", ""), "[proved refunded " + id + " " + id + "/refunded 15.00 EUR P]"},
		"a refund refused":          {status("165", ""), "[]"},
		"charged back":              {status("129", ""), "[proved reversed " + id + " " + id + "/reversed 45.00 EUR P reversed]"},
		"created":                   {status("101", ""), "[]"},
		"live":                      {strings.Replace(status("118", ""), "test=true", "test=false", 1), "wrong_mode"},
		"of another account":        {strings.Replace(status("118", ""), "mid=0", "mid=1", 1), "wrong_merchant"},
		"a field twice":             {status("118", "&captured_amount=1.00"), puzzling},
		"a semicolon":               {status("118", "&a=b;c"), puzzling},
		"captured nothing yet":      {strings.Replace(status("118", ""), "captured_amount=45.00", "captured_amount=0.00", 1), "[]"},
		"three decimals too many":   {strings.Replace(status("118", ""), "captured_amount=45.00", "captured_amount=45.001", 1), puzzling},
		"a comma":                   {strings.Replace(status("118", ""), "captured_amount=45.00", "captured_amount=45%2C00", 1), puzzling},
		"dinars":                    {strings.Replace(strings.Replace(status("118", ""), "captured_amount=45.00", "captured_amount=45.120", 1), "EUR", "KWD", 1), "[proved captured " + id + " " + id + " 45.120 KWD P]"},
		"yen with idle decimals":    {strings.Replace(strings.Replace(status("118", ""), "captured_amount=45.00", "captured_amount=4500.00", 1), "EUR", "JPY", 1), "[proved captured " + id + " " + id + " 4500 JPY P]"},
		"the order in its brackets": {strings.Replace(status("118", ""), "%5Bid%5D", "[id]", 1), "[proved captured " + id + " " + id + " 45.00 EUR P]"},
	})
}

func TestWhatDatatransTells(t *testing.T) {
	transaction := func(status, detail string) string {
		return `{"transactionId":"210215103042148501","merchantId":"1100007006","type":"payment","status":"` + status + `","currency":"CHF","refno":"872732","detail":{` + detail +
			`},"customer":{"id":"` + providertest.PurchaseID + `"}}`
	}
	const both = `"authorize":{"amount":4500},"settle":{"amount":4500}`
	const id = "210215103042148501 210215103042148501"
	tells(t, "datatrans-0", map[string][2]string{
		"authorised":          {transaction("authorized", `"authorize":{"amount":4500}`), "[proved authorised " + id + " 45.00 CHF P]"},
		"settled":             {transaction("settled", both), "[proved captured " + id + " 45.00 CHF P]"},
		"transmitted":         {transaction("transmitted", both), "[proved captured " + id + " 45.00 CHF P]"},
		"failed":              {transaction("failed", `"fail":{"reason":"DECLINED"}`), "[proved failed " + id + " P DECLINED]"},
		"canceled":            {transaction("canceled", ""), "[proved lapsed 210215103042148501 P]"},
		"initialised":         {transaction("initialized", ""), "[]"},
		"authenticated":       {transaction("authenticated", ""), "[]"},
		"a credit":            {strings.Replace(transaction("settled", both), `"payment"`, `"credit"`, 1), "[]"},
		"a card checked":      {strings.Replace(transaction("authorized", `"authorize":{}`), `"payment"`, `"card_check"`, 1), "[]"},
		"settled for nothing": {transaction("settled", `"authorize":{"amount":4500}`), puzzling},
		"of another merchant": {strings.Replace(transaction("settled", both), "1100007006", "1", 1), "wrong_merchant"},
	})
}

func TestWhatMultiSafepayTells(t *testing.T) {
	order := func(status, financial, more string) string {
		return `{"order_id":"O1","transaction_id":"123456789","status":"` + status + `","financial_status":"` + financial + `","amount":4500,"currency":"EUR","var1":"` +
			providertest.PurchaseID + `","reason_code":"1020"` + more + `}`
	}
	const paid = "proved captured O1 O1 45.00 EUR P"
	tells(t, "multisafepay-0", map[string][2]string{
		"completed":            {order("completed", "completed", `,"amount_refunded":0`), "[" + paid + "]"},
		"shipped":              {order("shipped", "completed", ""), "[" + paid + "]"},
		"shipped, uncleared":   {order("shipped", "uncleared", ""), "[proved pending O1 O1 P shipped]"},
		"completed, uncleared": {order("completed", "uncleared", ""), "[proved pending O1 O1 P completed]"},
		"uncleared":            {order("uncleared", "uncleared", ""), "[proved pending O1 O1 P uncleared]"},
		"initialised":          {order("initialized", "initialized", ""), "[]"},
		"declined":             {order("declined", "declined", ""), "[proved failed O1 O1 P 1020]"},
		"void":                 {order("void", "cancelled", ""), "[proved lapsed O1 P]"},
		"expired":              {order("expired", "expired", ""), "[proved lapsed O1 P]"},
		"refunded in part":     {order("partial_refunded", "partial_refunded", `,"amount_refunded":1500`), "[" + paid + " proved refunded O1 O1/refunded 15.00 EUR P]"},
		"refunded":             {order("refunded", "refunded", `,"amount_refunded":4500`), "[" + paid + " proved refunded O1 O1/refunded 45.00 EUR P]"},
		"refunded, still done": {order("completed", "completed", `,"amount_refunded":1500`), "[" + paid + " proved refunded O1 O1/refunded 15.00 EUR P]"},
		"charged back":         {order("chargedback", "chargedback", ""), "[" + paid + " proved reversed O1 O1/reversed 45.00 EUR P reversed]"},
		"without a currency":   {strings.Replace(order("completed", "completed", ""), `"EUR"`, "null", 1), puzzling},
	})
}

func TestAFailedAttemptNeverHidesACapture(t *testing.T) {
	t.Parallel()
	w := newWorld(t, find(t, "square-0"))
	of := func(status string) []purchase.Fact {
		reading, err := w.account.Read(t.Context(), w.signedBody(time.Now(), `{"merchant_id":"MLSIMULATED01","type":"payment.updated","data":{"id":"P1","object":{"payment":{"id":"P1","status":"`+
			status+`","amount_money":{"amount":4500,"currency":"EUR"}}}}}`))
		if err != nil {
			t.Fatal(err)
		}
		return reading.Facts
	}
	for _, facts := range [][]purchase.Fact{append(of("FAILED"), of("COMPLETED")...), append(of("COMPLETED"), of("FAILED")...)} {
		if p := folded(t, facts); p.Captured != euros(4500) || p.Failed || p.Contradicted {
			t.Errorf("%+v", p)
		}
	}
}

func TestSumsOnlyGrow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, find(t, "hipay-0"))
	of := func(status, captured, refunded string) []purchase.Fact {
		reading, err := w.account.Read(t.Context(), w.signedBody(time.Now(), "test=true&mid=00001234567&transaction_reference=1&status="+status+"&captured_amount="+captured+
			"&refunded_amount="+refunded+"&authorized_amount=45.00&currency=EUR"))
		if err != nil {
			t.Fatal(err)
		}
		return reading.Facts
	}
	steps := [][]purchase.Fact{of("116", "0.00", "0.00"), of("119", "20.00", "0.00"), of("118", "45.00", "0.00"), of("126", "45.00", "10.00"), of("126", "45.00", "25.00")}
	for _, order := range [][]int{{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {2, 4, 1, 0, 3}, {3, 3, 4, 2, 1, 0, 0}} {
		var facts []purchase.Fact
		for _, i := range order {
			facts = append(facts, steps[i]...)
		}
		if p := folded(t, facts); p.Captured != euros(4500) || p.Refunded != euros(2500) || p.Contradicted {
			t.Errorf("in the order %v: %+v", order, p)
		}
	}
}

func TestARefundThatFailedComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, find(t, "standard-webhooks-0"))
	of := func(kind, more string) []purchase.Fact {
		reading, err := w.account.Read(t.Context(), w.signedBody(time.Now(), `{"type":"`+kind+`","data":{"payment_id":"p1","organisation":"org_simulated","livemode":false,"amount":"45.00","currency":"EUR"`+more+`}}`))
		if err != nil {
			t.Fatal(err)
		}
		return reading.Facts
	}
	refund, dispute := `,"refund_id":"r1"`, `,"dispute_id":"d1"`
	paid := of("payment.succeeded", "")
	for _, facts := range [][]purchase.Fact{
		append(append(append([]purchase.Fact{}, paid...), of("refund.created", refund)...), of("refund.failed", refund)...),
		append(append(of("refund.failed", refund), of("refund.succeeded", refund)...), paid...),
		append(append(of("dispute.won", dispute), of("dispute.opened", dispute)...), paid...),
	} {
		if p := folded(t, facts); p.Captured != euros(4500) || p.Refunded.Known() || p.Reversed.Known() || p.Contradicted {
			t.Errorf("%v: %+v", providertest.Said(facts), p)
		}
	}
}

func TestFormsOfAmounts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		form, code, body, want string
	}{
		"a decimal text":              {"decimal-string", "", `"amount":"45.00","currency":"EUR"`, "45.00 EUR"},
		"a decimal number for text":   {"decimal-string", "", `"amount":45.00,"currency":"EUR"`, puzzling},
		"a decimal number":            {"decimal-number", "", `"amount":45.5,"currency":"EUR"`, "45.50 EUR"},
		"a text for a number":         {"decimal-number", "", `"amount":"45.5","currency":"EUR"`, puzzling},
		"a power of ten":              {"decimal-number", "", `"amount":4.5e1,"currency":"EUR"`, puzzling},
		"digits that get lost":        {"decimal-number", "", `"amount":0.1000000000000000055,"currency":"EUR"`, puzzling},
		"too many digits for a float": {"decimal-number", "", `"amount":90071992547409.93,"currency":"EUR"`, "90071992547409.93 EUR"},
		"glued":                       {"decimal+currency", "", `"amount":"45.00EUR"`, "45.00 EUR"},
		"glued without an amount":     {"decimal+currency", "", `"amount":"EUR"`, puzzling},
		"glued without a currency":    {"decimal+currency", "", `"amount":"45.00"`, puzzling},
		"a numeric code":              {"minor", "numeric", `"amount":4500,"currency":"978"`, "45.00 EUR"},
		"a number as a code":          {"minor", "numeric", `"amount":4500,"currency":36`, "45.00 AUD"},
		"an unknown code":             {"minor", "numeric", `"amount":4500,"currency":"000"`, puzzling},
		"letters for a number":        {"minor", "numeric", `"amount":4500,"currency":"EUR"`, puzzling},
		"a yen":                       {"minor", "numeric", `"amount":4500,"currency":"392"`, "4500 JPY"},
	} {
		section := "auth: {kind: hmac, keys: [KEY], signature: {from: header:X-S}, content: [body]}\npayment: id\namount: {value: amount, form: " + c.form +
			", currency: currency, currency_form: " + map[bool]string{true: "alpha", false: c.code}[c.code == ""] + "}\ntells: [{fact: paid, when: [id exists]}]\n"
		if c.form == "decimal+currency" {
			section = strings.Replace(section, ", currency: currency", "", 1)
		}
		a, err := opened(t, section, "")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body := `{"id":"p1",` + c.body + "}"
		reading, err := a.Read(t.Context(), post(time.Now(), body, "X-S", hexed(body)))
		want := c.want
		if want != puzzling {
			want = "[proved captured p1 p1 " + c.want + "]"
		}
		if got := said(reading, err); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestPointersLeadWhereRFC6901Says(t *testing.T) {
	t.Parallel()
	const body = `{"a/b":{"m~n":"p1"},"list":[{"x":1},{"x":2,"":"e"}],"0":"zero","no":null,"t":true}`
	for condition, holds := range map[string]bool{
		"/a~1b/m~0n == p1": true, "/list/1/x == 2": true, "/list/01/x == 2": false, "/list/2/x exists": false, "/list/-1/x exists": false, "/list exists": false,
		"/0 == zero": true, "0 == zero": true, "/no exists": false, "/no absent": true, "/t == true": true, "/t != true": false, "/gone != x": true, "/list/1/ == e": true,
		"/t/x absent": true, "/t in true|1": true, "/t in 1|2": false,
	} {
		config := plain(t)
		config.Payment, config.Tells = "/a~1b/m~0n", []generic.Rule{{Fact: "lapsed", When: []string{condition}}}
		config.Auth.Keys[0] = providertest.Secret(t, longKey)
		a, err := config.Open(providertest.Options(t, nil))
		if err != nil {
			t.Fatal(err)
		}
		reading, err := a.Read(t.Context(), post(time.Now(), body, "X-Signature", hexed(body)))
		if err != nil || (len(reading.Facts) == 1) != holds {
			t.Errorf("%s: %v, %v", condition, reading.Facts, err)
		}
	}
}
