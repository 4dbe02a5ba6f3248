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

	"github.com/paybridge/paybridge/dataverse/dataversesim"
	"github.com/paybridge/paybridge/providers/providersim"
)

// A buyer plays one scene through the real faces: Dynamics' register call, our redirect leg, the provider's pay page.
type buyer struct {
	*world
	scene    scene
	shop     *shop
	purchase string // as Dynamics named it
	payment  string // as the provider named it
	price    string
	trouble  string
	returned time.Time // when money went back at the provider

	registered time.Time
	promises   promises
	open       openPage
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
	b.registered = time.Now()
	redirect, err := b.register(ctx)
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}
	if err := b.prepare(); err != nil {
		return err
	}
	switch b.scene.Turn {
	case turnForged:
		return errors.Join(sleepUntil(ctx, b.registered.Add(b.scene.Pays)), b.forge(ctx))
	}
	if b.scene.Page {
		return errors.Join(b.payByRedirect(ctx, redirect), b.lookOnceMore(ctx))
	}
	if err := sleepUntil(ctx, b.registered.Add(b.scene.Pays)); err != nil {
		return err
	}
	return errors.Join(b.pressButton(), b.afterwards(ctx))
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
	if p, ok := b.dynamics.Purchase(b.purchase); ok {
		b.price = p.Amount
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
	case turnAway:
		return b.dynamics.AddFault(dataversesim.Fault{Operation: dataversesim.AnyWebAPI, Kind: dataversesim.KindUnavailable, Times: 8, Purchase: b.purchase})
	case turnGateway, turnUnavailable, turnPartial:
		return b.dynamics.AddFault(dataversesim.Fault{Operation: dataversesim.AnyFinalize, Kind: spoils[b.scene.Turn], Purchase: b.purchase})
	case turnShaky: // whoever is next has the trouble
		for _, operation := range []string{"capture", "refund", "void"} {
			b.shop.AddFault(providersim.Fault{Operation: operation, Kind: providersim.AfterDrop})
		}
	}
	return nil
}

// payByRedirect follows the address that Dynamics gave, as a browser does, and pays at the provider.
func (b *buyer) payByRedirect(ctx context.Context, redirect string) error {
	page, err := b.enter(ctx, redirect)
	if err != nil {
		return fmt.Errorf("our redirect leg: %w", err)
	}
	b.shop.Shape(b.payment, b.mischief())
	if err := sleepUntil(ctx, b.registered.Add(b.scene.Pays)); err != nil {
		return err
	}
	switch b.scene.Turn {
	case turnDeclined:
		return b.tryTwoCards(ctx, redirect, page)
	case turnCancelled:
		return b.press(ctx, page, "cancel")
	case turnReload, turnTwoPlaces, turnRepriced:
		return b.wanders(ctx, redirect, page)
	}
	return b.press(ctx, page, "pay")
}

// enter opens our redirect leg for the scene's account, again while the daemon is away, as people reload a page.
func (b *buyer) enter(ctx context.Context, redirect string) (webPage, error) {
	address, err := url.Parse(redirect)
	if err != nil {
		return webPage{}, err
	}
	address.Path = "/pay/" + b.shop.account()
	var last error
	for range 40 {
		page, err := b.browse(ctx, address.String(), nil, b.home)
		switch {
		case err == nil && page.Payment != "" && page.Action != "": // else its payment has ended, and the daemon will learn of it
			b.payment = page.Payment
			b.shop.pays(page.Payment, b.purchase)
			return page, nil
		case err != nil:
			last = err
		default:
			last = fmt.Errorf("it led to %s (%d) instead of a pay page", page.Address.Path, page.Status)
		}
		if err := sleepUntil(ctx, time.Now().Add(500*time.Millisecond)); err != nil {
			return webPage{}, err
		}
	}
	return webPage{}, last
}

// home tells whether an address is one of our return pages.
func (b *buyer) home(u *url.URL) bool {
	return strings.HasPrefix(u.String(), b.public+"/return/")
}

// press presses a button of the provider's pay page. Who is sent back opens our page, unless the browser is closed by then.
func (b *buyer) press(ctx context.Context, page webPage, button string) error {
	if button != "cancel" {
		b.promises.agrees()
	}
	back, err := b.browse(ctx, page.Action, url.Values{"action": {button}}, b.home)
	if err != nil {
		return fmt.Errorf("the pay page: %w", err)
	}
	if !b.home(back.Address) {
		if back.Status >= http.StatusBadRequest && !(back.Status == http.StatusGone && b.scene.Turn == turnLateApproval) {
			return fmt.Errorf("the pay page answered %d", back.Status)
		}
		return nil
	}
	if b.scene.Turn == turnLostWebhook {
		return nil
	}
	b.look(ctx, openPage{back, b.shop, page.Payment})
	return nil
}

// tryTwoCards pays with a card that is refused, waits to be told of it, as a buyer is, and pays again.
func (b *buyer) tryTwoCards(ctx context.Context, redirect string, page webPage) error {
	if err := b.press(ctx, page, "decline"); err != nil {
		return err
	}
	for range 60 {
		if p, ok := b.shop.Payment(b.payment); ok && p.Failures > 0 {
			break
		}
		if err := sleepUntil(ctx, time.Now().Add(500*time.Millisecond)); err != nil {
			return err
		}
	}
	again, err := b.enter(ctx, redirect)
	if err != nil {
		return fmt.Errorf("our redirect leg, after a refusal: %w", err)
	}
	if err := sleepUntil(ctx, time.Now().Add(2*time.Second)); err != nil { // nobody chooses another card faster
		return err
	}
	return b.press(ctx, again, "pay")
}

// pressButton pays on the organiser's own page: captured at once, and only the callback tells us.
func (b *buyer) pressButton() error {
	pay := providersim.ButtonPayment{Purchase: b.purchase, Value: b.price, Currency: "EUR", Shape: b.mischief()}
	times := 1
	switch b.scene.Turn {
	case turnWrongAmount, turnDecided:
		pay.Value = "1.00"
	case turnOverpaid:
		pay.Value = "999.00"
	case turnPending, turnBounced, turnPendingLate:
		pay.Pending = "ECHECK"
	case turnWrongCurrency:
		pay.Currency = "USD"
	case turnDouble:
		times = 2
	}
	for range times {
		if err := b.buy(pay); err != nil {
			return err
		}
	}
	return nil
}

func (b *buyer) buy(pay providersim.ButtonPayment) (err error) {
	if b.payment, err = b.shop.Button(pay); err != nil {
		return fmt.Errorf("pay on the organiser's page: %w", err)
	}
	b.shop.pays(b.payment, b.purchase)
	return nil
}

// strangePayment is money that belongs to nothing we know.
func (b *buyer) strangePayment(ctx context.Context) error {
	if err := sleepUntil(ctx, time.Now().Add(b.scene.Pays)); err != nil {
		return err
	}
	if b.scene.Turn == turnUnknown {
		b.purchase = strangeID(b.scene.Number, b.seed)
	}
	return b.buy(providersim.ButtonPayment{Purchase: b.purchase, Value: "45.00", Currency: "EUR"})
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
