package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

func paid(h *house, price purchase.Money) payment {
	id := h.dynamics.register(price, time.Now())
	pay := payment{Purchase: id, Ref: "pay-" + id[:8], Money: price, Kind: purchase.Captured, At: time.Now()}
	h.psp.set(pay)
	return pay
}

func receive(t testing.TB, b *bridge.Bridge, d purchase.Delivery, want bridge.ReceiptOutcome) {
	t.Helper()
	if got := b.Receive(context.Background(), d); got.Outcome != want {
		t.Fatalf("receipt %+v, want %s", got, want)
	}
}

func TestAPaidRegistrationGetsItsSeatOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	b := h.node(t, "a")
	h.run(t, b)
	pay := paid(h, euros45)
	receive(t, b, delivery(t, pay, "m1"), bridge.Accepted)
	receive(t, b, delivery(t, pay, "m1"), bridge.Duplicate)
	h.await(t, pay.Purchase, purchase.StateFinalized)
	receive(t, b, delivery(t, pay, "m2"), bridge.Accepted)
	time.Sleep(50 * time.Millisecond)
	if n := h.dynamics.seats(pay.Purchase); n != 1 {
		t.Errorf("%d seats, want 1", n)
	}
}

func TestHearsayAloneNeverRegisters(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 2*time.Second)
	b := h.node(t, "a")
	h.run(t, b)
	id := h.dynamics.register(euros45, time.Now())
	receive(t, b, delivery(t, payment{Purchase: id, Ref: "never", Money: euros45, Kind: purchase.Captured, At: time.Now()}, "m1"), bridge.Accepted)
	h.await(t, id, purchase.StateAwaitingPayment)
	time.Sleep(300 * time.Millisecond)
	if h.dynamics.finalizes != 0 {
		t.Error("hearsay was finalized")
	}
}

func TestForgedDeliveriesAreRefusedAndLeaveNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	b := h.node(t, "a")
	pay := paid(h, euros45)
	d := delivery(t, pay, "m1")
	d.Header = nil
	if r := b.Receive(context.Background(), d); r.Outcome != bridge.RefusedForged || r.Refusal != purchase.BadSignature {
		t.Fatalf("receipt %+v", r)
	}
	if _, _, err := h.store.Find(context.Background(), purchase.Key{Environment: "main", ID: pay.Purchase}); !errors.Is(err, bridge.ErrNotFound) {
		t.Errorf("a forged delivery left a purchase: %v", err)
	}
}

func TestAnUncheckedDeliveryIsReadAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	b := h.node(t, "a")
	pay := paid(h, euros45)
	h.psp.blindness(true)
	d := delivery(t, pay, "m1")
	d.Received = time.Now().Add(-10 * time.Second)
	receive(t, b, d, bridge.KeptUnchecked)
	h.psp.blindness(false)
	h.run(t, b)
	h.await(t, pay.Purchase, purchase.StateFinalized)
}

func TestDifferingMoneyIsOnTheDeskAndNeverFinalized(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		paid  purchase.Money
		cause purchase.Cause
	}{
		"amount":   {purchase.Money{Minor: 4400, Currency: "EUR"}, purchase.CauseAmount},
		"currency": {purchase.Money{Minor: 4500, Currency: "USD"}, purchase.CauseCurrency},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, time.Minute)
			b := h.node(t, "a")
			h.run(t, b)
			pay := paid(h, euros45)
			pay.Money = c.paid
			h.psp.set(pay)
			receive(t, b, delivery(t, pay, "m1"), bridge.Accepted)
			row := h.await(t, pay.Purchase, purchase.StateMismatch)
			if row.Summary.Cause != c.cause || h.dynamics.finalizes != 0 {
				t.Errorf("cause %s, %d finalizes", row.Summary.Cause, h.dynamics.finalizes)
			}
		})
	}
}

func TestAnUnknownOutcomeIsReadBackBeforeAnythingElse(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]bool{"it had worked": true, "it had not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, time.Minute)
			h.dynamics.onFinalize = func(n int, _ *registration) (purchase.Outcome, bool) {
				if n == 1 {
					return purchase.Outcome{Result: purchase.Unknown, Reason: "dropped"}, effect
				}
				return purchase.Outcome{Result: purchase.Acknowledged}, true
			}
			b := h.node(t, "a")
			h.run(t, b)
			pay := paid(h, euros45)
			began := time.Now()
			receive(t, b, delivery(t, pay, "m1"), bridge.Accepted)
			h.await(t, pay.Purchase, purchase.StateFinalized)
			if n := h.dynamics.seats(pay.Purchase); n != 1 {
				t.Errorf("%d seats, want 1", n)
			}
			if !effect && time.Since(began) < h.policy.Quiet {
				t.Error("it was repeated before the quiet time was over")
			}
		})
	}
}

