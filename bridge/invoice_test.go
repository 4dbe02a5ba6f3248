package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// silent is an account that nobody notifies and nobody can ask.
type silent struct{}

func (silent) Read(context.Context, purchase.Delivery) (purchase.Reading, error) {
	return purchase.Reading{}, purchase.Forged(purchase.Malformed)
}

var contoso = bridge.Billing{Name: "Contoso SA", Address: "1 rue de la Paix\n75002 Paris", Email: "ada@example.org", Language: "fr"}

// billing is a house that sells on invoice, and the form of a buyer who came for one.
func billing(t *testing.T, atOnce bool) (h *house, b *bridge.Bridge, id, token string) {
	t.Helper()
	h = newHouse(t, time.Minute)
	h.policy.Releases = true
	h.policy.Invoicing = map[string]purchase.Terms{"bills": {AtOnce: atOnce, Due: 720 * time.Hour, Grace: 168 * time.Hour}}
	b = h.nodeWith(t, "a", bridge.Account{Name: "bills", Kind: "invoice", Environment: "main", Provider: silent{}},
		bridge.Account{Name: "shop", Kind: "psp", Environment: "main", Provider: h.psp})
	h.run(t, b)
	id = h.dynamics.register(euros45, time.Now())
	return h, b, id, form(t, b, id)
}

func form(t *testing.T, b *bridge.Bridge, id string) string {
	t.Helper()
	r, err := b.Checkout(t.Context(), bridge.CheckoutRequest{Account: "bills", PurchaseID: id, Language: "fr"})
	token, ok := strings.CutPrefix(r.Redirect, "https://pay.example/invoice/")
	if err != nil || r.Outcome != bridge.Redirected || !ok {
		t.Fatalf("%+v, %v", r, err)
	}
	return token
}

func request(t *testing.T, b *bridge.Bridge, token string) {
	t.Helper()
	if f, err := b.RequestInvoice(t.Context(), token, contoso); err != nil || f.State != bridge.FormAsked {
		t.Fatalf("%+v, %v", f, err)
	}
}

func (h *house) decide(t *testing.T, b *bridge.Bridge, id string, d bridge.Decision) error {
	t.Helper()
	d.Key, d.By, d.Reason = purchase.Key{Environment: "main", ID: id}, "ada", "looked into it"
	return b.Decide(t.Context(), d)
}

func (h *house) buyerIsTold(t *testing.T, b *bridge.Bridge, token string, want bridge.BuyerState) {
	t.Helper()
	if v, err := b.Visit(t.Context(), token, purchase.ReturnPaying); err != nil || v.State != want {
		t.Errorf("the buyer is told %q, %v; want %q", v.State, err, want)
	}
}

func TestARequestForAnInvoiceIsWorthASeatAndIsPaidLater(t *testing.T) {
	t.Parallel()
	h, b, id, token := billing(t, true)
	if f, err := b.InvoiceForm(t.Context(), token); err != nil || f.State != bridge.FormOpen || f.Money != euros45 || f.EventName != "An event" {
		t.Fatalf("%+v, %v", f, err)
	}
	request(t, b, token)
	if row := h.await(t, id, purchase.StateAwaitingInvoice); row.Summary.Account != "bills" {
		t.Errorf("%+v", row.Summary)
	}
	for end := time.Now().Add(10 * time.Second); h.dynamics.seats(id) == 0 && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
	}
	if h.dynamics.seats(id) != 1 {
		t.Fatalf("%d seats", h.dynamics.seats(id))
	}
	h.awaitRegistered(t, id)
	h.buyerIsTold(t, b, token, bridge.BuyerOnInvoice)
	if err := h.decide(t, b, id, bridge.Decision{Action: purchase.ActPaid, Money: euros45, Transfer: "T1", PaidAt: time.Now().Add(-time.Second)}); err != nil {
		t.Fatal(err)
	}
	h.await(t, id, purchase.StateFinalized)
	h.buyerIsTold(t, b, token, bridge.BuyerConfirmed)
}

