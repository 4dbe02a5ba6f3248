package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
	"github.com/paybridge/paybridge/providers/providersim"
)

// A buyer plays one scene through the real faces: Dynamics' register call, our redirect leg, the provider's pay page.
type buyer struct {
	*world
	scene    scene
	purchase string // as Dynamics named it
	price    string
	trouble  string
}

// registration is what the event page learns from the register call.
type registration struct {
	Redirect string `json:"redirectUrl"`
	Purchase string `json:"purchaseId"`
}

// play lets the scene happen. It returns when the buyer has nothing more to do.
func (b *buyer) play(ctx context.Context) error {
	if b.scene.Turn == turnOrphan || b.scene.Turn == turnUnknown {
		return b.strangePayment(ctx)
	}
	registered := time.Now()
	redirect, err := b.register(ctx)
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}
	if err := b.prepare(); err != nil {
		return err
	}
	switch b.scene.Turn {
	case turnForged:
		return errors.Join(sleepUntil(ctx, registered.Add(b.scene.Pays)), b.forge(ctx))
	case turnButton, turnTooLate, turnWrongAmount, turnWrongCurrency, turnDouble:
		if err := sleepUntil(ctx, registered.Add(b.scene.Pays)); err != nil {
			return err
		}
		return b.pressButton(ctx)
	}
	return b.payByRedirect(ctx, redirect, registered)
}

// register does what the event's page does.
func (b *buyer) register(ctx context.Context) (string, error) {
	attendees := make([]dataversesim.Attendee, 0, len(b.scene.Passes))
	for i, pass := range b.scene.Passes {
		attendees = append(attendees, dataversesim.Attendee{FirstName: "Camille", LastName: fmt.Sprintf("Demo-%d-%d", b.scene.Number, i+1),
			Email: fmt.Sprintf("camille.%d.%d@example.org", b.scene.Number, i+1), PassID: b.event.Passes[pass].ID})
	}
	body, err := json.Marshal(map[string]any{"attendees": attendees})
	if err != nil {
		return "", err
	}
	var answer registration
	if err := b.post(ctx, b.registerURL(), body, &answer); err != nil {
		return "", err
	}
	b.purchase = answer.Purchase
	if page, err := url.Parse(answer.Redirect); err == nil && b.purchase == "" {
		b.purchase = page.Query().Get("purchaseId")
	}
	for _, p := range b.dynamics.Purchases() {
		if p.ID == b.purchase {
			b.price = p.Amount
		}
	}
	if b.purchase == "" || b.price == "" {
		return "", errors.New("the answer names no purchase")
	}
	return answer.Redirect, nil
}

func (b *buyer) post(ctx context.Context, address string, body []byte, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", b.dynamics.Config().Origin)
	resp, err := b.browser.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", req.URL.Path, resp.Status)
	}
	return json.Unmarshal(raw, into)
}

// prepare sets the faults of the scene at the simulators.
func (b *buyer) prepare() error {
	switch b.scene.Turn {
	case turnThrottled:
		return b.dynamics.AddFault(dataversesim.Fault{Operation: dataversesim.AnyWebAPI, Kind: dataversesim.KindTooMany, Times: 2,
			Purchase: b.purchase, RetryAfter: "2"})
	case turnTimedOut:
		return b.dynamics.AddFault(dataversesim.Fault{Operation: dataversesim.AnyFinalize, Kind: dataversesim.KindCommitHang, Purchase: b.purchase})
	}
	return nil
}

// payByRedirect follows the address that Dynamics gave, as a browser does, and pays at the provider.
func (b *buyer) payByRedirect(ctx context.Context, redirect string, registered time.Time) error {
	page, err := b.patiently(ctx, redirect)
	if err != nil {
		return fmt.Errorf("our redirect leg: %w", err)
	}
	order := page.Query().Get("token")
	if order == "" {
		return fmt.Errorf("our redirect leg led to %s instead of the pay page", page.Path)
	}
	b.paypal.Shape(order, b.mischief())
	b.mu.Lock()
	b.sessions[order] = b.purchase
	b.mu.Unlock()
	if err := sleepUntil(ctx, registered.Add(b.scene.Pays)); err != nil {
		return err
	}
	if b.scene.Turn == turnDeclined {
		b.paypal.DeclineNextCapture(order)
	}
	back, err := b.pressAt(ctx, page, b.scene.Turn)
	if err != nil || b.scene.Turn == turnLostWebhook {
		return err
	}
	if _, err := b.visit(ctx, back); err != nil {
		b.trouble = err.Error() // the page is only a comfort: the webhook or the clock brings the seat
	}
	if b.scene.Turn == turnDeclined {
		return b.tryAnotherCard(ctx, page)
	}
	return nil
}

