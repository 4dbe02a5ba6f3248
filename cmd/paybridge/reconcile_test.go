package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/reconcile"
	"github.com/paybridge/paybridge/bridge/store"
	"github.com/paybridge/paybridge/providers/providersim"
)

// command runs the program's command as a shell would.
func command(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return typed(t, "", args...)
}

// typed is command with what the person types.
func typed(t *testing.T, answer string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetIn(strings.NewReader(answer))
	err := root.ExecuteContext(t.Context())
	var exit exitError
	switch {
	case errors.As(err, &exit):
		code = exit.code
	case err != nil:
		code = exitFailed
	}
	if err != nil {
		errs.WriteString(err.Error())
	}
	return out.String(), errs.String(), code
}

// newMarket is a sale at some providers whose daemon can be stopped.
func newMarket(t *testing.T, dialect string, providers ...string) *town {
	t.Helper()
	dir := t.TempDir()
	w, err := startWorld(dir, demoOptions{seed: 9, window: time.Minute, dialect: dialect, providers: providers, db: filepath.Join(dir, "paybridge.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.stop)
	return &town{world: w, t: t, dir: dir}
}

func (c *town) config() string { return filepath.Join(c.dir, "paybridge.yaml") }

// bought registers and pays with the organiser's button.
func (c *town) bought(s *shop, value string) (id, payment string) {
	c.t.Helper()
	id, _ = c.register()
	payment, err := s.Button(providersim.ButtonPayment{Purchase: id, Value: value, Currency: "EUR"})
	if err != nil {
		c.t.Fatal(err)
	}
	return id, payment
}

// reconciled runs the comparison of the last hour and returns the kinds by purchase.
func (c *town) reconciled(args ...string) (kinds map[string]string, totals map[string]any, code int) {
	c.t.Helper()
	from := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	out, errs, code := command(c.t, append([]string{"reconcile", "run", "--config", c.config(), "--from", from, "-o", "jsonl", "--all",
		"--state", filepath.Join(c.t.TempDir(), "state")}, args...)...)
	if code != exitOK && code != exitDifferences {
		c.t.Fatalf("exit %d: %s", code, errs)
	}
	kinds = map[string]string{}
	for line := range strings.Lines(out) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil || v["schema_version"] != 1.0 {
			c.t.Fatalf("%v: %s", err, line)
		}
		if v["type"] == "totals" {
			totals = v
			continue
		}
		id, _ := v["purchase"].(string)
		if _, twice := kinds[id]; twice && id != "" {
			id += " again"
		}
		kinds[id] = v["kind"].(string)
	}
	return kinds, totals, code
}

func TestThreeWitnessesAreComparedInBothDialects(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"realtime", "outbound"} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			c := newMarket(t, dialect, "stripe", "paypal", "mollie")
			stop := c.start()
			want := map[string]string{}
			var refunded, payment string
			for i, s := range c.shops {
				id, p := c.bought(s, "45.00")
				c.await(id, purchase.StateFinalized)
				want[id] = "matched"
				if i == 0 {
					refunded, payment = id, p
				}
			}
			if kinds, totals, code := c.reconciled(); code != exitOK || cmp.Diff(want, kinds) != "" || totals["differences"] != 0.0 {
				t.Errorf("while all is well: exit %d, %v\n%s", code, totals, cmp.Diff(want, kinds))
			}
			stop()
			if err := c.shops[0].GiveBack(payment, "", false); err != nil {
				t.Fatal(err)
			}
			want[refunded] = "refund_not_known"
			for _, s := range c.shops {
				id, _ := c.bought(s, "45.00")
				want[id] = "paid_not_known"
			}
			kinds, totals, code := c.reconciled()
			if diff := cmp.Diff(want, kinds); diff != "" || code != exitDifferences || totals["differences"] != 4.0 {
				t.Errorf("exit %d, %v\n%s", code, totals, diff)
			}
			again := c.start()
			defer again()
			for id, kind := range want {
				if kind == "paid_not_known" {
					c.await(id, purchase.StateFinalized)
				}
			}
		})
	}
}

