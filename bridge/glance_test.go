package bridge

import (
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A visitor is a buyer with one pay session "one" at "shop", and what is known of the purchase.
type visitor struct {
	policy purchase.Policy
	facts  []purchase.Fact
	now    time.Time
	number int64
}

var (
	registered = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	fortyFive  = purchase.Money{Minor: 4500, Currency: "EUR"}
	visited    = purchase.Key{Environment: "main", ID: "0d3f7c1a-52aa-4c55-9e6d-1b2c3d4e5f60"}
)

// comes is a buyer whose registration Dynamics dates, or not.
func comes(dated bool, session purchase.Detail) *visitor {
	v := &visitor{policy: purchase.DefaultPolicy(50 * time.Minute), now: registered}
	offer := purchase.Fact{Kind: purchase.Offered, Standing: purchase.Own, Money: fortyFive}
	if dated {
		offer.Detail.Created = registered
	}
	v.keep(purchase.Fact{Kind: purchase.Arrived, Standing: purchase.Heard, Account: "shop"}).keep(offer)
	return v.opens("shop", "one", session)
}

// reserving is a buyer at an account that reserves the money until the seat is there.
func reserving(dated bool) *visitor {
	v := comes(dated, purchase.Detail{Capturable: true})
	v.policy.Reserving = []string{"shop"}
	return v
}

func (v *visitor) after(d time.Duration) *visitor { v.now = v.now.Add(d); return v }

func (v *visitor) keep(f purchase.Fact) *visitor {
	f.Purchase, f.Seen = visited, v.now
	if f.At.IsZero() {
		f.At = v.now
	}
	if f.Numbered() {
		v.number++
		f.Number = v.number
	}
	v.facts = append(v.facts, purchase.Identify(f))
	return v
}

func (v *visitor) opens(account, ref string, d purchase.Detail) *visitor {
	d.URL = "https://pay.example/" + ref
	return v.keep(purchase.Fact{Kind: purchase.Opened, Standing: purchase.Own, Account: account, Payment: ref, Money: fortyFive, Detail: d})
}

func (v *visitor) proves(kind purchase.Kind, account, ref, object string) *visitor {
	f := purchase.Fact{Kind: kind, Standing: purchase.Proved, Account: account, Payment: ref, Object: object}
	if kind == purchase.Approved || kind == purchase.Authorised {
		f.Money = fortyFive
	}
	return v.keep(f)
}

func (v *visitor) returns(how purchase.Return) *visitor {
	return v.keep(purchase.Fact{Kind: purchase.Returned, Standing: purchase.Heard, Account: "shop", Payment: "one", Detail: purchase.Detail{Reason: string(how)}})
}

func (v *visitor) hears(kind purchase.Kind, account, ref string) *visitor {
	return v.keep(purchase.Fact{Kind: kind, Standing: purchase.Heard, Account: account, Payment: ref})
}

// asks is the provider asked about the session, about all that was heard.
func (v *visitor) asks() *visitor {
	basis := ""
	for _, pay := range v.fold().Payments {
		if pay.Ref == "one" {
			basis = pay.Hearsay
		}
	}
	return v.keep(purchase.Fact{Kind: purchase.Asked, Standing: purchase.Own, Account: "shop", Payment: "one", Detail: purchase.Detail{Basis: basis}})
}

func (v *visitor) tries(step purchase.Step, account, ref string, r purchase.Result) *visitor {
	v.keep(purchase.Fact{Kind: purchase.Intended, Standing: purchase.Own, Account: account, Payment: ref, Detail: purchase.Detail{Step: step, SendBefore: v.now}})
	return v.keep(purchase.Fact{Kind: purchase.Concluded, Standing: purchase.Own, Account: account, Payment: ref, Attempt: v.number, Detail: purchase.Detail{Step: step, Result: r}})
}

func (v *visitor) fold() purchase.Purchase { return purchase.Fold(visited, v.facts, v.policy) }

func (v *visitor) told(how purchase.Return) BuyerState {
	return glance{Purchase: v.fold(), token: Token{Purchase: visited, Account: "shop", Payment: "one"}, how: how, now: v.now, policy: v.policy}.state()
}

func TestNobodyIsToldThatNothingWasChargedUnlessItIsSo(t *testing.T) {
	t.Parallel()
	const paying, looking, gaveUp = purchase.ReturnPaying, purchase.ReturnLooking, purchase.ReturnGivenUp
	ours := purchase.Detail{Capturable: true}
	declined := func() *visitor {
		return comes(true, ours).proves(purchase.Approved, "shop", "one", "").after(time.Minute).tries(purchase.StepCapture, "shop", "one", purchase.Refused).asks()
	}
	refused := func() *visitor {
		return comes(true, purchase.Detail{}).proves(purchase.Failed, "shop", "one", "pi").after(time.Minute).returns(paying).asks().after(2 * time.Second)
	}
	other := func(v *visitor) *visitor { return v.after(time.Second).opens("second", "two", ours) }
	restored := func(v *visitor) *visitor {
		return v.after(time.Second).keep(purchase.Fact{Kind: purchase.Restored, Standing: purchase.Own})
	}
	for name, c := range map[string]struct {
		v    *visitor
		how  purchase.Return
		want BuyerState
	}{
		"gives up at once":                     {comes(true, ours).after(time.Minute), gaveUp, BuyerCancelled},
		"gave up, and was asked about":         {comes(true, ours).returns(gaveUp).asks().after(2 * time.Second), gaveUp, BuyerCancelled},
		"the page of giving up, much later":    {comes(true, ours).returns(gaveUp).asks().after(time.Hour / 3), gaveUp, BuyerUnknown},
		"gives up, and is said to have agreed": {comes(true, ours).hears(purchase.Approved, "shop", "one"), gaveUp, BuyerUnknown},
		"gives up, and agreed elsewhere":       {other(comes(true, ours)).proves(purchase.Approved, "second", "two", ""), gaveUp, BuyerUnknown},
		"gives up, another is open":            {other(comes(true, ours)), gaveUp, BuyerCancelled},
		"gives up, another may have been taken": {other(comes(true, ours)).proves(purchase.Approved, "second", "two", "").
			tries(purchase.StepCapture, "second", "two", purchase.Unknown), gaveUp, BuyerUnknown},
		"gives up, another is said to be paid":       {other(comes(true, ours)).hears(purchase.Captured, "second", "two"), gaveUp, BuyerUnknown},
		"gives up, the store was put back":           {restored(comes(true, ours)), gaveUp, BuyerUnknown},
		"gives up, the store was put back and asked": {restored(comes(true, ours)).after(time.Second).asks(), gaveUp, BuyerCancelled},

		"declined":                                  {declined(), looking, BuyerRefused},
		"declined, and comes back to pay":           {declined(), paying, BuyerUnknown},
		"declined, came back and looks":             {declined().after(time.Second).returns(paying), looking, BuyerUnknown},
		"declined, gave up and looks":               {declined().after(time.Second).returns(gaveUp).asks(), gaveUp, BuyerRefused},
		"declined, agreed elsewhere":                {other(declined()).proves(purchase.Approved, "second", "two", ""), looking, BuyerUnknown},
		"declined, the store was put back":          {restored(declined()), looking, BuyerUnknown},
		"declined, and over":                        {declined().proves(purchase.Lapsed, "shop", "one", ""), paying, BuyerRefused},
		"refused":                                   {refused(), looking, BuyerRefused},
		"refused, and comes back to pay":            {refused(), paying, BuyerUnknown},
		"refused, and asked too long ago":           {refused().after(time.Minute), looking, BuyerUnknown},
		"refused, came back since":                  {refused().returns(paying), looking, BuyerUnknown},
		"refused once it had been pending":          {comes(true, purchase.Detail{}).proves(purchase.Pending, "shop", "one", "pi").proves(purchase.Failed, "shop", "one", "pi").asks().after(5 * time.Second).returns(paying).after(2 * time.Second), looking, BuyerUnknown},
		"refused, and agreed to what is ours":       {comes(true, ours).proves(purchase.Failed, "shop", "one", "x").proves(purchase.Approved, "shop", "one", "").asks(), looking, BuyerUnknown},
		"declined, and sent to pay again":           {declined().after(time.Second).keep(purchase.Fact{Kind: purchase.Offered, Standing: purchase.Own, Money: fortyFive}), looking, BuyerUnknown},
		"late, and another may have been taken":     {other(comes(true, ours)).proves(purchase.Approved, "second", "two", "").tries(purchase.StepCapture, "second", "two", purchase.Unknown).after(51 * time.Minute), looking, BuyerUnknown},
		"gave up at another of that name":           {comes(true, ours).opens("aaa", "one", ours).proves(purchase.Lapsed, "aaa", "one", ""), looking, BuyerUnknown},
		"late":                                      {comes(true, ours).after(51 * time.Minute), looking, BuyerExpired},
		"late, reserved first":                      {reserving(true).after(51 * time.Minute), looking, BuyerExpired},
		"late as far as we know, reserved first":    {reserving(false).after(51 * time.Minute), looking, BuyerUnknown},
		"late, reserved first, and ended":           {reserving(false).after(51*time.Minute).proves(purchase.Lapsed, "shop", "one", ""), looking, BuyerExpired},
		"late, and something was heard":             {reserving(true).after(51*time.Minute).hears(purchase.Authorised, "shop", "one"), looking, BuyerUnknown},
		"late, and our capture may have taken it":   {comes(true, ours).proves(purchase.Approved, "shop", "one", "").tries(purchase.StepCapture, "shop", "one", purchase.Unknown).after(51 * time.Minute), looking, BuyerUnknown},
		"a session that the provider takes, unpaid": {comes(true, purchase.Detail{}).after(51 * time.Minute), looking, BuyerUnknown},
	} {
		if got := c.v.told(c.how); got != c.want {
			t.Errorf("%s: told %s, want %s", name, got, c.want)
		}
	}
}
