package adyen

import (
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// authorisation: the money is reserved, and taken where the account captures automatically. Nothing is reserved where a card was only
// checked.
func (t telling) authorisation() ([]purchase.Fact, error) {
	if money, err := t.money(); err == nil && money.Minor == 0 {
		return nil, nil
	}
	if !t.ok {
		return t.attemptFailed("refused"), nil
	}
	kind := purchase.Captured
	if t.config.FinalizeOn == onCapture || t.kind == reserves {
		kind = purchase.Authorised
	}
	f, err := t.moved(kind, t.PSP, authorised, "")
	if err != nil {
		return nil, err
	}
	return t.linked(f), nil
}

// offerClosed: the payer did not finish. Adyen may still authorise the payment after that.
func (t telling) offerClosed() ([]purchase.Fact, error) {
	if !t.ok {
		return nil, nil
	}
	return t.attemptFailed("offer_closed"), nil
}

// attemptFailed: a link can be tried again, and the next attempt has another pspReference; a payment of the organiser's page is its
// attempt.
func (t telling) attemptFailed(reason string) []purchase.Fact {
	facts := []purchase.Fact{t.fact(purchase.Failed, t.PSP, attempted, reason)}
	if !t.ours() {
		facts = append(facts, t.lapsed())
	}
	return facts
}

// happened refuses what says of itself that it did not happen, where nobody knows what that would mean.
func (t telling) happened() error {
	if !t.ok {
		return protocol.NotUnderstood(strings.ToLower(t.Code) + " without success")
	}
	return t.ofPayment()
}

// ofPayment refuses what happened to a payment that is not named: a link's reference names it too.
func (t telling) ofPayment() error {
	if t.Original == "" && !t.ours() {
		return protocol.NotUnderstood(strings.ToLower(t.Code) + " of no payment")
	}
	return nil
}

// ofOriginal refuses what does not name the authorisation that it goes by.
func (t telling) ofOriginal() error {
	if t.Original == "" {
		return protocol.NotUnderstood(strings.ToLower(t.Code) + " of no authorisation")
	}
	return nil
}

// captures adds that the captures of the authorisation speak for themselves.
func (t telling) captures(f purchase.Fact) ([]purchase.Fact, error) {
	if err := t.ofOriginal(); err != nil {
		return nil, err
	}
	return t.linked(f, t.fact(purchase.Authorised, t.Original, captured, "")), nil
}

// capture: the money is taken, all of it or a part. One that was turned down says nothing about the others.
func (t telling) capture() ([]purchase.Fact, error) {
	if err := t.ofPayment(); err != nil {
		return nil, err
	}
	if !t.ok {
		return []purchase.Fact{t.fact(purchase.Failed, t.PSP, undoneCapture, "capture_refused")}, nil
	}
	f, err := t.moved(purchase.Captured, t.PSP, 0, "")
	if err != nil {
		return nil, err
	}
	return t.captures(f)
}

// captureFailed: the scheme turned down a capture that was carried out, an automatic one too. Adyen names the capture by its
// pspReference. One that Adyen captures once more under the same reference is not told apart from the first, so it stays undone.
func (t telling) captureFailed() ([]purchase.Fact, error) {
	if err := t.happened(); err != nil {
		return nil, err
	}
	return t.captures(t.fact(purchase.Failed, t.PSP, undoneCapture, "capture_failed"))
}

// cancelled: what is reserved was given free. EXPIRE names the payment itself.
func (t telling) cancelled() ([]purchase.Fact, error) {
	if !t.ok {
		return nil, nil
	}
	object := t.Original
	if object == "" && t.Code == "EXPIRE" {
		object = t.PSP
	}
	if object == "" {
		return nil, t.ofOriginal()
	}
	return t.linked(t.fact(purchase.Failed, object, ended, strings.ToLower(t.Code)), t.lapsed()), nil
}

// refund: part or all of the money went back. After CANCEL_OR_REFUND nothing is left of the payment, whichever of the two it was.
func (t telling) refund() ([]purchase.Fact, error) {
	if err := t.ofPayment(); err != nil {
		return nil, err
	}
	if !t.ok {
		return []purchase.Fact{t.fact(purchase.Failed, t.PSP, undone, "refund_refused")}, nil
	}
	f, err := t.moved(purchase.Refunded, t.PSP, carried, "")
	if err != nil {
		return nil, err
	}
	if t.Code == "CANCEL_OR_REFUND" {
		return []purchase.Fact{f, t.lapsed()}, nil
	}
	return []purchase.Fact{f}, nil
}

// refundUndone: the money of a refund came back. Adyen names the refund by its pspReference.
func (t telling) refundUndone() ([]purchase.Fact, error) {
	if err := t.happened(); err != nil {
		return nil, err
	}
	return []purchase.Fact{t.fact(purchase.Failed, t.PSP, undone, strings.ToLower(t.Code))}, nil
}

// disputed is a stage of a dispute. All of them name it by one pspReference, and the payment as the original. The money counts as gone as
// soon as a dispute is announced.
//
// Source: Adyen documentation, "Dispute webhooks".
func disputed(kind purchase.Kind, stage int64) func(telling) ([]purchase.Fact, error) {
	return func(t telling) ([]purchase.Fact, error) {
		if err := t.happened(); err != nil {
			return nil, err
		}
		f, err := t.moved(kind, t.PSP, stage, strings.ToLower(t.Code))
		if err != nil {
			return nil, err
		}
		return []purchase.Fact{f}, nil
	}
}
