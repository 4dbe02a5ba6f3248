package main

import (
	"context"
	"fmt"
	"time"

	"github.com/paybridge/paybridge/bridge"
)

// A promise is what our return page told a buyer about a payment, and whether it was so at that moment.
type promise struct {
	shop    *shop
	payment string
	says    bridge.BuyerState
	wrong   string // why it was not so, "" if it was
	over    bool   // the buyer agreed to pay since
}

// promises are all that a buyer was told, in order.
type promises []promise

// uncharges are the pages that say that nothing was charged.
var uncharges = map[bridge.BuyerState]bool{bridge.BuyerCancelled: true, bridge.BuyerRefused: true, bridge.BuyerExpired: true}

// agrees is the buyer who agrees to pay, by whatever payment.
func (p promises) agrees() {
	for i := range p {
		p[i].over = true
	}
}

// An openPage is one of our pages that is still open in the browser.
type openPage struct {
	webPage
	shop    *shop
	payment string
}

// look reads our page as a person does who waits: it opens itself again until it has something to say, or until the scene's patience
// is at an end. A page that does not come is no trouble beyond the comfort: the notification or the clock brings the seat.
func (b *buyer) look(ctx context.Context, at openPage) {
	address, form := at.Address.String(), at.Form
	for looks := max(b.scene.Looks, 1); looks > 0; looks-- {
		page, err := b.browse(ctx, address, form, nil)
		if err != nil {
			b.trouble = err.Error()
			return
		}
		b.open = openPage{page, at.shop, at.payment}
		said := promise{shop: at.shop, payment: at.payment, says: bridge.BuyerState(page.Says)}
		said.wrong = b.untrue(said, b.purchase)
		b.promises = append(b.promises, said)
		if page.Again == nil || looks == 1 || sleepUntil(ctx, time.Now().Add(page.Pause)) != nil {
			return
		}
		address, form = page.Again.String(), nil
	}
}

// lookOnceMore is a buyer who reloads the page that is still open.
func (b *buyer) lookOnceMore(ctx context.Context) error {
	if b.scene.Back == 0 || b.open.Says == "" {
		return nil
	}
	if err := sleepUntil(ctx, b.registered.Add(b.scene.Back)); err != nil {
		return err
	}
	b.open.Form = nil
	b.look(ctx, b.open)
	return nil
}

// untrue says why a promise about a purchase is false now.
func (w *world) untrue(p promise, purchase string) string {
	switch {
	case p.says == "":
		return "it says nothing"
	case uncharges[p.says]:
		if pay, ok := p.shop.Payment(p.payment); ok && minor(pay.Captured) > 0 {
			return pay.Captured + " had been taken"
		}
	case p.says == bridge.BuyerConfirmed:
		if bought, ok := w.dynamics.Purchase(purchase); !ok || len(bought.Seats) < len(bought.Attendees) {
			return fmt.Sprintf("there were %d seats for %d", len(bought.Seats), len(bought.Attendees))
		}
	}
	return ""
}

// misled says what a buyer was told that was not so, or did not stay so without another word of the buyer, "" for nothing.
func (w *world) misled(f fate) string {
	for _, p := range f.told {
		switch wrong := w.untrue(p, f.Purchase); {
		case p.wrong != "":
			return fmt.Sprintf("the page of payment %s said %q when %s", p.payment, p.says, p.wrong)
		case uncharges[p.says] && !p.over && wrong != "":
			return fmt.Sprintf("the page of payment %s said %q, and without another word of the buyer %s in the end", p.payment, p.says, wrong)
		case p.says == bridge.BuyerRefunded && f.Refunded == 0 && f.Desk == "":
			return fmt.Sprintf("the page of payment %s said %q, and nothing went back", p.payment, p.says)
		}
	}
	return ""
}
