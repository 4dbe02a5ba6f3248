package mollie_test

import (
	"slices"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providertest"
)

// What Mollie says of one payment one after the other amounts to the same money in whatever order it comes.
func TestWhatIsToldOneAfterTheOtherAmountsToTheMoney(t *testing.T) {
	t.Parallel()
	manual, authorised := object{"captureMode": "manual"}, object{"status": "authorized"}
	for name, c := range map[string]struct {
		told []object
		want string
	}{
		"paid after all":          {[]object{base(object{"status": "open"}), base(object{"status": "failed"}), base()}, "45.00 EUR"},
		"expired and paid":        {[]object{base(object{"status": "expired"}), base()}, "45.00 EUR"},
		"reserved and captured":   {[]object{base(manual, authorised), base(manual, embedded("captures", captureOf("succeeded", "45.00")))}, "45.00 EUR"},
		"captured bit by bit":     {[]object{base(manual, authorised, embedded("captures", captureOf("succeeded", "30.00"))), base(manual, object{"amountCaptured": euros("45.00")})}, "45.00 EUR"},
		"its total shown later":   {[]object{base(), base(object{"amountCaptured": euros("45.00")})}, "45.00 EUR"},
		"refunded step by step":   {[]object{base(embedded("refunds", refundOf("queued", "15.00"))), base(embedded("refunds", refundOf("refunded", "15.00")))}, "30.00 EUR"},
		"a refund that failed":    {[]object{base(embedded("refunds", refundOf("pending", "15.00"))), base(embedded("refunds", refundOf("refunded", "15.00"))), base(embedded("refunds", refundOf("failed", "15.00")))}, "45.00 EUR"},
		"a chargeback":            {[]object{base(), base(embedded("chargebacks", chargebackOf("45.00", nil)))}, "0.00 EUR"},
		"a chargeback turned":     {[]object{base(embedded("chargebacks", chargebackOf("45.00", nil))), base(embedded("chargebacks", chargebackOf("45.00", "2026-11-25T10:00:00+00:00")))}, "45.00 EUR"},
		"released, never charged": {[]object{base(manual, authorised), base(manual, object{"status": "canceled"})}, "-"},
	} {
		w := newWorld(t)
		w.way.can("/v2/payments/"+one+"/captures", `{"count":0,"_embedded":{"captures":[]}}`)
		var facts []purchase.Fact
		for _, payment := range c.told {
			w.way.can("/v2/payments/"+one, text(payment))
			told, err := w.Ask(t.Context(), purchase.Ref{Payment: one})
			if err != nil {
				t.Fatal(name, err)
			}
			facts = append(facts, told...)
		}
		for range 2 {
			if got := folded(t, facts); got != c.want {
				t.Errorf("%s: %s, want %s", name, got, c.want)
			}
			slices.Reverse(facts)
		}
	}
}

// folded is the money that the facts leave.
func folded(t *testing.T, facts []purchase.Fact) string {
	t.Helper()
	key := purchase.Key{Environment: "main", ID: providertest.PurchaseID}
	var known []purchase.Fact
	for _, f := range facts {
		f.Account, f.Purchase, f.Seen = "main", key, time.Now()
		known = append(known, purchase.Identify(f))
	}
	p := purchase.Fold(key, known, purchase.DefaultPolicy(time.Hour))
	if len(p.Payments) != 1 || p.Payments[0].Contradicted {
		t.Errorf("the facts contradict one another: %+v", p.Payments)
	}
	return p.Net().String()
}
