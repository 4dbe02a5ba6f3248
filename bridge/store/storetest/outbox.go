package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

const webhook = bridge.WebhookPrefix + "crm"

// Routes are what the stores under test are opened with: payers and the organiser by mail, and all of it by webhook.
func Routes() []bridge.Route {
	var routes []bridge.Route
	for _, row := range purchase.NoticeKinds() {
		mail := bridge.MailToPayer
		if row.Organiser {
			mail = bridge.MailToOrganiser
		}
		for _, channel := range []string{mail, webhook} {
			routes = append(routes, bridge.Route{Environment: "main", Account: "shop", Kind: row.Kind, Channel: channel})
		}
	}
	return routes
}

func outboxLaws() []Law {
	return []Law{
		{"what is newly proved is told once over each of its routes", toldOnce},
		{"messages are there after a restart, and a claim of before is not", messagesDurable},
		{"a batch that is not kept tells nothing", toldWhole},
		{"nothing is told about the past", pastUntold},
		{"nothing is told where there is no route", routeless},
		{"a message is nobody else's until its lease ends", messageLeased},
		{"settling a message is fenced on owner and attempt", messageFenced},
		{"what could not be sent comes back when it is due, not before", messageDue},
		{"what is settled for good never comes back", messageSettled},
		{"the earlier message of a purchase goes first", messageOrder},
		{"no two claimers hold one message", messagesDisjoint},
		{"the backlog of messages counts what waits", messagesCounted},
		{"a payer's address is put aside and no fact has it", payerAside},
		{"dynamics knows an address better than a provider", contactRank},
		{"what was erased stays erased, and nothing waits to be sent to it", erasure},
		{"an address is erased wherever it is kept", erasureByAddress},
		{"pruning forgets settled messages of purchases at rest, and nothing that waits", messagesPruned},
	}
}

func (b *Bench) outbox() bridge.Outbox { return b.Store.(bridge.Outbox) }

// taken is money that was taken just now.
func (b *Bench) taken(n int, ref string) purchase.Fact {
	f := captured(n, ref)
	f.At = b.Clock.Now()
	return f
}

func (b *Bench) messages(channel string, n int) ([]bridge.Message, error) {
	return b.outbox().ClaimMessages(context.Background(), "a", channel, n, time.Minute)
}

func (b *Bench) message(channel string) (bridge.Message, error) {
	list, err := b.messages(channel, 1)
	if err == nil && len(list) != 1 {
		err = fmt.Errorf("%d messages to claim, want 1", len(list))
	}
	if err != nil {
		return bridge.Message{}, err
	}
	return list[0], nil
}

func (b *Bench) settled(m bridge.Message, state bridge.MessageState, due time.Time) error {
	return b.outbox().SettleMessage(context.Background(), m, bridge.MessageSettlement{State: state, Result: "word", Due: due})
}

func (b *Bench) all() ([]bridge.Message, error) {
	return b.outbox().Messages(context.Background(), bridge.MessageQuery{Limit: 1000})
}

// none complains if there is anything to claim.
func (b *Bench) none(what, channel string) error {
	list, err := b.messages(channel, 9)
	return first(err, want(what, len(list), 0))
}

func toldOnce(b *Bench) error {
	err := first(b.must(b.taken(1, "p")), b.must(b.taken(1, "p")))
	m, payer := b.message(bridge.MailToPayer)
	hook, other := b.message(webhook)
	if err := first(err, payer, other, want("kind", m.Notice.Kind, purchase.NoticePaymentReceived), want("key", hook.Notice.Key, m.Notice.Key),
		want("money", m.Notice.Money.Minor, int64(4500)), want("purchase", m.Notice.Purchase, key(1)), want("state", m.Notice.State, purchase.StatePaidUnfinalized)); err != nil {
		return err
	}
	err = first(b.settled(m, bridge.MessageSent, time.Time{}), b.must(b.taken(1, "q")))
	m, payer = b.message(bridge.MailToPayer)
	return first(err, payer, want("the second payment has a message of its own", m.Attempt, 1), b.none("messages besides", bridge.MailToPayer),
		b.none("messages for the organiser", bridge.MailToOrganiser))
}

func messagesDurable(b *Bench) error {
	if err := b.must(b.taken(1, "p")); err != nil {
		return err
	}
	before, err := b.message(bridge.MailToPayer)
	if err := first(err, b.Reopen()); err != nil {
		return err
	}
	after, err := b.message(bridge.MailToPayer)
	return first(err, want("key", after.Notice.Key, before.Notice.Key), want("claims", after.Attempt, 2))
}

func toldWhole(b *Bench) error {
	if err := b.must(intent(1)); err != nil {
		return err
	}
	if _, err := b.keep(b.taken(2, "p"), intent(1)); !errors.Is(err, bridge.ErrIntentOpen) {
		return fmt.Errorf("want %v, got %v", bridge.ErrIntentOpen, err)
	}
	return b.none("messages of a batch that was not kept", bridge.MailToPayer)
}

// pastUntold: a payment of before the route was switched on, and one that is only found now.
func pastUntold(b *Bench) error {
	err := b.must(captured(1, "p"))
	if err := first(err, b.none("messages of a payment of before", bridge.MailToPayer)); err != nil {
		return err
	}
	whole := b.taken(2, "whole seconds")
	whole.At = whole.At.Add(-time.Second)
	if err := b.must(whole); err != nil {
		return err
	}
	if _, err := b.message(bridge.MailToPayer); err != nil {
		return fmt.Errorf("by a clock that is a second behind: %w", err)
	}
	b.Clock.Move(time.Second)
	heard := captured(1, "p")
	heard.Standing = purchase.Heard
	return first(b.must(heard), b.none("messages when something else is learned later", bridge.MailToPayer))
}