func (h *house) awaitRegistered(t *testing.T, id string) {
	t.Helper()
	until(t, "it is not registered", func() bool {
		row, _, err := h.store.Find(t.Context(), purchase.Key{Environment: "main", ID: id})
		return err == nil && row.Summary.Registered
	})
}

func TestAnInvoiceWaitsForApprovalWhereThePolicySaysSo(t *testing.T) {
	t.Parallel()
	h, b, id, token := billing(t, false)
	request(t, b, token)
	h.await(t, id, purchase.StateAwaitingInvoice)
	h.buyerIsTold(t, b, token, bridge.BuyerInvoiceAsked)
	time.Sleep(100 * time.Millisecond)
	if h.dynamics.seats(id) != 0 {
		t.Fatal("there is a seat that nobody approved")
	}
	if err := h.decide(t, b, id, bridge.Decision{Action: purchase.ActApprove}); err != nil {
		t.Fatal(err)
	}
	h.awaitRegistered(t, id)
	if err := h.decide(t, b, id, bridge.Decision{Action: purchase.ActApprove}); !errors.Is(err, bridge.ErrNotAllowed) {
		t.Errorf("approved twice: %v", err)
	}
}

func TestACancelledRequestGivesItsSeatFree(t *testing.T) {
	t.Parallel()
	h, b, id, token := billing(t, false)
	request(t, b, token)
	if err := h.decide(t, b, id, bridge.Decision{Action: purchase.ActCancel}); err != nil {
		t.Fatal(err)
	}
	h.await(t, id, purchase.StateAbandoned)
	if released, calls := h.freed(id); !released || calls != 1 {
		t.Errorf("given free: %t, %d calls", released, calls)
	}
	h.buyerIsTold(t, b, token, bridge.BuyerInvoiceCancelled)
	if r := checkout(t, b, id); r.Outcome != bridge.CheckoutExpired {
		t.Errorf("who comes to pay by card then is answered %s", r.Outcome)
	}
}

func TestOneFormAsksForOneInvoiceHoweverOftenItIsSent(t *testing.T) {
	t.Parallel()
	h, b, id, token := billing(t, false)
	other := form(t, b, id) // a second window
	var wg sync.WaitGroup
	for range 8 {
		for _, t2 := range []string{token, other} {
			wg.Go(func() {
				if f, err := b.RequestInvoice(t.Context(), t2, contoso); err != nil || f.State != bridge.FormAsked {
					t.Errorf("%+v, %v", f, err)
				}
			})
		}
	}
	wg.Wait()
	_, facts, err := h.store.Find(t.Context(), purchase.Key{Environment: "main", ID: id})
	if p := purchase.Fold(purchase.Key{Environment: "main", ID: id}, facts, h.policy); err != nil || len(p.Invoices()) != 1 {
		t.Errorf("%d invoices, %v", len(p.Invoices()), err)
	}
	if r := checkout(t, b, id); r.Outcome != bridge.AlreadyPaid {
		t.Errorf("who wants to pay by card as well is answered %s", r.Outcome)
	}
}