func TestAnInterruptedRunGoesOnWithoutAskingAgain(t *testing.T) {
	t.Parallel()
	c := newMarket(t, "realtime", "stripe")
	stop := c.start()
	id, _ := c.bought(c.shops[0], "45.00")
	c.await(id, purchase.StateFinalized)
	stop()
	state := filepath.Join(c.dir, "state")
	from := time.Now().Add(-10 * time.Hour).UTC().Format(time.RFC3339)
	args := []string{"reconcile", "run", "--config", c.config(), "--from", from, "-o", "jsonl", "--state", state, "--progress", "none"}
	listed := func() int {
		n := 0
		for _, r := range c.shops[0].Requests() {
			if r.Operation == "list" {
				n++
			}
		}
		return n
	}
	base := listed()
	ctx, kill := context.WithCancel(t.Context())
	go func() {
		for ; listed() < base+4; time.Sleep(time.Millisecond / 4) {
		}
		kill()
	}()
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(io.Discard)
	root.SetErr(io.Discard)
	if err := root.ExecuteContext(ctx); err == nil || !strings.Contains(err.Error(), "--resume") || !errors.Is(err, context.Canceled) {
		t.Fatalf("killed in the middle: %v", err)
	}
	first := listed()
	if _, errs, code := command(t, args...); code != exitFailed || !strings.Contains(errs, "is there already") {
		t.Errorf("a second run over the first: exit %d: %s", code, errs)
	}
	if _, errs, code := command(t, append(args, "--resume", "--to", time.Now().Format(time.RFC3339))...); code != exitFailed || !strings.Contains(errs, "another period") {
		t.Errorf("another period: exit %d: %s", code, errs)
	}
	file, err := os.OpenFile(state, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(file, `{"part":"list cut in the mid`) // as a kill leaves it
	file.Close()
	out, errs, code := command(t, append(args, "--resume")...)
	if code != exitOK || !strings.Contains(out, `"payments":1`) {
		t.Fatalf("exit %d: %s\n%s", code, errs, out)
	}
	if all := listed() - base; first-base > 11 || all < 12 || all > 13 { // twelve parts of an hour; the one in hand was asked for twice
		t.Errorf("%d parts were listed before the kill, %d in the end", first-base, all)
	}
	if _, err := os.Stat(state); !os.IsNotExist(err) {
		t.Errorf("the state is still there: %v", err)
	}
}

func TestASheetIsSafeForSpreadsheets(t *testing.T) {
	t.Parallel()
	c := newMarket(t, "realtime", "monetico")
	c.start()()
	file := filepath.Join(c.dir, "november.csv")
	if err := os.WriteFile(file, []byte("payment;amount;currency;purchase\n=cmd|' /C calc'!A0;45,00;EUR;11111111-1111-4111-8111-111111111111\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errs, code := command(t, "reconcile", "run", "--config", c.config(), "--from", time.Now().Add(-time.Hour).Format(time.RFC3339), "--state", filepath.Join(c.dir, "s"),
		"--settlement", accountOf("monetico")+"="+file, "--format", "separator=;", "--format", "decimal=,", "-o", "csv", "--excel-fr")
	if code != exitDifferences || !strings.HasPrefix(out, "\xef\xbb\xbf") {
		t.Fatalf("exit %d: %s\n%q", code, errs, out)
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(out, "\xef\xbb\xbf")))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatalf("%v, %v", rows, err)
	}
	if rows[1][0] != "paid_not_known" || rows[1][3] != "'=cmd|' /C calc'!A0" || rows[1][8] != "45,00" {
		t.Errorf("%q", rows[1])
	}
	if !strings.Contains(errs, "écarts") && !strings.Contains(errs, "differences") {
		t.Errorf("no totals: %s", errs)
	}
}

func TestASettlementFileIsImportedWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	c := newMarket(t, "realtime", "monetico")
	c.start()()
	id, _ := c.register()
	file := filepath.Join(c.dir, "a.csv")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	account := accountOf("monetico")
	imports := func(args ...string) (string, string, int) {
		return command(t, append([]string{"reconcile", "import", "--config", c.config(), "--account", account, file, "--by", "camille"}, args...)...)
	}
	write("payment,amount,currency,purchase\nP1,45.00,EUR," + id + "\nP2,\"45,00\",EUR,\n")
	if _, errs, code := imports(); code != exitFailed || !strings.Contains(errs, `a.csv: line 3, column amount: is "45,00"; write plain numbers`) {
		t.Errorf("exit %d: %s", code, errs)
	}
	write("payment,amount,currency,purchase\nP1,45.00,EUR," + id + "\nP2,9.00,EUR,\n")
	if out, errs, code := imports("--dry-run", "--offline"); code != exitOK || out != "1 lines would be kept, 0 were known, 1 are other sales of the shop\n" {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if out, errs, code := imports("--offline"); code != exitOK || out != "1 lines kept, 0 were known, 1 are other sales of the shop\n" {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if out, _, code := imports("-o", "json", "--offline"); code != exitOK || !strings.Contains(out, `"known": 1`) {
		t.Errorf("again: exit %d: %s", code, out)
	}
	if _, errs, code := command(t, "reconcile", "import", "--config", c.config(), "--account", "nobody", file); code != exitUsage || !strings.Contains(errs, account) {
		t.Errorf("exit %d: %s", code, errs)
	}
	stop := c.start()
	defer stop()
	c.await(id, purchase.StateFinalized)
	if _, errs, code := imports("--offline"); code != exitFailed || !strings.Contains(errs, "leave --offline out") {
		t.Errorf("in the store of a daemon that runs: exit %d: %s", code, errs)
	}
	c.controlled()
	more, _ := c.register()
	write("payment,amount,currency,purchase\nP1,44.00,EUR," + id + "\nP3,45.00,EUR," + more + "\n")
	if _, errs, code := imports(); code != exitFailed || !strings.Contains(errs, "line 2, column payment: payment P1 captured 44.00 EUR in the file and 45.00 EUR here") {
		t.Errorf("against what is known: exit %d: %s", code, errs)
	}
	write("payment,amount,currency,purchase\nP1,45.00,EUR," + id + "\nP3,45.00,EUR," + more + "\n")
	if out, errs, code := imports(); code != exitOK || out != "1 lines kept, 1 were known, 0 are other sales of the shop\n" {
		t.Errorf("by the daemon: exit %d: %s%s", code, out, errs)
	}
	c.await(more, purchase.StateFinalized)
}

// A long run reads every list page by page and holds no more than the lines of its report.
func TestALongRunIsReadPageByPage(t *testing.T) {
	t.Parallel()
	const sales = 1200
	c := newMarket(t, "realtime", "stripe")
	settings, err := loadConfig(c.config())
	if err != nil {
		t.Fatal(err)
	}
	p, err := wire(t.Context(), settings, wiring{clock: wallClock{}, log: zap.NewNop(), registry: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	for range sales {
		id, payment := c.bought(c.shops[0], "45.00")
		if _, err := p.store.Keep(t.Context(), bridge.Keeping{Facts: []purchase.Fact{{Purchase: purchase.Key{Environment: demoEnvironment, ID: id}, Kind: purchase.Captured,
			Standing: purchase.Proved, Account: accountOf("stripe"), Payment: payment, Object: payment, Money: purchase.Money{Minor: 4500, Currency: "EUR"}, At: time.Now()}}}); err != nil {
			t.Fatal(err)
		}
	}
	p.close()
	before := len(c.dynamics.Requests())
	began := time.Now()
	kinds, totals, _ := c.reconciled("--progress", "none")
	took := time.Since(began)
	if len(kinds) != sales || totals["payments"] != float64(sales) {
		t.Errorf("%d purchases, %v payments; want %d", len(kinds), totals["payments"], sales)
	}
	pages := map[string]int{}
	for _, r := range c.dynamics.Requests()[before:] {
		pages[r.Operation]++
	}
	t.Logf("took %v, asked Dynamics %v", took, pages)
	if kinds := totals["kinds"].(map[string]any); kinds["in_progress"] != float64(sales) {
		t.Errorf("%v", kinds)
	}
}

// What was paid before the period is looked up by the names under which the provider speaks of it: a refund of an old payment is no other
// sale.
func TestOldPurchasesAreFoundByTheirPayments(t *testing.T) {
	t.Parallel()
	c := newMarket(t, "realtime", "stripe")
	c.start()()
	s, err := store.Open(t.Context(), filepath.Join(c.dir, "paybridge.db"), store.Options{Clock: wallClock{}, Rules: purchase.Rules, Log: zap.NewNop(),
		Policy: func(string) purchase.Policy { return purchase.DefaultPolicy(time.Minute) }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	key := purchase.Key{Environment: demoEnvironment, ID: "11111111-1111-4111-8111-111111111111"}
	fact := purchase.Fact{Purchase: key, Kind: purchase.Captured, Standing: purchase.Proved, Account: "shop", Payment: "order-1", Object: "cap-1",
		Money: purchase.Money{Minor: 4500, Currency: "EUR"}, At: time.Now()}
	if _, err := s.Keep(t.Context(), bridge.Keeping{Facts: []purchase.Fact{fact}}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"order-1", "cap-1"} {
		look := &comparison{store: reader{Store: s}, progress: newProgress(io.Discard, "none", time.Now), evidence: reconcile.Evidence{
			Environments: map[string]string{"shop": demoEnvironment}, Entries: []reconcile.Entry{{Account: "shop", Payment: name, Object: "refund-1", Kind: purchase.Refunded}}}}
		if err := look.lookUp(t.Context()); err != nil || len(look.evidence.Sales) != 1 || look.evidence.Sales[0].Key != key {
			t.Errorf("by %s: %+v, %v", name, look.evidence.Sales, err)
		}
	}
}