// tryAnotherCard waits to be told of the refusal, as a buyer is, and pays again.
func (b *buyer) tryAnotherCard(ctx context.Context, page *url.URL) error {
	for range 60 {
		if err := sleepUntil(ctx, time.Now().Add(500*time.Millisecond)); err != nil {
			return err
		}
		if o, ok := b.paypal.Order(page.Query().Get("token")); ok && o.Status == "PAYER_ACTION_REQUIRED" {
			break
		}
	}
	back, err := b.pressAt(ctx, page, turnRedirect)
	if err != nil {
		return err
	}
	_, _ = b.visit(ctx, back) // the webhook tells as well
	return nil
}

// pressAt presses a button of the provider's pay page and returns where the browser is sent back to.
func (b *buyer) pressAt(ctx context.Context, page *url.URL, t turn) (string, error) {
	action := "pay"
	if t == turnCancelled {
		action = "cancel"
	}
	form := url.Values{"action": {action}, "token": {page.Query().Get("token")}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, page.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := b.browser.Do(req)
	if err != nil {
		return "", fmt.Errorf("the pay page: %w", err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther && resp.StatusCode != http.StatusFound {
		return "", fmt.Errorf("the pay page answered %s", resp.Status)
	}
	return resp.Header.Get("Location"), nil
}

// patiently opens our redirect leg, again while the daemon is away, as people reload a page.
func (b *buyer) patiently(ctx context.Context, address string) (*url.URL, error) {
	var last error
	for range 40 {
		to, err := b.visit(ctx, address)
		if err == nil && to != nil {
			return to, nil
		}
		last = err
		if err == nil {
			last = errors.New("it did not redirect")
		}
		if err := sleepUntil(ctx, time.Now().Add(500*time.Millisecond)); err != nil {
			return nil, err
		}
	}
	return nil, last
}

// visit opens an address and returns where it redirects to, nil if it shows a page.
func (b *buyer) visit(ctx context.Context, address string) (*url.URL, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	resp, err := b.browser.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 400 {
		return nil, fmt.Errorf("%s answered %s", req.URL.Path, resp.Status)
	}
	if resp.StatusCode < 300 {
		return nil, nil
	}
	return resp.Location()
}

// pressButton pays on the organiser's own page: captured at once, and only the callback tells us.
func (b *buyer) pressButton(context.Context) error {
	pay := providersim.ButtonPayment{CustomID: b.purchase, Value: b.price, Currency: "EUR", Shape: b.mischief()}
	switch b.scene.Turn {
	case turnWrongAmount:
		pay.Value = "1.00"
	case turnWrongCurrency:
		pay.Currency = "USD"
	}
	times := 1
	if b.scene.Turn == turnDouble {
		times = 2
	}
	for range times {
		if _, _, err := b.paypal.Button(pay); err != nil {
			return fmt.Errorf("pay on the organiser's page: %w", err)
		}
	}
	return nil
}

// strangePayment is money that belongs to nothing we know.
func (b *buyer) strangePayment(ctx context.Context) error {
	if err := sleepUntil(ctx, time.Now().Add(b.scene.Pays)); err != nil {
		return err
	}
	pay := providersim.ButtonPayment{Value: "45.00", Currency: "EUR"}
	if b.scene.Turn == turnUnknown {
		b.purchase = strangeID(b.scene.Number, b.seed)
		pay.CustomID = b.purchase
	}
	order, _, err := b.paypal.Button(pay)
	if b.scene.Turn == turnOrphan {
		b.purchase = orphanOf(order)
	}
	return err
}

// mischief is how the notifications of the scene's payment travel.
func (b *buyer) mischief() providersim.Shape {
	switch b.scene.Turn {
	case turnRepeated:
		return providersim.Shape{Repeats: 3, Reorder: true}
	case turnLostWebhook:
		return providersim.Shape{Drop: true}
	}
	return providersim.Shape{}
}

// orphanOf is the name under which money without a purchase is kept.
func orphanOf(order string) string { return purchase.Orphan(demoEnvironment, demoAccount, order).ID }

func sleepUntil(ctx context.Context, t time.Time) error {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
