package post

import (
	"context"
	"errors"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// contactWithin bounds the question to Dynamics how a payer can be reached.
const contactWithin = 20 * time.Second

// payer finds out how the payer of the purchase can be reached: what Dynamics says, else what a provider said. A result says why not.
func (p *Post) payer(ctx context.Context, m bridge.Message) (purchase.Contact, *result) {
	key := m.Notice.Purchase
	known, err := p.Outbox.FindContact(ctx, key)
	switch {
	case errors.Is(err, bridge.ErrErased):
		r := dropped("erased")
		return purchase.Contact{}, &r
	case err != nil && !errors.Is(err, bridge.ErrNotFound):
		r := again("store_error")
		return purchase.Contact{}, &r
	case err == nil && known.Source == bridge.ContactOfDynamics && known.Address != "":
		return known.Contact, nil
	}
	asked, err := p.ask(ctx, key)
	switch {
	case err == nil && asked.Address != "":
		return p.remember(ctx, key, asked)
	case known.Address != "":
		return known.Contact, nil
	case err != nil:
		r := again("no_address_yet")
		return purchase.Contact{}, &r
	}
	r := p.nobody(m)
	return purchase.Contact{}, &r
}

// patience is how long a payer's address is looked for: a guest has a contact only once the registration is made, a provider may tell next
// time.
const patience = time.Hour

func (p *Post) nobody(m bridge.Message) result {
	if p.Clock.Now().Before(m.Created.Add(patience)) {
		return again("no_address_yet")
	}
	return dropped("no_address")
}

// ask asks the environment's Registrar, if it has that power.
func (p *Post) ask(ctx context.Context, key purchase.Key) (purchase.Contact, error) {
	book, ok := p.registrars[key.Environment].(bridge.Addresser)
	if !ok {
		return purchase.Contact{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, contactWithin)
	defer cancel()
	return book.Contact(ctx, key)
}

// remember keeps an address before it is used, and looks again: it may have been erased meanwhile.
func (p *Post) remember(ctx context.Context, key purchase.Key, c purchase.Contact) (purchase.Contact, *result) {
	err := p.Outbox.KeepContact(ctx, key, bridge.KnownContact{Contact: c, Source: bridge.ContactOfDynamics})
	if err == nil {
		_, err = p.Outbox.FindContact(ctx, key)
	}
	switch {
	case errors.Is(err, bridge.ErrErased):
		r := dropped("erased")
		return purchase.Contact{}, &r
	case err != nil:
		r := again("store_error")
		return purchase.Contact{}, &r
	}
	return c, nil
}
