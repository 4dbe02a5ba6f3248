package purchase_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// moved is a fact of money at one payment.
func moved(kind purchase.Kind, standing purchase.Standing, object string, minor, number int64) purchase.Fact {
	f := purchase.Fact{Kind: kind, Standing: standing, Account: "shop", Payment: "p", Object: object, Money: purchase.Money{Minor: minor, Currency: "EUR"},
		At: time.Unix(1_700_000_000, 0), Seen: time.Unix(1_700_000_100, 0)}
	if f.Numbered() {
		f.Number = number
	}
	return purchase.Identify(f)
}

func TestWhatAPersonVouchesForIsMoneyUntilTheProviderProvesIt(t *testing.T) {
	t.Parallel()
	const proved, decided, heard = purchase.Proved, purchase.Decided, purchase.Heard
	for name, c := range map[string]struct {
		facts        []purchase.Fact
		net          int64
		contradicted bool
	}{
		"vouched for":                         {[]purchase.Fact{moved(purchase.Captured, decided, "", 4500, 1)}, 4500, false},
		"vouched for by its object":           {[]purchase.Fact{moved(purchase.Captured, decided, "c", 4500, 1)}, 4500, false},
		"only heard":                          {[]purchase.Fact{moved(purchase.Captured, heard, "c", 4500, 0)}, 0, false},
		"proved later, counted once":          {[]purchase.Fact{moved(purchase.Captured, decided, "", 4500, 1), moved(purchase.Captured, proved, "c", 4500, 0)}, 4500, false},
		"proved otherwise, proof counts":      {[]purchase.Fact{moved(purchase.Captured, decided, "c", 4400, 1), moved(purchase.Captured, proved, "c", 4500, 0)}, 4500, false},
		"a refund beside a proved payment":    {[]purchase.Fact{moved(purchase.Captured, proved, "c", 4500, 0), moved(purchase.Refunded, decided, "", 1000, 1)}, 3500, false},
		"payment and refund, both vouched":    {[]purchase.Fact{moved(purchase.Captured, decided, "", 4500, 1), moved(purchase.Refunded, decided, "", 4500, 2)}, 0, false},
		"it was pending as far as proof goes": {[]purchase.Fact{moved(purchase.Pending, proved, "c", 4500, 0), moved(purchase.Captured, decided, "c", 4500, 1)}, 4500, false},
		"proved otherwise, less":              {[]purchase.Fact{moved(purchase.Captured, decided, "c", 4600, 1), moved(purchase.Captured, proved, "c", 4500, 0)}, 4500, false},
		"proved otherwise, later":             {[]purchase.Fact{moved(purchase.Captured, decided, "c", 4700, 2), moved(purchase.Captured, proved, "c", 4500, 0)}, 4500, false},
		"proved otherwise, twice": {[]purchase.Fact{moved(purchase.Captured, decided, "c", 4800, 1), moved(purchase.Captured, decided, "c", 4801, 2),
			moved(purchase.Captured, proved, "c", 4500, 0)}, 4500, false},
		"corrected by a later word":              {[]purchase.Fact{moved(purchase.Captured, decided, "c", 4500, 1), moved(purchase.Captured, decided, "c", 4400, 2)}, 4400, false},
		"corrected twice, and back":              {[]purchase.Fact{moved(purchase.Captured, decided, "c", 4500, 1), moved(purchase.Captured, decided, "c", 4400, 2), moved(purchase.Captured, decided, "c", 4500, 3)}, 4500, false},
		"corrected without a name":               {[]purchase.Fact{moved(purchase.Captured, decided, "", 4500, 1), moved(purchase.Captured, decided, "", 4400, 2)}, 4400, false},
		"a later word on something else":         {[]purchase.Fact{moved(purchase.Captured, decided, "c", 4500, 1), moved(purchase.Captured, decided, "d", 4400, 2)}, 8900, false},
		"one thing taken and given back":         {[]purchase.Fact{moved(purchase.Captured, decided, "c", 4500, 1), moved(purchase.Refunded, decided, "c", 4500, 2)}, -1, true},
		"the same, and a word on what was taken": {[]purchase.Fact{moved(purchase.Captured, decided, "c", 4500, 1), moved(purchase.Refunded, decided, "c", 4500, 2), moved(purchase.Captured, decided, "c", 4400, 3)}, -1, true},
	} {
		chance := rand.New(rand.NewPCG(1, 1))
		for range 6 {
			chance.Shuffle(len(c.facts), func(i, j int) { c.facts[i], c.facts[j] = c.facts[j], c.facts[i] })
			p := purchase.Fold(purchase.Key{Environment: "main", ID: "x"}, slices.Clone(c.facts), purchase.DefaultPolicy(50*time.Minute))
			if pay := p.Payments[0]; (c.net >= 0 && pay.Net().Minor != c.net) || pay.Contradicted != c.contradicted {
				t.Errorf("%s: net %v, contradicted %v", name, pay.Net(), pay.Contradicted)
			}
		}
	}
}