func TestAnUnknownOutcomeThatCannotBeReadBackIsOnTheDesk(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	h.dynamics.unsaid = true
	h.dynamics.onFinalize = func(int, *registration) (purchase.Outcome, bool) {
		return purchase.Outcome{Result: purchase.Unknown}, true
	}
	b := h.node(t, "a")
	h.run(t, b)
	pay := paid(h, euros45)
	receive(t, b, delivery(t, pay, "m1"), bridge.Accepted)
	row := h.await(t, pay.Purchase, purchase.StateHeld)
	time.Sleep(200 * time.Millisecond)
	if row.Summary.Cause != purchase.CauseOutcomeUnknown || h.dynamics.seats(pay.Purchase) != 1 {
		t.Errorf("cause %s, %d seats", row.Summary.Cause, h.dynamics.seats(pay.Purchase))
	}
}

func TestAnInterruptedFinalizeIsNeverSentAgainBlindly(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	pay := paid(h, euros45)
	key := purchase.Key{Environment: "main", ID: pay.Purchase}
	proof := pay.fact(purchase.Proved)
	proof.Purchase, proof.Account = key, "shop"
	intent := purchase.Fact{Purchase: key, Kind: purchase.Intended, Standing: purchase.Own, At: time.Now(),
		Detail: purchase.Detail{Step: purchase.StepFinalize, SendBefore: time.Now().Add(300 * time.Millisecond)}}
	if _, err := h.store.Keep(context.Background(), bridge.Keeping{Facts: []purchase.Fact{proof, intent}}); err != nil {
		t.Fatal(err)
	}
	h.dynamics.purchases[pay.Purchase].seats = 1 // the dead node's call had worked
	h.run(t, h.node(t, "b"))
	h.await(t, pay.Purchase, purchase.StateFinalized)
	if h.dynamics.finalizes != 0 || h.dynamics.seats(pay.Purchase) != 1 {
		t.Errorf("%d finalizes, %d seats", h.dynamics.finalizes, h.dynamics.seats(pay.Purchase))
	}
}

func TestMoneyWithoutAPurchaseIsAnOrphanOnTheDesk(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	b := h.node(t, "a")
	h.run(t, b)
	pay := payment{Ref: "stray", Money: euros45, Kind: purchase.Captured, At: time.Now()}
	h.psp.set(pay)
	receive(t, b, delivery(t, pay, "m1"), bridge.Accepted)
	orphan := purchase.Orphan("main", "shop", "stray")
	row := h.await(t, orphan.ID, purchase.StateHeld)
	if row.Summary.Cause != purchase.CauseOrphan || row.Summary.Paid != euros45 {
		t.Errorf("%+v", row.Summary)
	}
}

func TestAnOrphanWhosePurchaseIsProvedGetsItsSeat(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	b := h.node(t, "a")
	h.run(t, b)
	pay := paid(h, euros45)
	silent := pay
	silent.Purchase = "" // the message does not say it, the provider's own record does
	receive(t, b, delivery(t, silent, "m1"), bridge.Accepted)
	h.await(t, pay.Purchase, purchase.StateFinalized)
	h.await(t, purchase.Orphan("main", "shop", pay.Ref).ID, purchase.StateResolved)
}

func TestTwoNodesOnOneStoreFinalizeEachPurchaseOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	a, b := h.node(t, "a"), h.node(t, "b")
	h.run(t, a, b)
	const n = 60
	pays := make([]payment, n)
	for i := range pays {
		pays[i] = paid(h, euros45)
	}
	var wg sync.WaitGroup
	for i, pay := range pays {
		for j, node := range []*bridge.Bridge{a, b} {
			d := delivery(t, pay, fmt.Sprint("m", i, "-", j))
			wg.Go(func() { node.Receive(context.Background(), d) })
		}
	}
	wg.Wait()
	for _, pay := range pays {
		h.await(t, pay.Purchase, purchase.StateFinalized)
		if s := h.dynamics.seats(pay.Purchase); s != 1 {
			t.Errorf("purchase %s has %d seats", pay.Purchase, s)
		}
	}
}

func TestAStoreThatCannotCommitIsNeverAcknowledged(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	b := h.node(t, "a")
	pay := paid(h, euros45)
	h.store.Close()
	receive(t, b, delivery(t, pay, "m1"), bridge.Unavailable)
}

func TestAReplayedMessageWithOtherBytesIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	b := h.node(t, "a")
	first, second := paid(h, euros45), paid(h, euros45)
	receive(t, b, delivery(t, first, "same"), bridge.Accepted)
	r := b.Receive(context.Background(), delivery(t, second, "same"))
	if r.Outcome != bridge.RefusedForged || r.Refusal != purchase.Replayed {
		t.Errorf("receipt %+v", r)
	}
}

func TestModesNeverMix(t *testing.T) {
	t.Parallel()
	for _, live := range []bool{true, false} {
		_, err := bridge.New(bridge.Options{
			Environments: []bridge.Environment{{Name: "main", Live: live}},
			Accounts:     []bridge.Account{{Name: "shop", Environment: "main", Live: !live, Provider: newPSP()}}})
		if err == nil {
			t.Errorf("environment live: %v, account live: %v", live, !live)
		}
	}
}

func TestHearsayNeverTiesAnothersMoneyToAPurchase(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	b := h.node(t, "a")
	h.run(t, b)
	mine := h.dynamics.register(euros45, time.Now())
	h.psp.set(payment{Ref: "victim", Money: euros45, Kind: purchase.Captured, At: time.Now()}) // the provider's record names no purchase
	lie := payment{Purchase: mine, Ref: "victim", Money: euros45, Kind: purchase.Captured, At: time.Now()}
	receive(t, b, delivery(t, lie, "m1"), bridge.Accepted)
	h.await(t, purchase.Orphan("main", "shop", "victim").ID, purchase.StateHeld)
	if h.dynamics.seats(mine) != 0 {
		t.Error("a seat for somebody else's money")
	}
}

func TestAnAccountThatCannotBeAskedIsBelievedAndNotAsked(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 2*time.Second)
	b := h.nodeWith(t, "a", bridge.Account{Name: "shop", Kind: "psp", Environment: "main", Provider: deaf{h.psp}})
	h.run(t, b)
	failed := h.dynamics.register(euros45, time.Now())
	receive(t, b, delivery(t, payment{Purchase: failed, Ref: "pay-failed", Money: euros45, Kind: purchase.Failed, At: time.Now()}, "m1"), bridge.Accepted)
	pay := paid(h, euros45)
	receive(t, b, delivery(t, pay, "m2"), bridge.Accepted)
	h.await(t, pay.Purchase, purchase.StateFinalized)
	h.await(t, failed, purchase.StateAbandoned)
	if h.psp.asks != 0 {
		t.Errorf("asked %d times", h.psp.asks)
	}
}

func TestAProviderThatIsAwayHoldsUpNothingThatIsProved(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	away := newPSP()
	away.away = true
	b := h.nodeWith(t, "a", bridge.Account{Name: "away", Kind: "psp", Environment: "main", Provider: away},
		bridge.Account{Name: "shop", Kind: "psp", Environment: "main", Provider: h.psp})
	pay := paid(h, euros45)
	first := delivery(t, payment{Purchase: pay.Purchase, Ref: "rumour", Money: euros45, Kind: purchase.Captured, At: time.Now()}, "m1")
	first.Account = "away"
	first.ID = purchase.DeliveryID(first)
	receive(t, b, first, bridge.Accepted)
	receive(t, b, delivery(t, pay, "m2"), bridge.Accepted)
	h.run(t, b)
	row := h.await(t, pay.Purchase, purchase.StateFinalized)
	if row.Summary.Account != "shop" {
		t.Errorf("paid at %s", row.Summary.Account)
	}
}

func TestAQuestionIsAnsweredAndLeavesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	b := h.node(t, "a")
	d := signed(nil, "")
	receive(t, b, d, bridge.Answered)
	receive(t, b, d, bridge.Answered)
	if n, err := h.store.Prune(context.Background(), time.Now().Add(time.Hour)); n != 0 || err != nil {
		t.Fatalf("%d deliveries were kept, %v", n, err)
	}
	h.psp.blindness(true)
	receive(t, b, d, bridge.KeptUnchecked)
	h.psp.blindness(false)
	h.run(t, b)
	for end := time.Now().Add(15 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		settled, err := h.store.Prune(context.Background(), time.Now().Add(time.Hour)) // what waits is not pruned
		if rows, _, listErr := h.store.List(context.Background(), bridge.Query{}); err != nil || listErr != nil || len(rows) > 0 {
			t.Fatalf("%d purchases, %v, %v", len(rows), err, listErr)
		}
		if settled == 1 {
			return
		}
		if time.Now().After(end) {
			t.Fatal("it still waits to be checked")
		}
	}
}
