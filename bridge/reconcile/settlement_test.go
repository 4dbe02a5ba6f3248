package reconcile_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/reconcile"
)

const good = "date,payment,amount,currency,purchase\n2026-11-02,P1,45.00,EUR,00000001-0000-4000-8000-000000000001\n2026-11-03,P2,-45.00,EUR,\n"

func TestASettlementFileIsRead(t *testing.T) {
	t.Parallel()
	lines, err := reconcile.ReadSettlement(strings.NewReader("\xef\xbb\xbf"+good), "shop", reconcile.Format{})
	if err != nil {
		t.Fatal(err)
	}
	want := []reconcile.SettlementLine{
		{Line: 2, Entry: reconcile.Entry{Account: "shop", Payment: "P1", Kind: purchase.Captured, Money: euros(4500), At: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC), Purchase: key(1).ID}},
		{Line: 3, Entry: reconcile.Entry{Account: "shop", Payment: "P2", Kind: purchase.Refunded, Money: euros(4500), At: time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)}},
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
}

func TestASettlementFileAsAFrenchBankWritesItIsRead(t *testing.T) {
	t.Parallel()
	f := reconcile.Format{Separator: ";", Decimal: ",", Dates: "DD/MM/YYYY hh:mm", Zone: "Europe/Paris", Merchant: "0000042",
		Columns: reconcile.Columns{Payment: "Référence", Amount: "Montant brut", Currency: "Devise", Date: "Date d'opération", Kind: "Type", Object: "Transaction", Merchant: "Contrat"},
		Kinds:   map[string]string{"Vente": "payment", "Remboursement": "refund", "Impayé": "chargeback", "Commission": "ignore"}}
	file := "Contrat;Date d'opération;Type;Référence;Transaction;Montant brut;Devise\n" +
		"0000042;02/11/2026 09:30;Vente;R1;T1;1234,50;EUR\n" +
		"0000042;02/11/2026 09:31;Commission;R1;T2;-3,20;EUR\n" +
		"0000042;03/11/2026 10:00;Remboursement;R1;T3;-34,5;EUR\n" +
		"0000042;04/11/2026 10:00;IMPAYÉ;R2;T4;45;EUR\n"
	lines, err := reconcile.ReadSettlement(strings.NewReader(file), "bank", f)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range lines {
		got = append(got, fmt.Sprint(l.Line, l.Kind, l.Payment, l.Object, l.Money, l.At.Format(time.RFC3339)))
	}
	want := []string{"2 captured R1 T1 1234.50 EUR 2026-11-02T08:30:00Z", "4 refunded R1 T3 34.50 EUR 2026-11-03T09:00:00Z", "5 reversed R2 T4 45.00 EUR 2026-11-04T09:00:00Z"}
	for i := range want {
		want[i] = strings.ReplaceAll(want[i], " ", "")
	}
	for i := range got {
		got[i] = strings.ReplaceAll(got[i], " ", "")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestABadSettlementFileIsRefusedWholeAndSaysWhere(t *testing.T) {
	t.Parallel()
	with := func(old, by string) string { return strings.Replace(good, old, by, 1) }
	utf16le := new(bytes.Buffer)
	utf16le.WriteString("\xff\xfe")
	for _, u := range utf16.Encode([]rune(good)) {
		utf16le.Write([]byte{byte(u), byte(u >> 8)})
	}
	kinds := reconcile.Format{Columns: reconcile.Columns{Kind: "what"}}
	for name, c := range map[string]struct {
		file   string
		format reconcile.Format
		want   string // how the error begins
	}{
		"empty":                       {"", reconcile.Format{}, "line 1: the file is empty"},
		"wrong columns":               {with("amount", "gross"), reconcile.Format{}, "line 1, column amount: is not in the first line (date,payment,gross,currency,purchase)"},
		"words for the terminal":      {with("amount", "\x1b[2J"), reconcile.Format{}, "line 1, column amount: is not in the first line (date,payment,?[2J,currency,purchase)"},
		"a column that is not there":  {good, reconcile.Format{Columns: reconcile.Columns{Object: "Transaction"}}, "line 1, column Transaction: is not in the first line"},
		"a column twice":              {with("date", "amount"), reconcile.Format{}, "line 1, column amount: is there twice"},
		"another separator":           {strings.ReplaceAll(good, ",", ";"), reconcile.Format{}, "line 1, column "},
		"UTF-16":                      {utf16le.String(), reconcile.Format{}, "line 1, column 1: the file is in UTF-16"},
		"UTF-16 without a mark":       {utf16le.String()[2:], reconcile.Format{}, "line 1, column 1: the file is in UTF-16"},
		"Latin-1":                     {with("P1", "P\xe91"), reconcile.Format{}, "line 2, column at character 13: is not UTF-8; it looks like Latin-1"},
		"a decimal comma":             {with("45.00", `"45,00"`), reconcile.Format{}, `line 2, column amount: is "45,00"; write plain numbers`},
		"a thousands comma":           {with("45.00", `"1,045.00"`), reconcile.Format{}, `line 2, column amount: is "1,045.00"; write plain numbers`},
		"a thousands point":           {with("45.00", `"1.045,00"`), reconcile.Format{Decimal: ","}, `line 2, column amount: is "1.045,00"; write plain numbers`},
		"a thousands space":           {with("45.00", "1 045.00"), reconcile.Format{}, `line 2, column amount: is "1 045.00", with a thousands separator`},
		"a narrow thousands space":    {with("45.00", "1\u202f045.00"), reconcile.Format{}, `line 2, column amount: is "1\u202f045.00", with a thousands separator`},
		"too fine":                    {with("45.00", "45.001"), reconcile.Format{}, `line 2, column amount: is "45.001", which is no amount in EUR`},
		"a number in another writing": {with("45.00", "4.5e1"), reconcile.Format{}, `line 2, column amount: is "4.5e1", which is no amount`},
		"a formula":                   {with("45.00", "=1+1"), reconcile.Format{}, `line 2, column amount: is "=1+1", which is no amount`},
		"too much":                    {with("45.00", strings.Repeat("9", 30)), reconcile.Format{}, "line 2, column amount: is "},
		"no amount":                   {with("45.00", ""), reconcile.Format{}, "line 2, column amount: is empty"},
		"no currency":                 {with("EUR", ""), reconcile.Format{}, `line 2, column currency: is "", which is no currency`},
		"an unknown currency":         {with("EUR", "EUX"), reconcile.Format{}, `line 2, column currency: is "EUX", which is no currency`},
		"a currency's sign":           {with("EUR", "€"), reconcile.Format{}, `line 2, column currency: is "€", which is no currency`},
		"no reference":                {with("P1", ""), reconcile.Format{}, "line 2, column payment: is empty"},
		"a line twice":                {good + "2026-11-02,P1,45.00,EUR,\n", reconcile.Format{}, `line 4, column payment: is "P1" again, after line 2`},
		"the same with more money":    {good + "2026-11-02,P1,46.00,EUR,\n", reconcile.Format{}, `line 4, column payment: is "P1" again, after line 2`},
		"cut in a line":               {good[:strings.Index(good, ",-45")], reconcile.Format{}, "line 3, column 2: there are 2 columns, the first line has 5; the file was cut"},
		"cut in a quote":              {good + "2026-11-02,\"P3", reconcile.Format{}, "line 4, column at character "},
		"another account's file":      {strings.ReplaceAll(good, "purchase", "merchant"), reconcile.Format{Merchant: "42"}, `line 2, column merchant: is "00000001-0000-4000-8000-000000000001", and account shop is "42"`},
		"nobody says whose file":      {good, reconcile.Format{Merchant: "42"}, "line 1, column merchant: is not in the first line"},
		"an odd date":                 {with("2026-11-02", "02/11/2026"), reconcile.Format{}, `line 2, column date: is "02/11/2026"`},
		"an odd purchase":             {with("00000001-", "="), reconcile.Format{}, `line 2, column purchase: is "=0000-4000-8000-000000000001", which is no purchase id`},
		"an unknown kind":             {"payment,amount,currency,what\nP1,1,EUR,Gebühr\n", kinds, `line 2, column what: is "Gebühr", which nobody explained`},
		"a payment of less":           {"payment,amount,currency,what\nP1,-1,EUR,payment\n", kinds, `line 2, column amount: is "-1", and the line is a payment`},
		"control characters":          {with("P1", "P\x1b[31m1"), reconcile.Format{}, `line 2, column payment: is too long or has control characters: "P\x1b[31m1"`},
		"a very long reference":       {with("P1", strings.Repeat("P", 300)), reconcile.Format{}, "line 2, column payment: is too long"},
	} {
		lines, err := reconcile.ReadSettlement(strings.NewReader(c.file), "shop", c.format)
		var wrong *reconcile.FileError
		if !errors.As(err, &wrong) || !strings.HasPrefix(err.Error(), c.want) || lines != nil {
			t.Errorf("%s: %d lines, %v\nwant %s", name, len(lines), err, c.want)
		} else if !strings.Contains(wrong.Problem, ";") && !strings.Contains(wrong.Problem, ",") {
			t.Errorf("%s: does not say what to do: %v", name, err)
		}
	}
}

func TestAFormatThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	f := reconcile.Format{}
	for key, value := range map[string]string{"separator": "|", "decimal": "'", "zone": "Paris", "dates": "d/m/y", "kinds.Frais": "fee"} {
		if err := f.Set(key, value); err != nil {
			t.Error(err)
		}
	}
	if found := f.Problems(); len(found) != 5 {
		t.Errorf("%v", found)
	}
	if err := f.Set("colour", "red"); err == nil {
		t.Error("a settlement file has a colour")
	}
	if found := (reconcile.Format{}).Problems(); len(found) != 0 {
		t.Errorf("the usual format: %v", found)
	}
}

// writtenAt finds, in a file without quotes, what stands in a column of a line.
func writtenAt(file []byte, separator string, line int, column string) (string, bool) {
	rows := strings.Split(strings.TrimPrefix(strings.ReplaceAll(string(file), "\r\n", "\n"), "\xef\xbb\xbf"), "\n")
	cells := strings.Split(rows[line-1], separator)
	for i, name := range strings.Split(rows[0], separator) {
		if strings.TrimSpace(name) == column && i < len(cells) {
			return strings.TrimSpace(cells[i]), true
		}
	}
	return "", false
}

// Whatever is in a file, it is read whole or refused with a line, and what is read is what is written there, to the last digit.
func FuzzSettlement(f *testing.F) {
	for _, decimal := range []string{"", ".", ","} {
		f.Add([]byte(good), "", decimal)
		f.Add([]byte("\xef\xbb\xbf"+good), ",", decimal)
		f.Add([]byte("payment;amount;currency;kind\n\"a\"\"b\";1,5;JPY;refund\r\n"), ";", decimal)
		f.Add([]byte("payment;amount;currency\r\nP1;1234,50;EUR\r\nP2;-0,5;EUR\r\nP3;1.234,50;EUR\r\n"), ";", decimal)
		f.Add([]byte("payment;amount;currency\nP1;0,005;KWD\n"), ";", decimal)
		f.Add([]byte("payment\tamount\tcurrency\n=cmd\t1\tEUR"), "tab", decimal)
		f.Add([]byte("payment\tamount\tcurrency\nP1\t1 000.00\tEUR"), "tab", decimal)
		f.Add([]byte("\xff\xfep\x00a\x00y\x00"), "", decimal)
		f.Add([]byte("payment,amount,currency\nP\xe91,1,EUR"), "", decimal)
		f.Add([]byte("payment,amount,amount,currency\nP1,1,2,EUR"), "", decimal)
		f.Add([]byte("payment,amount,currency\nP1,1,EUR\n\nP1,1,EUR"), "", decimal)
	}
	f.Fuzz(func(t *testing.T, file []byte, separator, decimal string) {
		format := reconcile.Format{Separator: separator, Decimal: decimal}
		if len(format.Problems()) > 0 {
			return
		}
		lines, err := reconcile.ReadSettlement(bytes.NewReader(file), "shop", format)
		var wrong *reconcile.FileError
		if err != nil && (!errors.As(err, &wrong) || wrong.Line < 1 || lines != nil || strings.ContainsAny(err.Error(), "\x00\x1b\n")) {
			t.Fatalf("%v", err)
		}
		between := map[string]string{"": ",", "tab": "\t"}[separator] + strings.TrimSuffix(separator, "tab")
		for _, l := range lines {
			if l.Line < 2 || l.Account != "shop" || l.Payment == "" || !l.Money.Known() || l.Money.Minor < 0 {
				t.Fatalf("%+v", l)
			}
			if bytes.ContainsAny(file, "\"") {
				continue
			}
			text, ok := writtenAt(file, between, l.Line, "amount")
			digits, _ := purchase.Digits(l.Money.Currency)
			want, isNumber := new(big.Rat).SetString(strings.ReplaceAll(text, ",", "."))
			got := new(big.Rat).SetFrac(big.NewInt(l.Money.Minor), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil))
			if !ok || !isNumber || want.Abs(want).Cmp(got) != 0 || strings.Count(text, ".")+strings.Count(text, ",") > 1 {
				t.Fatalf("line %d: %q is read as %s", l.Line, text, l.Money)
			}
		}
	})
}
