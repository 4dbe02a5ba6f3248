package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

func (b *Bench) payer(n int) (string, error) {
	c, err := b.outbox().FindContact(context.Background(), key(n))
	return c.Address.Reveal(), err
}

// paidBy keeps a payment whose provider names the payer.
func (b *Bench) paidBy(n int, address purchase.Address) error {
	f := b.taken(n, fmt.Sprint("payment-", n))
	f.Payer = address
	return b.must(f)
}

func payerAside(b *Bench) error {
	_, missing := b.payer(1)
	if err := first(want("nobody said", errors.Is(missing, bridge.ErrNotFound), true), b.must(b.taken(1, "payment-1")), b.paidBy(1, "p@example.org")); err != nil {
		return err
	}
	refund := b.taken(1, "payment-1")
	refund.Kind, refund.Object, refund.Payer = purchase.Refunded, "r", "p@example.org"
	kept, err := b.keep(refund)
	if err := first(err, want("in what was kept", kept.New[0].Payer, purchase.Address(""))); err != nil {
		return err
	}
	address, err := b.payer(1)
	_, facts, found := b.find(1)
	heard := b.taken(3, "h")
	heard.Standing, heard.Payer = purchase.Heard, "h@example.org"
	if err := b.must(heard); err != nil {
		return err
	}
	if _, err := b.payer(3); !errors.Is(err, bridge.ErrNotFound) {
		return fmt.Errorf("hearsay says whom to write to: %v", err)
	}
	orphan := b.taken(2, "o")
	orphan.Purchase, orphan.Payer = purchase.Orphan("main", "shop", "o"), "o@example.org"
	if err := first(err, found, want("address", address, "p@example.org"), want("facts", len(facts), 2), want("in the fact", facts[0].Payer, purchase.Address("")),
		b.must(orphan), b.Reopen()); err != nil {
		return err
	}
	again, err := b.payer(1)
	_, none := b.outbox().FindContact(context.Background(), orphan.Purchase)
	return first(err, want("after a restart", again, "p@example.org"), want("an orphan has none", errors.Is(none, bridge.ErrNotFound), true))
}

func (b *Bench) know(n int, address purchase.Address, source bridge.ContactSource) error {
	return b.outbox().KeepContact(context.Background(), key(n), bridge.KnownContact{Contact: purchase.Contact{Address: address, Language: "fr"}, Source: source})
}

func contactRank(b *Bench) error {
	err := first(b.paidBy(1, "p@example.org"), b.know(1, "d@example.org", bridge.ContactOfDynamics), b.know(1, "q@example.org", bridge.ContactOfProvider), b.paidBy(1, "r@example.org"))
	c, found := b.outbox().FindContact(context.Background(), key(1))
	return first(err, found, want("address", c.Address.Reveal(), "d@example.org"), want("language", c.Language, "fr"), want("source", c.Source, bridge.ContactOfDynamics))
}

func (b *Bench) erase(e bridge.Erasure) (bridge.Erased, error) {
	return b.outbox().EraseContact(context.Background(), e)
}

func erasure(b *Bench) error {
	if _, err := b.erase(bridge.Erasure{Purchase: key(1)}); !errors.Is(err, bridge.ErrNotFound) {
		return fmt.Errorf("an unknown purchase was erased: %v", err)
	}
	d := delivered("d1")
	d.Body = []byte(`{"payment":"payment-1","payer":{"name":"Camille"}}`)
	f := b.taken(1, "payment-1")
	f.Payer = "p@example.org"
	_, err := b.Keep(context.Background(), bridge.Keeping{Delivery: d, State: bridge.Read, Facts: []purchase.Fact{f}})
	if err := first(err, b.paidBy(2, "p@example.org")); err != nil {
		return err
	}
	done, err := b.erase(bridge.Erasure{Purchase: key(1)})
	if err := first(err, want("erased", done, bridge.Erased{Contacts: 1, Messages: 1, Deliveries: 1})); err != nil {
		return err
	}
	err = first(b.paidBy(1, "p@example.org"), b.know(1, "p@example.org", bridge.ContactOfDynamics), b.Reopen())
	_, gone := b.payer(1)
	other, kept := b.payer(2)
	list, claimed := b.messages(bridge.MailToPayer, 9)
	hooks, told := b.messages(webhook, 9)
	return first(err, want("erased", errors.Is(gone, bridge.ErrErased), true), kept, want("another purchase", other, "p@example.org"),
		claimed, want("messages to payers", len(list), 1), told, want("messages without an address", len(hooks), 2))
}

func erasureByAddress(b *Bench) error {
	if err := first(b.paidBy(1, "P@example.org"), b.paidBy(2, "p@example.org"), b.paidBy(3, "q@example.org")); err != nil {
		return err
	}
	waits := delivered("d1")
	waits.Body = []byte(`payer_email=p%40example.org`)
	_, kept := b.Keep(context.Background(), bridge.Keeping{Delivery: waits, State: bridge.Puzzling})
	aside := b.Quarantine(context.Background(), *waits, purchase.BadSignature)
	done, err := b.erase(bridge.Erasure{Address: "p@example.org"})
	_, reread := b.Keep(context.Background(), bridge.Keeping{Delivery: waits, State: bridge.Read})
	rest, restErr := b.erase(bridge.Erasure{Address: "p@example.org"}) // nobody's any more, but there
	_, again := b.erase(bridge.Erasure{Address: "p@example.org"})
	other, found := b.payer(3)
	if err := first(reread, restErr, want("what waited", rest, bridge.Erased{Deliveries: 1})); err != nil {
		return err
	}
	return first(kept, aside, err, want("erased", done, bridge.Erased{Contacts: 2, Messages: 2, Deliveries: 1, Waiting: 1}),
		want("a second time", errors.Is(again, bridge.ErrNotFound), true), found, want("another address", other, "q@example.org"))
}

func messagesPruned(b *Bench) error {
	if err := first(b.paidBy(1, "p@example.org"), b.paidBy(2, "q@example.org")); err != nil {
		return err
	}
	list, err := b.messages(bridge.MailToPayer, 9)
	if err := first(err, want("messages", len(list), 2), b.settled(list[0], bridge.MessageSent, time.Time{}), b.settled(list[1], bridge.MessagePending, b.Clock.Now())); err != nil {
		return err
	}
	hooks, err := b.messages(webhook, 9)
	err = first(err, b.settled(hooks[0], bridge.MessageSent, time.Time{}), b.settled(hooks[1], bridge.MessageSent, time.Time{}))
	b.Clock.Move(48 * time.Hour)
	_, pruned := b.Prune(context.Background(), b.Clock.Now().Add(-time.Hour))
	heard := captured(1, "payment-1")
	heard.Standing = purchase.Heard
	moved := b.must(heard) // what was told and forgotten is not told again
	left, found := b.all()
	_, gone := b.payer(1)
	address, kept := b.payer(2)
	return first(err, pruned, moved, found, want("messages left", len(left), 1), want("it waits", left[0].State, bridge.MessagePending),
		want("the address of the settled one", errors.Is(gone, bridge.ErrNotFound), true), kept, want("of the one that waits", address, "q@example.org"))
}