func routeless(b *Bench) error {
	elsewhere, unknown := b.taken(1, "p"), b.taken(2, "q")
	elsewhere.Purchase.Environment, unknown.Account = "other", "other"
	list, err := b.all()
	return first(b.must(elsewhere), b.must(unknown), err, want("messages", len(list), 0), b.none("messages", bridge.MailToPayer))
}

func messageLeased(b *Bench) error {
	if err := b.must(b.taken(1, "p")); err != nil {
		return err
	}
	if _, err := b.message(webhook); err != nil {
		return err
	}
	b.Clock.Move(59 * time.Second)
	if err := b.none("claimed during the lease", webhook); err != nil {
		return err
	}
	b.Clock.Move(time.Second)
	m, err := b.message(webhook)
	return first(err, want("claims", m.Attempt, 2))
}

func messageFenced(b *Bench) error {
	if err := b.must(b.taken(1, "p")); err != nil {
		return err
	}
	old, err := b.message(webhook)
	b.Clock.Move(2 * time.Minute)
	current, again := b.message(webhook)
	if err := first(err, again); err != nil {
		return err
	}
	stranger := current
	stranger.Owner = "b"
	for _, m := range []bridge.Message{old, stranger} {
		if err := b.settled(m, bridge.MessageSent, time.Time{}); !errors.Is(err, bridge.ErrLost) {
			return fmt.Errorf("a claim that was lost was settled: %v", err)
		}
	}
	return b.settled(current, bridge.MessageSent, time.Time{})
}

func messageDue(b *Bench) error {
	if err := b.must(b.taken(1, "p")); err != nil {
		return err
	}
	m, err := b.message(webhook)
	if err := first(err, b.settled(m, bridge.MessagePending, b.Clock.Now().Add(time.Minute)), b.none("claimed at once", webhook)); err != nil {
		return err
	}
	b.Clock.Move(59 * time.Second)
	if err := b.none("claimed before it was due", webhook); err != nil {
		return err
	}
	b.Clock.Move(time.Second)
	m, err = b.message(webhook)
	return first(err, want("claims", m.Attempt, 2), want("result", m.Result, "word"))
}

func messageSettled(b *Bench) error {
	for n, state := range []bridge.MessageState{bridge.MessageSent, bridge.MessageGivenUp, bridge.MessageDropped} {
		f := b.taken(n, fmt.Sprint("p", n))
		err := b.must(f)
		m, claimed := b.message(webhook)
		if err := first(err, claimed, b.settled(m, state, time.Time{})); err != nil {
			return err
		}
		b.Clock.Move(time.Hour)
		f.Standing = purchase.Heard
		if err := first(b.must(f), b.Reopen(), b.none("claimed although it is "+string(state), webhook)); err != nil {
			return err
		}
	}
	return nil
}

func messageOrder(b *Bench) error {
	err := first(b.must(b.taken(1, "p")), b.must(b.taken(1, "q")), b.must(b.taken(2, "r")))
	list, claimed := b.messages(webhook, 9)
	if err := first(err, claimed, want("messages of two purchases", len(list), 2), want("the first", list[0].Notice.Purchase, key(1)),
		b.settled(list[1], bridge.MessageSent, time.Time{}), b.settled(list[0], bridge.MessagePending, b.Clock.Now().Add(time.Minute)), b.none("the second while the first waits", webhook)); err != nil {
		return err
	}
	b.Clock.Move(time.Minute)
	again, err := b.messages(webhook, 1)
	if err := first(err, want("the first again", again[0].Notice.Key, list[0].Notice.Key), b.settled(again[0], bridge.MessageSent, time.Time{})); err != nil {
		return err
	}
	_, err = b.message(webhook)
	return err
}

func messagesDisjoint(b *Bench) error {
	const n = 60
	for i := range n {
		if err := b.must(b.taken(i, fmt.Sprint("p", i))); err != nil {
			return err
		}
	}
	var mu sync.Mutex
	held := map[string]int{}
	err := together(8, func(i int) error {
		for {
			list, err := b.outbox().ClaimMessages(context.Background(), fmt.Sprint("owner", i), webhook, 3, time.Minute)
			if err != nil || len(list) == 0 {
				return err
			}
			mu.Lock()
			for _, m := range list {
				held[m.Notice.Key]++
			}
			mu.Unlock()
		}
	})
	for k, times := range held {
		if times != 1 {
			return fmt.Errorf("%s was handed out %d times", k, times)
		}
	}
	return first(err, want("claimed", len(held), n))
}

func messagesCounted(b *Bench) error {
	start := b.Clock.Now()
	err := b.must(b.taken(1, "p"))
	b.Clock.Move(time.Minute)
	err = first(err, b.must(b.taken(2, "q")))
	m, claimed := b.message(webhook)
	sums, counted := b.outbox().MessageBacklog(context.Background())
	if err := first(err, claimed, counted, want("channels", len(sums), 2)); err != nil {
		return err
	}
	for _, s := range sums {
		if err := first(want(s.Channel, s.Waiting, 2), want("oldest", s.Oldest.Equal(start), true)); err != nil {
			return err
		}
	}
	err = b.settled(m, bridge.MessageSent, time.Time{})
	list, found := b.outbox().Messages(context.Background(), bridge.MessageQuery{States: []bridge.MessageState{bridge.MessageSent}, Purchase: key(1).ID})
	return first(err, found, want("sent", len(list), 1), want("settled", list[0].Settled.IsZero(), false))
}
