package bridge

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A Billing is what an invoice needs of whoever is to pay it. It is personal: it stands in a table of its own that can be erased, and prints
// as nothing of itself.
type Billing struct {
	Purchase  purchase.Key
	Invoice   string // our number
	Name      string // of the person or the company
	Address   string // lines
	Email     string
	VAT       string // "" for none
	Reference string // the buyer's own order reference, "" for none
	Language  string // "fr" or "en"
	Erased    bool   // it was; all but the number is empty then
}

// Format prints which invoice it is of, whatever the verb.
func (b Billing) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[billing of "+b.Invoice+"]") }

// BillingField names a field of a Billing.
type BillingField string

// The fields that a buyer fills in.
const (
	FieldName      BillingField = "name"
	FieldAddress   BillingField = "address"
	FieldEmail     BillingField = "email"
	FieldVAT       BillingField = "vat"
	FieldReference BillingField = "reference"
)

// The most that a field may hold, in characters.
const (
	BillingLineUpTo    = 200
	BillingAddressUpTo = 600
)

// Wrong are the fields that are missing or cannot be right.
func (b Billing) Wrong() (fields []BillingField) {
	add := func(f BillingField, ok bool) {
		if !ok {
			fields = append(fields, f)
		}
	}
	address, err := mail.ParseAddress(b.Email)
	add(FieldName, line(b.Name) && b.Name != "")
	add(FieldAddress, b.Address != "" && text(b.Address, BillingAddressUpTo))
	add(FieldEmail, err == nil && address.Address == b.Email && line(b.Email))
	add(FieldVAT, line(b.VAT))
	add(FieldReference, line(b.Reference))
	return fields
}

func line(s string) bool { return text(s, BillingLineUpTo) && !strings.ContainsAny(s, "\r\n") }

// text tells whether it is short enough and nothing but text.
func text(s string, upTo int) bool {
	odd := func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f }
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= upTo && !strings.ContainsFunc(s, odd)
}

// An InvoiceForm is what the page shows on which a buyer asks for an invoice.
type InvoiceForm struct {
	EventName string
	Money     purchase.Money
	Terms     purchase.Terms
	Until     time.Time // Dynamics keeps the place until then
	Language  string
	State     FormState
}

// FormState says whether an invoice can be asked for.
type FormState string

// The states of the form. Asked: it was, and the return page says what became of it.
const (
	FormOpen  FormState = "open"
	FormAsked FormState = "asked"
	FormOver  FormState = "over"
)

// invoice leads a buyer at an account that bills to the page on which an invoice is asked for. The address is that buyer's alone, and good
// for one request.
func (c *checkout) invoice(ctx context.Context, p purchase.Purchase) (CheckoutResult, error) {
	if !c.Clock.Now().Before(p.Deadline.At.Add(-c.env.Policy.MinTimeLeft)) {
		return CheckoutResult{Outcome: CheckoutExpired}, nil
	}
	token := c.Chance.Token()
	remembered := c.token(token, invoiceNumber(token), p)
	if err := c.learn(ctx, Keeping{Token: &remembered}); err != nil {
		return CheckoutResult{Outcome: DataverseError}, err
	}
	return CheckoutResult{Outcome: Redirected, Redirect: c.PublicURL + "/invoice/" + token}, nil
}

// invoiceNumber is what an invoice is known by: the token's, so that one token never asks for two.
func invoiceNumber(token string) string {
	sum := sha256.Sum256([]byte("invoice\x00" + token))
	return "INV-" + base32.StdEncoding.EncodeToString(sum[:10])
}

// InvoiceForm is what the token's page shows; ErrNotFound for a token that is unknown, too old, or of no account that bills.
func (b *Bridge) InvoiceForm(ctx context.Context, token string) (InvoiceForm, error) {
	_, form, _, err := b.formOf(ctx, token)
	return form, err
}

func (b *Bridge) formOf(ctx context.Context, token string) (t Token, form InvoiceForm, head string, err error) {
	if t, err = b.Store.FindToken(ctx, TokenHash(token)); err != nil {
		return t, form, "", err
	}
	policy := b.environments[t.Purchase.Environment].Policy
	terms, ok := policy.Bills(t.Account)
	if !ok || t.Payment != invoiceNumber(token) {
		return t, form, "", ErrNotFound
	}
	row, facts, err := b.Store.Find(ctx, t.Purchase)
	if err != nil {
		return t, form, "", err
	}
	p := purchase.Fold(t.Purchase, facts, policy)
	form = InvoiceForm{Terms: terms, Until: p.Deadline.At, Language: t.Language, State: FormOpen}
	if p.Offer != nil {
		form.EventName, form.Money = p.Offer.Detail.EventName, p.Offer.Money
	}
	switch {
	case invoiceOf(p, t) || p.Settled():
		form.State = FormAsked
	case p.Released() || !form.Money.Positive() || !b.Clock.Now().Before(p.Deadline.At.Add(-policy.Reserve)):
		form.State = FormOver
	}
	return t, form, row.Head, nil
}

func invoiceOf(p purchase.Purchase, t Token) bool {
	for _, pay := range p.Invoices() {
		if pay.Account == t.Account && pay.Ref == t.Payment {
			return true
		}
	}
	return false
}

// requestTries is how often a request is made anew because the purchase changed meanwhile.
const requestTries = 5

// RequestInvoice keeps the buyer's request with what the invoice needs, durably and together. The form says what became of it: Asked also
// where it had been asked before, or another payment is under way. The Billing's fields must be right.
func (b *Bridge) RequestInvoice(ctx context.Context, token string, details Billing) (InvoiceForm, error) {
	for try := 1; ; try++ {
		t, form, head, err := b.formOf(ctx, token)
		if err != nil || form.State != FormOpen {
			return form, err
		}
		details.Purchase, details.Invoice = t.Purchase, t.Payment
		asked := purchase.Fact{Purchase: t.Purchase, Kind: purchase.InvoiceRequested, Standing: purchase.Own, Account: t.Account, Payment: t.Payment,
			Money: form.Money, At: b.Clock.Now()}
		_, err = b.keep(ctx, Keeping{Facts: []purchase.Fact{asked}, If: head, Billing: &details})
		switch {
		case errors.Is(err, ErrChanged) && try < requestTries:
			continue
		case err != nil:
			return form, fmt.Errorf("keep the request for an invoice: %w", err)
		}
		b.Log.Info("buyer asked to pay on invoice", zap.String("account", t.Account), zap.String("purchase", t.Purchase.ID), zap.String("payment", t.Payment))
		form.State = FormAsked
		return form, nil
	}
}

// remind notes that it was time to remind the payer.
func (w *worker) remind(ctx context.Context, next purchase.Next) error {
	return w.learn(ctx, w.own(purchase.Fact{Kind: purchase.Reminded, Account: next.Account, Payment: next.Payment.Payment,
		Detail: purchase.Detail{Until: next.Due}}))
}
