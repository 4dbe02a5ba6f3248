package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// billingTown is a town whose organiser also sells on invoice.
func billingTown(t *testing.T, section string) *town {
	t.Helper()
	c := newTown(t, t.TempDir())
	path := filepath.Join(c.dir, "paybridge.yaml")
	settings, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	account := "accounts:\n  bills:\n    environment: " + demoEnvironment + "\n    invoice: " + section + "\n"
	if err := os.WriteFile(path, []byte(strings.Replace(string(settings), "accounts:\n", account, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	c.open()
	c.controlled()
	return c
}

// page opens the buyer's way to the form: the address that Dynamics would send the buyer to, with the account's name.
func (c *town) page(id string) string {
	c.t.Helper()
	resp, _ := c.get(c.public+"/pay/bills?lang=fr&purchaseId="+id, nil)
	form := resp.Header.Get("Location")
	if resp.StatusCode != http.StatusFound || !strings.HasPrefix(form, c.public+"/invoice/") {
		c.t.Fatalf("the pay page answers %d, %s", resp.StatusCode, form)
	}
	return form
}

// send posts the form as a browser on the given site does.
func (c *town) send(form, site string, fields url.Values) (*http.Response, string) {
	c.t.Helper()
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {site}}
	return c.call(http.MethodPost, form, header, strings.NewReader(fields.Encode()))
}

func filledIn() url.Values {
	return url.Values{"name": {"Contoso SA"}, "address": {"1 rue de la Paix\r\n75002 Paris"}, "email": {"ada@example.org"}, "reference": {"PO 4711"}}
}

func TestABuyerAsksForAnInvoiceAndAPersonMarksItPaid(t *testing.T) {
	t.Parallel()
	c := billingTown(t, "{due: 30d}")
	id, _ := c.register()
	form := c.page(id)
	if resp, page := c.get(form, nil); resp.StatusCode != http.StatusOK || !strings.Contains(page, `lang="fr"`) || !strings.Contains(page, "Payer sur facture") {
		t.Fatalf("%d: %s", resp.StatusCode, page)
	}
	resp, _ := c.send(form, "same-origin", filledIn())
	back := resp.Header.Get("Location")
	if resp.StatusCode != http.StatusSeeOther || !strings.HasPrefix(back, "/return/") {
		t.Fatalf("%d, %s", resp.StatusCode, back)
	}
	c.awaitSeats(id)
	if _, page := c.get(c.public+back, nil); !strings.Contains(page, "Inscription confirmée.") {
		t.Errorf("the buyer is told: %s", page)
	}
	out, code := c.paybridge("", "invoice", "list")
	if code != exitOK || !strings.Contains(out, "Contoso SA") || !strings.Contains(out, "open") || !strings.Contains(out, id) {
		t.Errorf("%d: %s", code, out)
	}
	paid := []string{"invoice", "paid", id, "--amount", "45.00 EUR", "--transfer", "T-1", "--date", time.Now().Format(time.DateOnly), "--reason", "bank statement"}
	if out, code := c.paybridge("yes\n", paid...); code != exitFailed || !strings.Contains(out, `Write "45.00"`) {
		t.Errorf("not asked twice: %d %s", code, out)
	}
	if out, code := c.paybridge("", append(paid, "--yes")...); code != exitOK || !strings.Contains(out, "finalized") {
		t.Errorf("%d: %s", code, out)
	}
	out, _ = c.paybridge("", "invoice", "show", id, "-o", "json")
	var shown struct {
		Invoices []struct {
			State   string
			Billing struct{ Name, Address, Email, Reference string }
		}
	}
	if err := json.Unmarshal([]byte(out), &shown); err != nil || len(shown.Invoices) != 1 || shown.Invoices[0].State != "paid" ||
		shown.Invoices[0].Billing.Address != "1 rue de la Paix\n75002 Paris" {
		t.Errorf("%v: %s", err, out)
	}
	if out, _ := c.paybridge("", "invoice", "list"); !strings.Contains(out, "No invoice waits.") {
		t.Errorf("what is paid still waits: %s", out)
	}
	if out, _ := c.paybridge("", "invoice", "list", "--all"); !strings.Contains(out, "paid") {
		t.Errorf("what is paid is not listed: %s", out)
	}
}

func (c *town) awaitSeats(id string) {
	c.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		row, _, err := c.program.store.Find(c.t.Context(), purchase.Key{Environment: demoEnvironment, ID: id})
		if err == nil && row.Summary.Registered {
			return
		}
	}
	c.t.Fatal("there is no seat")
}

func TestAnInvoiceIsApprovedOrCancelled(t *testing.T) {
	t.Parallel()
	c := billingTown(t, "{finalize: on_approval}")
	approved, _ := c.register()
	cancelled, _ := c.register()
	for _, id := range []string{approved, cancelled} {
		c.send(c.page(id), "same-origin", filledIn())
		c.await(id, purchase.StateAwaitingInvoice)
	}
	if out, code := c.paybridge("", "invoice", "approve", approved, "--reason", "a good customer", "--yes"); code != exitOK {
		t.Errorf("%d: %s", code, out)
	}
	c.awaitSeats(approved)
	if out, code := c.paybridge("", "invoice", "cancel", cancelled, "--reason", "nobody knows them", "--yes"); code != exitOK {
		t.Errorf("%d: %s", code, out)
	}
	c.await(cancelled, purchase.StateAbandoned)
	if p, _ := c.dynamics.Purchase(cancelled); p.CancelCalls != 1 || len(p.Seats) != 0 {
		t.Errorf("%d releases, %d seats", p.CancelCalls, len(p.Seats))
	}
	if out, code := c.paybridge("", "invoice", "approve", cancelled, "--reason", "after all", "--yes"); code != exitFailed || !strings.Contains(out, "not for this purchase now") {
		t.Errorf("%d: %s", code, out)
	}
}

func TestTheFormOfAnInvoiceTakesNothingWrongAndFromNobodyElse(t *testing.T) {
	t.Parallel()
	c := billingTown(t, "{}")
	id, _ := c.register()
	form := c.page(id)
	wrong := filledIn()
	wrong.Set("email", `"><script>alert(1)</script>`)
	if resp, page := c.send(form, "same-origin", wrong); resp.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page, `aria-invalid="true"`) ||
		!strings.Contains(page, "Contoso SA") || strings.Contains(page, "<script>") {
		t.Errorf("%d: %s", resp.StatusCode, page)
	}
	if resp, _ := c.send(form, "cross-site", filledIn()); resp.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %d", resp.StatusCode)
	}
	if resp, _ := c.send(c.public+"/invoice/guessed", "same-origin", filledIn()); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a guessed token: %d", resp.StatusCode)
	}
	big := filledIn()
	big.Set("address", strings.Repeat("x", 1<<17))
	if resp, _ := c.send(form, "same-origin", big); resp.StatusCode < 400 || resp.StatusCode > 499 {
		t.Errorf("a huge form: %d", resp.StatusCode)
	}
	resp, page := c.get(form, nil)
	if csp := resp.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self'") || strings.Contains(csp, "script-src") || strings.Contains(page, "<script") {
		t.Errorf("the page may do more than it needs: %s", csp)
	}
	if resp := c.post(c.public+"/callback/bills", http.Header{}, []byte("{}")); resp.StatusCode == http.StatusOK {
		t.Error("a callback for nobody is acknowledged")
	}
	for _, row := range c.rows() {
		if row.Key.ID == id && row.Summary.State != purchase.StateAwaitingPayment {
			t.Errorf("something was asked for: %s", row.Summary.State)
		}
	}
}
