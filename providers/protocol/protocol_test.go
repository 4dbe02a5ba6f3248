package protocol_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// currencies is the published table.
type currencies struct {
	ISO   map[string][2]any `json:"iso"`
	Table struct {
		Codes map[string][2]any `json:"codes"`
	} `json:"table"`
	Wrong map[string]any `json:"x_text_currency_wrong"` // what a well-known library gets wrong, and what it lacks
}

func published(t *testing.T) currencies {
	t.Helper()
	raw, err := os.ReadFile("testdata/currency_minor_units.json")
	if err != nil {
		t.Fatal(err)
	}
	var c currencies
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNumericCodesAreThePublishedOnes(t *testing.T) {
	t.Parallel()
	c := published(t)
	for _, table := range []map[string][2]any{c.ISO, c.Table.Codes} {
		for code, row := range table {
			number, exponent := row[0].(string), int(row[1].(float64))
			if digits, ok := purchase.Digits(code); ok != (exponent >= 0) || ok && digits != exponent {
				t.Errorf("%s has %d decimals, want %d", code, digits, exponent)
			}
			if got, ok := protocol.Numeric(code); ok && got != number {
				t.Errorf("%s is %s, want %s", code, got, number)
			} else if alpha, _ := protocol.Alpha(number); ok && alpha != code {
				t.Errorf("%s is %s, want %s", number, alpha, code)
			}
		}
	}
	for code := range c.ISO {
		if _, ok := protocol.Numeric(code); !ok {
			t.Errorf("%s has no numeric code", code)
		}
	}
	for _, unknown := range []string{"", "978", "eur", "XXX", "999", "EU"} {
		if _, ok := protocol.Numeric(unknown); ok {
			t.Errorf("%q has a numeric code", unknown)
		}
	}
}

func TestTheTableIsNotTheLibrarysThatIsKnownToBeWrong(t *testing.T) {
	t.Parallel()
	for code, wrong := range published(t).Wrong {
		switch wrong := wrong.(type) {
		case float64:
			if digits, ok := purchase.Digits(code); !ok || digits == int(wrong) {
				t.Errorf("%s has %d decimals, known: %v", code, digits, ok)
			}
		case []any:
			for _, missing := range wrong {
				if _, ok := purchase.Digits(missing.(string)); !ok {
					t.Errorf("%s is not known", missing)
				}
			}
		}
	}
}

func TestAmountsSurviveTheWayToAProviderAndBack(t *testing.T) {
	t.Parallel()
	units := protocol.Units{"ISK": 2, "CLP": 2, "IDR": 0, "HUF": 0}
	rapid.Check(t, func(t *rapid.T) {
		m := purchase.Money{Minor: rapid.Int64Range(1, 1<<50).Draw(t, "minor"),
			Currency: rapid.SampledFrom([]string{"EUR", "JPY", "KWD", "ISK", "CLP", "IDR", "HUF", "CLF"}).Draw(t, "currency")}
		if minor, err := units.Write(m); err == nil {
			if back, err := units.Read(minor, m.Currency); err != nil || back != m {
				t.Fatalf("%s went as %d and came back as %s, %v", m, minor, back, err)
			}
		} else if !errors.Is(err, purchase.ErrMoney) || m.Minor%100 == 0 {
			t.Fatalf("%s: %v", m, err)
		}
		if text, err := units.WriteDecimal(m); err == nil {
			if back, err := units.ReadDecimal(text, m.Currency); err != nil || back != m {
				t.Fatalf("%s went as %s and came back as %s, %v", m, text, back, err)
			}
		}
	})
}

func TestAmountsThatCannotBeSaidAreRefused(t *testing.T) {
	t.Parallel()
	units := protocol.Units{"ISK": 2, "IDR": 0}
	for what, err := range map[string]error{
		"less than a krona":   second(units.Read(150, "ISK")),
		"a negative amount":   second(units.Read(-1, "EUR")),
		"an unknown currency": second(units.Read(1, "ABC")),
		"a retired letter":    second(units.Read(1, "eur")),
		"cents of a rupiah":   second(units.Write(purchase.Money{Minor: 150, Currency: "IDR"})),
		"nothing":             second(units.Write(purchase.Money{Minor: 0, Currency: "EUR"})),
		"no amount":           second(units.Write(purchase.Money{})),
		"too many decimals":   second(units.ReadDecimal("1.001", "EUR")),
		"decimals of rupiahs": second(units.ReadDecimal("1.5", "IDR")),
		"a sign":              second(units.ReadDecimal("-1.00", "EUR")),
		"a comma":             second(units.ReadDecimal("1,00", "EUR")),
		"an exponent":         second(units.ReadDecimal("1e2", "EUR")),
		"nothing at all":      second(units.ReadDecimal("", "EUR")),
		"too much":            second(units.ReadDecimal("99999999999999999999", "EUR")),
	} {
		if !errors.Is(err, purchase.ErrMoney) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestAFieldOrKeyThatIsThereTwiceIsRefused(t *testing.T) {
	t.Parallel()
	for form, fine := range map[string]bool{
		"": true, "a=1&b=2": true, "a=&b": true, "a=1&&b=2": true, "a=%C3%A9&b=%E9": true,
		"a=1&a=1": false, "a=1&%61=2": false, "a=%zz": false, "=1": false, "a=1;b=2": false, "%=1": false,
		strings.Repeat("x", 10) + "=1" + manyFields(600): false,
	} {
		if _, err := protocol.ParseForm(form); (err == nil) != fine || err != nil && !errors.Is(err, purchase.Malformed) {
			t.Errorf("%.40q: %v", form, err)
		}
	}
	for text, fine := range map[string]bool{
		`{}`: true, `[]`: true, `"x"`: true, `1`: true, `null`: true, `{"a":{"a":1},"b":[{"a":1},{"a":2}]}`: true, `{"a":"a","b":"a"}`: true, ` {"a":1} `: true,
		`{"a":1,"a":1}`: false, `{"a":1,"\u0061":2}`: false, `{"x":[{"a":1,"b":{},"a":2}]}`: false, `{"a":1}{`: false, `{"a":1} 2`: false, `{"a"`: false, ``: false,
		strings.Repeat("[", 1000) + strings.Repeat("]", 1000): false,
	} {
		var into any
		if err := protocol.Decode([]byte(text), &into); (err == nil) != fine {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}

func manyFields(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("&f" + string(rune('a'+i%26)) + strings.Repeat("x", i/26) + "=1")
	}
	return b.String()
}

func TestAFormKeepsItsOrderAndItsBytes(t *testing.T) {
	t.Parallel()
	f, err := protocol.ParseForm("z=1&a=%E9&m=a+b%2B")
	if err != nil || strings.Join(f.Names, "") != "zam" || f.Get("a") != "\xe9" || f.Get("m") != "a b+" || f.Has("x") || !f.Has("z") {
		t.Errorf("%v, %v", f, err)
	}
}

func TestAHeaderIsNeededExactlyOnce(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		header http.Header
		fine   bool
	}{
		"there":            {http.Header{"X-Sig": {"a"}}, true},
		"as others write":  {http.Header{"x-SIG": {"a"}}, true},
		"missing":          {http.Header{}, false},
		"empty":            {http.Header{"X-Sig": {""}}, false},
		"twice":            {http.Header{"X-Sig": {"a", "a"}}, false},
		"in two spellings": {http.Header{"X-Sig": {"a"}, "x-sig": {"a"}}, false},
	} {
		got, err := protocol.Once(c.header, "X-Sig")
		if (err == nil) != c.fine || c.fine && got != "a" || err != nil && !errors.Is(err, purchase.Malformed) {
			t.Errorf("%s: %q, %v", what, got, err)
		}
	}
}

func TestTimesFarFromNowAreStaleOnBothSides(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for off, fine := range map[time.Duration]bool{0: true, 5 * time.Minute: true, -5 * time.Minute: true, 5*time.Minute + 1: false, -5*time.Minute - 1: false} {
		if err := protocol.Fresh(now.Add(off), now, 5*time.Minute); (err == nil) != fine || err != nil && !errors.Is(err, purchase.Stale) {
			t.Errorf("%s: %v", off, err)
		}
	}
}

func TestReturnAddressesKeepTheirQueryAndTextIsCutForThePayer(t *testing.T) {
	t.Parallel()
	if got, err := protocol.Cancelled("https://pay.example.org/return/t?lang=fr"); err != nil || got != "https://pay.example.org/return/t?cancel=1&lang=fr" {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := protocol.Cancelled("/return"); err == nil {
		t.Error("a relative address is taken")
	}
	if got := protocol.Clip("  A\tlong\nname \xff of é ", 12); got != "A long name…" {
		t.Errorf("%q", got)
	}
	if got := protocol.Word("a b"); got != "OTHER" || protocol.Word("card_declined") != "card_declined" || protocol.Word("") != "" {
		t.Errorf("%q", got)
	}
}
