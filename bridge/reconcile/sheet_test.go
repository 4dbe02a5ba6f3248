package reconcile_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/reconcile"
)

func TestNoCellOfASheetIsAFormula(t *testing.T) {
	t.Parallel()
	for _, lead := range []string{"=", "+", "-", "@", "\t", "\r", "\n"} {
		evil := lead + "HYPERLINK(\"https://evil.example\")"
		var out bytes.Buffer
		report := reconcile.Report{Lines: []reconcile.Line{{Kind: reconcile.PaidNotKnown, Account: evil, Payment: evil, Purchase: purchase.Key{Environment: evil, ID: evil}, Cause: purchase.Cause(evil)}}}
		if err := reconcile.WriteCSV(&out, report, reconcile.Sheet{}); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&out).ReadAll()
		if err != nil || len(rows) != 2 {
			t.Fatalf("%q, %v", rows, err)
		}
		for i, cell := range rows[1] {
			if cell != "" && strings.Contains("=+-@\t\r\n", cell[:1]) {
				t.Errorf("%s holds %q", rows[0][i], cell)
			}
		}
		if !strings.Contains(out.String()+strings.Join(rows[1], " "), "'"+lead) {
			t.Errorf("%q is lost: %q", evil, rows[1])
		}
	}
}