func TestWhatAnInvoiceNeedsIsKeptBesideTheFactsAndNowhereElse(t *testing.T) {
	t.Parallel()
	h, b, id, token := billing(t, false)
	request(t, b, token)
	key := purchase.Key{Environment: "main", ID: id}
	_, facts, err := h.store.Find(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range facts {
		if s := fmt.Sprintf("%+v", f); strings.Contains(s, "Contoso") || strings.Contains(s, "ada@") {
			t.Errorf("a fact says who it is: %s", s)
		}
	}
	p := purchase.Fold(key, facts, h.policy)
	kept, err := h.store.FindBilling(t.Context(), key, p.Invoices()[0].Ref)
	if err != nil || kept.Name != contoso.Name || kept.Address != contoso.Address {
		t.Errorf("%q, %v", kept.Name, err)
	}
	for _, verb := range []string{"%v", "%+v", "%s", "%q", "%#v"} {
		if s := fmt.Sprintf(verb, kept); strings.Contains(s, "Contoso") {
			t.Errorf("%s prints %s", verb, s)
		}
	}
}

func TestATokenOfAReturnPageAsksForNoInvoice(t *testing.T) {
	t.Parallel()
	h, b, id, _ := billing(t, true)
	const back = "of a buyer who had paid"
	if _, err := h.store.Keep(t.Context(), bridge.Keeping{Token: &bridge.Token{Hash: bridge.TokenHash(back), Account: "bills",
		Purchase: purchase.Key{Environment: "main", ID: id}, Expires: time.Now().Add(time.Hour)}}); err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{"a guess", tokenFor(t, h, id, "INV-GUESSED"), back} {
		if _, err := b.InvoiceForm(t.Context(), token); !errors.Is(err, bridge.ErrNotFound) {
			t.Errorf("%q: %v", token, err)
		}
		if _, err := b.RequestInvoice(t.Context(), token, contoso); !errors.Is(err, bridge.ErrNotFound) {
			t.Errorf("%q: %v", token, err)
		}
	}
}

func TestWhatIsSaidOfATransferMustMakeSense(t *testing.T) {
	t.Parallel()
	h, b, id, token := billing(t, false)
	right := bridge.Decision{Action: purchase.ActPaid, Money: euros45, Transfer: "T1", PaidAt: time.Now().Add(-time.Second)}
	if err := h.decide(t, b, id, right); !errors.Is(err, bridge.ErrNotAllowed) {
		t.Errorf("without an invoice: %v", err)
	}
	request(t, b, token)
	for name, change := range map[string]func(*bridge.Decision){
		"no amount":          func(d *bridge.Decision) { d.Money = purchase.Money{} },
		"a negative amount":  func(d *bridge.Decision) { d.Money.Minor = -1 },
		"no reference":       func(d *bridge.Decision) { d.Transfer = " " },
		"a long reference":   func(d *bridge.Decision) { d.Transfer = strings.Repeat("x", 201) },
		"no day":             func(d *bridge.Decision) { d.PaidAt = time.Time{} },
		"a day to come":      func(d *bridge.Decision) { d.PaidAt = time.Now().Add(time.Hour) },
		"long before":        func(d *bridge.Decision) { d.PaidAt = time.Now().Add(-48 * time.Hour) },
		"of another invoice": func(d *bridge.Decision) { d.Payment = "INV-OTHER" },
	} {
		d := right
		change(&d)
		if err := h.decide(t, b, id, d); !errors.Is(err, bridge.ErrNotAllowed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := h.decide(t, b, id, right); err != nil {
		t.Error(err)
	}
}

func TestAFormThatIsFilledInWrongIsNamedFieldByField(t *testing.T) {
	t.Parallel()
	if wrong := contoso.Wrong(); len(wrong) > 0 {
		t.Errorf("%v", wrong)
	}
	for name, row := range map[string]struct {
		change func(*bridge.Billing)
		want   string
	}{
		"nothing":            {func(b *bridge.Billing) { *b = bridge.Billing{} }, "[name address email]"},
		"two names":          {func(b *bridge.Billing) { b.Name = "a\nb" }, "[name]"},
		"an escape":          {func(b *bridge.Billing) { b.Name = "a\x1b[31m" }, "[name]"},
		"no text":            {func(b *bridge.Billing) { b.Address = "\xff" }, "[address]"},
		"a long address":     {func(b *bridge.Billing) { b.Address = strings.Repeat("é", 601) }, "[address]"},
		"an accented one":    {func(b *bridge.Billing) { b.Address = strings.Repeat("é", 600) }, "[]"},
		"no e-mail":          {func(b *bridge.Billing) { b.Email = "ada" }, "[email]"},
		"a named e-mail":     {func(b *bridge.Billing) { b.Email = "Ada <ada@example.org>" }, "[email]"},
		"a header's e-mail":  {func(b *bridge.Billing) { b.Email = "ada@example.org\r\nBcc: all@example.org" }, "[email]"},
		"a long VAT number":  {func(b *bridge.Billing) { b.VAT = strings.Repeat("1", 201) }, "[vat]"},
		"a reference of two": {func(b *bridge.Billing) { b.Reference = "a\nb" }, "[reference]"},
	} {
		b := contoso
		row.change(&b)
		if got := fmt.Sprint(b.Wrong()); got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
	}
}
