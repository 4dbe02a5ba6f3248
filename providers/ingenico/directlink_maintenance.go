package ingenico

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// quiet is how long a refund of unknown outcome may still show up.
const quiet = 5 * time.Minute

// Capture takes the money that an order reserves, all of it, in one attempt. Ogone has no keys: what stands captured, or on its way to
// be, is not captured again, and a second capture of all there is would be refused.
func (l *DirectLink) Capture(ctx context.Context, ref purchase.Ref, key string) ([]purchase.Fact, error) {
	one, err := l.only(ctx, ref, key, protocol.Capture)
	if err != nil {
		return nil, err
	}
	facts, err := l.show(one)
	switch {
	case err != nil:
		return nil, l.sender.Judged(protocol.Capture, err)
	case holds(facts, purchase.Captured) || one.last().status == "91":
		return facts, nil
	case !holds(facts, purchase.Authorised):
		return facts, l.sender.Never(protocol.Capture, errors.New("nothing is reserved"))
	}
	money, _ := one.last().money() // it is in the fact
	if _, err := l.maintain(ctx, protocol.Capture, "SAS", one, money); err != nil {
		return nil, err
	}
	return l.Ask(ctx, ref)
}

// Void gives back what an order reserves. An order page cannot be ended.
func (l *DirectLink) Void(ctx context.Context, ref purchase.Ref, key string) ([]purchase.Fact, error) {
	one, err := l.only(ctx, ref, key, protocol.Void)
	if err != nil {
		return nil, err
	}
	if statusMeans[one.last().status] == authorised {
		money, err := one.last().money()
		if err == nil {
			_, err = l.maintain(ctx, protocol.Void, "DES", one, money)
		}
		if err == nil {
			one, err = l.only(ctx, ref, key, protocol.Void)
		}
		if err != nil {
			return nil, err
		}
	}
	facts, err := l.show(one)
	switch {
	case err != nil:
		return nil, l.sender.Judged(protocol.Void, err)
	case statusMeans[one.last().status] == ended:
		f := l.deed(one.last(), purchase.Money{}).about
		f.Kind = purchase.Lapsed
		return append(facts, f), nil
	case one.last().status == "61" || one.last().status == "62":
		return nil, l.sender.Unusable(protocol.Void, http.StatusOK, errors.New("the cancellation is under way"))
	}
	return facts, l.sender.Never(protocol.Void, errors.New("nothing is reserved that could be given back"))
}

// Refund sends part or all of a payment back, in one attempt. Ogone has no keys and keeps no mark of ours: so it is read first. Where a
// refund of the same amount is there already, nobody can say whether it is this one, and a person must look; and for a
// while after a try of unknown outcome the same key does not try again, as long as this process lives.
func (l *DirectLink) Refund(ctx context.Context, ref purchase.Ref, money purchase.Money, key string) ([]purchase.Fact, error) {
	one, err := l.only(ctx, ref, key, protocol.Refund)
	if err != nil {
		return nil, err
	}
	facts, err := l.show(one)
	if err != nil {
		return nil, l.sender.Judged(protocol.Refund, err)
	}
	rest, _ := one.taken.Minus(one.gone) // one currency
	switch {
	case !money.Positive() || money.Currency != rest.Currency || money.Minor > rest.Minor:
		return facts, l.sender.Never(protocol.Refund, errors.New("more than is left, or nothing was taken"))
	case one.refunded(money):
		return facts, l.sender.Never(protocol.Refund, errors.New("a refund of this amount is there already; see in the back office whether it is this one"))
	case l.waits(key):
		return nil, l.sender.Judged(protocol.Refund, errors.New("an earlier try may still be at work"))
	}
	operation := "RFD"
	if money == rest {
		operation = "RFS"
	}
	said, err := l.maintain(ctx, protocol.Refund, operation, one, money)
	if _, again := purchase.Retry(err); err != nil {
		if again {
			l.doubt(key)
		}
		return nil, err
	}
	return l.refunded(ctx, ref, said, money)
}

// refunded tells whether a refund of this amount was made, or is being made.
func (l ledger) refunded(money purchase.Money) bool {
	for _, r := range l.records {
		made, _ := r.money() // add read it
		if means := statusMeans[r.status]; (means == returning || means == returned) && made == money {
			return true
		}
	}
	return false
}

// refunded is the refund as its own answer tells of it, or as the order does where the answer leaves something out.
func (l *DirectLink) refunded(ctx context.Context, ref purchase.Ref, said answer, money purchase.Money) ([]purchase.Fact, error) {
	r := said.record()
	if made, err := r.money(); err != nil || made != money || !subIDs.MatchString(r.sub) {
		return l.Ask(ctx, ref)
	}
	facts, err := l.deed(r, money).facts()
	if err != nil || !holds(facts, purchase.Refunded) {
		return nil, l.sender.Unusable(protocol.Refund, http.StatusOK, errors.New("the answer does not say what became of the refund"))
	}
	return facts, nil
}

func (l *DirectLink) doubt(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.unsure) >= mostTurns {
		clear(l.unsure)
	}
	l.unsure[key] = l.Now()
}

func (l *DirectLink) waits(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	since, is := l.unsure[key]
	return is && l.Now().Sub(since) < quiet
}

// only is the one payment of an order. An order with two is for a person.
func (l *DirectLink) only(ctx context.Context, ref purchase.Ref, key, operation string) (ledger, error) {
	if key == "" {
		return ledger{}, l.sender.Never(operation, errKey)
	}
	all, err := l.look(ctx, ref)
	switch {
	case err != nil:
		return ledger{}, err
	case len(all) > 1:
		return ledger{}, l.sender.Never(operation, errors.New("the order has two payments; see to it in the back office"))
	}
	return all[0], nil
}

// maintain makes one operation on a payment. What Ogone refuses by its rules stays refused; what it calls uncertain may have happened;
// a call that it did not look at may be made again when somebody has mended it.
func (l *DirectLink) maintain(ctx context.Context, operation, code string, one ledger, money purchase.Money) (answer, error) {
	minor, err := hundredths(money.Currency).Write(money)
	if err != nil {
		return nil, l.sender.Never(operation, err)
	}
	said, err := l.send(ctx, operation, maintenancePage,
		map[string]string{"PAYID": one.last().pay, "OPERATION": code, "AMOUNT": strconv.FormatInt(minor, 10)})
	if err != nil {
		return nil, err
	}
	switch number := said["NCERROR"]; {
	case strings.Trim(number, "0") == "" && said["PAYID"] == one.last().pay:
		return said, nil
	case said.turnedAway():
		return nil, l.sender.Judged(operation, said.reason())
	case strings.HasPrefix(number, "3"), strings.HasPrefix(number, "5"):
		return nil, l.sender.Never(operation, said.reason())
	}
	return nil, l.sender.Unusable(operation, http.StatusOK, said.reason())
}
