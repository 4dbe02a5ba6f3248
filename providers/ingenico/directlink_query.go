package ingenico

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const maxOperations = 50

// A ledger is the records of one payment, by operation, the last one last, and what they amount to.
type ledger struct {
	records []record
	taken   purchase.Money
	gone    purchase.Money // given back, or on its way back
}

func (l ledger) last() record { return l.records[len(l.records)-1] }

// Ask reads an order back, with all operations on its payment. What it returns is proof. An order that Ogone does not know, because
// nobody has come to its page yet, is purchase.ErrNoPayment.
func (l *DirectLink) Ask(ctx context.Context, ref purchase.Ref) ([]purchase.Fact, error) {
	all, err := l.look(ctx, ref)
	if err != nil {
		return nil, err
	}
	var facts []purchase.Fact
	for _, one := range all {
		more, err := l.show(one)
		if err != nil {
			return nil, l.sender.Judged(protocol.Get, err)
		}
		facts = append(facts, more...)
	}
	return facts, nil
}

// look reads the order's payment, and the one that hearsay named where that is another try.
func (l *DirectLink) look(ctx context.Context, ref purchase.Ref) (all []ledger, err error) {
	var wanted []map[string]string
	if orderIDs.MatchString(ref.Payment) {
		wanted = append(wanted, map[string]string{"ORDERID": ref.Payment})
	}
	heard, _, _ := strings.Cut(strings.ReplaceAll(ref.Object, ":", "_"), "_")
	if payIDs.MatchString(heard) {
		wanted = append(wanted, map[string]string{"PAYID": heard})
	}
	for _, by := range wanted {
		if len(all) > 0 && all[0].last().pay == by["PAYID"] {
			continue
		}
		one, found, err := l.ledger(ctx, by)
		if err != nil {
			return nil, err
		}
		if found {
			all = append(all, one)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("ask ingenico about an order: %w", purchase.ErrNoPayment)
	}
	return all, nil
}

// ledger reads a payment as it stands and, where more than one thing was done with it, each of them.
func (l *DirectLink) ledger(ctx context.Context, by map[string]string) (ledger, bool, error) {
	now, found, err := l.query(ctx, by)
	if err != nil || !found {
		return ledger{}, false, err
	}
	var one ledger
	operations, _ := strconv.Atoi(now.sub) // none where it is not said
	for i := range min(operations, maxOperations) {
		r, found, err := l.query(ctx, map[string]string{"PAYID": now.pay, "PAYIDSUB": strconv.Itoa(i)})
		if err != nil {
			return one, false, err
		}
		if found {
			r.sub = strconv.Itoa(i)
			one.records = append(one.records, r)
		}
	}
	one.records = append(one.records, now)
	if err := one.add(); err != nil {
		return one, false, l.sender.Judged(protocol.Get, err)
	}
	return one, true, nil
}

// query reads one record. The payment it is about must be the one that was asked for.
func (l *DirectLink) query(ctx context.Context, by map[string]string) (record, bool, error) {
	order, pay := by["ORDERID"], by["PAYID"]
	said, err := l.send(ctx, protocol.Get, queryPage, by)
	switch {
	case err != nil:
		return record{}, false, err
	case !said.named() && said.unknown():
		return record{}, false, nil
	case !said.named():
		return record{}, false, l.sender.Judged(protocol.Get, said.reason())
	case order != "" && said["ORDERID"] != order, pay != "" && said["PAYID"] != pay, !orderIDs.MatchString(said["ORDERID"]):
		return record{}, false, l.sender.Judged(protocol.Get, errors.New("the answer is about another order"))
	}
	return said.record(), true, nil
}

// add sums up what was taken and what went back.
func (l *ledger) add() error {
	for _, r := range l.records {
		money, err := r.money()
		if err != nil {
			return err
		}
		ok := true
		switch statusMeans[r.status] {
		case captured:
			l.taken, ok = l.taken.Plus(money)
		case returning, returned, reversed:
			l.gone, ok = l.gone.Plus(money)
		}
		if !ok {
			return protocol.NotUnderstood("operations in two currencies")
		}
	}
	return nil
}

// show is a payment as facts: what was taken in all, or how it stands, and each sum that goes back.
func (l *DirectLink) show(one ledger) (facts []purchase.Fact, err error) {
	first := l.deed(one.last(), one.taken)
	if first.means = captured; !one.taken.Known() {
		first.means = statusMeans[one.last().status]
		first.money, _ = one.last().money()
	}
	deeds := []deed{first}
	for _, r := range one.records {
		money, _ := r.money() // add read it
		if d := l.deed(r, money); one.taken.Known() && d.means >= returning {
			deeds = append(deeds, d)
		}
	}
	for _, d := range deeds {
		more, err := d.facts()
		if err != nil {
			return nil, err
		}
		facts = append(facts, more...)
	}
	if !one.taken.Known() && first.means >= returning {
		return nil, protocol.NotUnderstood("money that went back and was never taken")
	}
	return facts, nil
}
