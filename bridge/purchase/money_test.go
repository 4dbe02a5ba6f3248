package purchase_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"os"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// isoDecimals reads the published table: -1 stands for no minor unit.
func isoDecimals(t testing.TB) map[string]int {
	t.Helper()
	raw, err := os.ReadFile("testdata/currencies.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct{ Table, ISO map[string]int }
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	for code, n := range vectors.ISO {
		if vectors.Table[code] != n {
			t.Fatalf("the vectors disagree about %s", code)
		}
	}
	return vectors.Table
}

func TestEveryCurrencyHasTheDecimalsOfISO4217(t *testing.T) {
	t.Parallel()
	for code, want := range isoDecimals(t) {
		n, ok := purchase.Digits(code)
		if ok != (want >= 0) || (ok && n != want) {
			t.Errorf("%s has %d decimals (%v), want %d", code, n, ok, want)
		}
		one, err := purchase.ParseMoney("1", code)
		if unit := math.Pow10(max(want, 0)); ok && (err != nil || one.Minor != int64(unit)) {
			t.Errorf("1 %s is %d minor units, %v", code, one.Minor, err)
		}
		if !ok && !errors.Is(err, purchase.ErrMoney) {
			t.Errorf("%s is taken as money", code)
		}
	}
}

func anyMoney(t *rapid.T) purchase.Money {
	code := rapid.SampledFrom([]string{"EUR", "JPY", "KWD", "CLF", "HUF", "TWD", "ISK"}).Draw(t, "currency")
	return purchase.Money{Minor: rapid.Int64().Draw(t, "minor"), Currency: code}
}

func TestWhatIsWrittenIsReadBackExactly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := anyMoney(t)
		padding := ""
		if n, _ := purchase.Digits(m.Currency); n > 0 {
			padding = strings.Repeat("0", rapid.IntRange(0, 6).Draw(t, "padding"))
		}
		got, err := purchase.ParseMoney(m.Decimal()+padding, m.Currency)
		if err != nil || got != m {
			t.Fatalf("%s is read as %v, %v", m, got, err)
		}
	})
}

func TestAmountsAreReadExactlyOrRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		decimal, currency string
		want              int64
	}{
		{"45", "EUR", 4500}, {"45.0", "EUR", 4500}, {"45.0000", "EUR", 4500}, {"-3.5", "EUR", -350}, {"0.01", "EUR", 1}, {"007", "EUR", 700},
		{"1234", "JPY", 1234}, {"1234.00", "JPY", 1234}, {"-0.5", "KWD", -500}, {"0.0001", "CLF", 1}, {"0", "EUR", 0}, {"-0", "EUR", 0},
		{"92233720368547758.07", "EUR", math.MaxInt64}, {"-92233720368547758.08", "EUR", math.MinInt64},
	} {
		if m, err := purchase.ParseMoney(c.decimal, c.currency); err != nil || m.Minor != c.want || m.Currency != c.currency {
			t.Errorf("%q %s is %v, %v", c.decimal, c.currency, m, err)
		}
	}
	for _, c := range [][2]string{
		{"", "EUR"}, {".", "EUR"}, {"45.", "EUR"}, {".5", "EUR"}, {"-", "EUR"}, {"--1", "EUR"}, {"+1", "EUR"}, {"1e2", "EUR"}, {"0x10", "EUR"}, {"1_0", "EUR"},
		{" 1", "EUR"}, {"1 ", "EUR"}, {"1,00", "EUR"}, {"1.200,00", "EUR"}, {"1,200.00", "EUR"}, {"1.2.3", "EUR"}, {"NaN", "EUR"}, {"Infinity", "EUR"},
		{"١", "EUR"}, {"45.001", "EUR"}, {"1.5", "JPY"}, {"1.0001", "KWD"}, {"92233720368547758.08", "EUR"}, {"1" + strings.Repeat("0", 40), "EUR"},
		{"1", ""}, {"1", "eur"}, {"1", "EURO"}, {"1", "XAU"}, {"1", "XXX"}, {"1", "ZZZ"}, {"1", " EUR"},
	} {
		if m, err := purchase.ParseMoney(c[0], c[1]); !errors.Is(err, purchase.ErrMoney) || m.Known() {
			t.Errorf("%q %q is read as %v, %v", c[0], c[1], m, err)
		}
	}
}

func TestARefusalRepeatsNoMoreThanAFewCharacters(t *testing.T) {
	t.Parallel()
	_, err := purchase.ParseMoney(strings.Repeat("9x", 5000), strings.Repeat("E", 5000))
	if _, other := purchase.ParseMoney(strings.Repeat("9x", 5000), "EUR"); len(err.Error()) > 200 || len(other.Error()) > 200 {
		t.Errorf("%d and %d characters", len(err.Error()), len(other.Error()))
	}
}

func TestSumsAreExactOrRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyMoney(t), anyMoney(t)
		exact := new(big.Int).Add(big.NewInt(a.Minor), big.NewInt(b.Minor))
		sum, ok := a.Plus(b)
		if ok != (a.Currency == b.Currency && exact.IsInt64()) {
			t.Fatalf("%s + %s: ok is %v", a, b, ok)
		}
		if want := (purchase.Money{Minor: exact.Int64(), Currency: a.Currency}); ok && sum != want {
			t.Fatalf("%s + %s is %s", a, b, sum)
		}
		if back, fits := sum.Minus(b); ok && b.Minor != math.MinInt64 && (!fits || back != a) {
			t.Fatalf("%s + %s - %s is %s", a, b, b, back)
		}
	})
}

func TestTheEdgesOfTheRangeDoNotWrap(t *testing.T) {
	t.Parallel()
	money := func(n int64) purchase.Money { return purchase.Money{Minor: n, Currency: "EUR"} }
	for _, c := range []struct {
		a, b        int64
		plus, minus bool
	}{
		{math.MaxInt64, 1, false, true}, {math.MinInt64, -1, false, true}, {math.MinInt64, 1, true, false}, {math.MaxInt64, -1, true, false},
		{0, math.MinInt64, true, false}, {5, math.MinInt64, true, false}, {math.MaxInt64, math.MinInt64, true, false}, {math.MaxInt64, math.MaxInt64, false, true},
	} {
		if _, ok := money(c.a).Plus(money(c.b)); ok != c.plus {
			t.Errorf("%d + %d: ok is %v", c.a, c.b, ok)
		}
		if diff, ok := money(c.a).Minus(money(c.b)); ok != c.minus {
			t.Errorf("%d - %d: %v, ok is %v", c.a, c.b, diff, ok)
		}
	}
}

func TestAnUnknownAmountIsNotZero(t *testing.T) {
	t.Parallel()
	var unknown purchase.Money
	zero := purchase.Money{Currency: "EUR"}
	if unknown.Known() || unknown.Positive() || unknown == zero || !zero.Known() || zero.Positive() || unknown.String() != "-" || zero.String() != "0.00 EUR" {
		t.Errorf("unknown is %s, zero is %s", unknown, zero)
	}
	for _, m := range []purchase.Money{zero, {Minor: 1, Currency: "JPY"}} {
		for _, sum := range []func() (purchase.Money, bool){func() (purchase.Money, bool) { return m.Plus(unknown) }, func() (purchase.Money, bool) { return unknown.Plus(m) }} {
			if got, ok := sum(); !ok || got != m {
				t.Errorf("with an unknown amount %s becomes %s", m, got)
			}
		}
	}
}

// A second reading of amounts: the form by its grammar, the value as a fraction.
var plainDecimal = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

func inMinorUnits(decimal, currency string) (minor int64, ok bool) {
	digits, known := purchase.Digits(currency)
	if !known || !plainDecimal.MatchString(decimal) || strings.HasSuffix(decimal, "\n") {
		return 0, false
	}
	amount, ok := new(big.Rat).SetString(decimal)
	if !ok {
		return 0, false
	}
	amount.Mul(amount, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)))
	return amount.Num().Int64(), amount.IsInt() && amount.Num().IsInt64()
}

// An amount is read exactly where a second reading finds one, and refused everywhere else.
func FuzzParseMoney(f *testing.F) {
	for _, s := range []string{"45.00", "-0.500", "1234", "45.", "1e3", "92233720368547758.07", "92233720368547758.08", "-9223372036854775808", "00000000000000000001", "0.0000000000", "1/3", "0x1p4",
		"1_000", "45,00", "1.005", "\u0664\u0665", "-", "Inf", "45.00\n"} {
		for _, currency := range []string{"EUR", "KWD", "JPY", "CLF", "eur", "XAU"} {
			f.Add(s, currency)
		}
	}
	f.Fuzz(func(t *testing.T, decimal, currency string) {
		if len(decimal) > 1000 {
			return // the second reading is slow
		}
		m, err := purchase.ParseMoney(decimal, currency)
		want, ok := inMinorUnits(decimal, currency)
		if ok != (err == nil) || (ok && m != purchase.Money{Minor: want, Currency: currency}) {
			t.Fatalf("%q %q is read as %v, %v; it is %d, %v", decimal, currency, m, err, want, ok)
		}
		if err != nil {
			if !errors.Is(err, purchase.ErrMoney) || m.Known() {
				t.Fatalf("%q %q: %v, %v", decimal, currency, m, err)
			}
			return
		}
		if again, err := purchase.ParseMoney(m.Decimal(), currency); err != nil || again != m {
			t.Fatalf("%q is written as %q: %v, %v", decimal, m.Decimal(), again, err)
		}
	})
}
