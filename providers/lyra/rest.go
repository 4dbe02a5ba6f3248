package lyra

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// readREST reads a REST notification: a form whose field kr-answer is signed as text. All that is told comes from that text, so it is
// proof. Not signed, and not looked at: kr-answer-type and whatever other fields there are. kr-hash-algorithm and kr-hash-key are not
// signed either, and accepted with one value only: the browser brings the same answer under another key of the same shop.
//
// Source: Lyra documentation, REST API, instant payment notification, and its open-source PHP client.
func (s *shop) readREST(form protocol.Form) ([]purchase.Fact, error) {
	if form.Get("kr-hash-algorithm") != "sha256_hmac" || form.Get("kr-answer") == "" {
		return nil, purchase.Forged(purchase.Malformed)
	}
	if form.Get("kr-hash-key") != "password" {
		return nil, purchase.Forged(purchase.BadSignature)
	}
	text, ok := s.signedText(form.Get("kr-answer"), form.Get("kr-hash"))
	if !ok {
		return nil, purchase.Forged(purchase.BadSignature)
	}
	var a answer
	if protocol.Decode([]byte(text), &a) != nil {
		return nil, protocol.NotUnderstood("the answer of a notification")
	}
	if a.Type != "V4/Payment" {
		return nil, protocol.NotUnderstood("a notification of another type")
	}
	if err := s.ours(a.Order.Mode, a.ShopID); err != nil {
		return nil, err
	}
	return s.answerFacts(a)
}

// signedText is the text that the hash is of: the one that came or, as some servers write slashes with a backslash and sign them
// without, the one without.
func (s *shop) signedText(text, hash string) (string, bool) {
	for _, t := range []string{text, strings.ReplaceAll(text, `\/`, "/")} {
		h := hmac.New(sha256.New, s.password)
		h.Write([]byte(t))
		if hmac.Equal([]byte(hex.EncodeToString(h.Sum(nil))), []byte(hash)) {
			return t, true
		}
	}
	return "", false
}

// answerFacts says what a payment's notification tells. Money counts once the order is closed and paid, and then the transactions
// listed must add up to the order; a notification about refunds alone lists no other.
func (s *shop) answerFacts(a answer) ([]purchase.Fact, error) {
	for i := range a.Transactions {
		t := &a.Transactions[i]
		if t.ShopID != "" && t.ShopID != a.ShopID {
			return nil, purchase.Forged(purchase.WrongMerchant)
		}
		t.Order, t.Customer = a.Order, a.Customer
	}
	facts, err := s.facts(a.Order.ID, a.Transactions)
	if err != nil {
		return nil, err
	}
	closed := a.Cycle == "CLOSED" && a.Status == "PAID"
	var taken purchase.Money
	for i := range facts {
		f := &facts[i]
		switch {
		case f.Kind != purchase.Captured:
		case !closed:
			f.Kind, f.Money, f.Detail.Reason = purchase.Pending, purchase.Money{}, "order_open"
		default:
			taken, _ = taken.Plus(f.Money) // all are in the order's currency
		}
	}
	if taken.Known() && (a.Order.Total == nil || taken.Minor != *a.Order.Total) {
		return nil, protocol.NotUnderstood("the transactions do not add up to the order")
	}
	return facts, nil
}
