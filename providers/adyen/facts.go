package adyen

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const merchantReference = "merchantReference"

// units: amounts are in minor units of ISO 4217, but for these.
//
// Source: Adyen documentation, "Currency codes and minor units". IDR and ISK are not confirmed; an account that sells in them compares
// the first amount in the Customer Area.
var units = protocol.Units{"CLP": 2, "CVE": 0, "IDR": 0, "ISK": 2}

// Adyen numbers no versions, and its messages have no date that is signed. But some of what it says is more exact than the rest and
// counts instead of it, in whatever order it comes: a link that was paid gives way to the message of its payment, an authorisation that
// will be captured to the messages of its captures, and what happened to the messages that undo it. The versions are that order. Those
// of the payment itself stand above all others, because captures and refunds go by its reference.
const (
	told = 1 // of a link: messages speak of its payment

	undoneCapture = 1

	underWay  = 1 // of a refund or a dispute
	carried   = 2
	undone    = 3
	onceAgain = 4

	attempted  = 0 // of a payment
	authorised = 10
	captured   = 11 // its captures speak for themselves
	ended      = 12
)

// A telling is one authentic item, about a payment of ours or of the organiser's page.
type telling struct {
	*Receiver
	item
	mark
	ok bool
}

// tellings are the events that are about money. Of all others nothing is told: they are accepted, or else they would hold up the rest.
//
// Source: Adyen documentation, "Webhook types"; Adyen's OpenAPI description of webhooks.
var tellings = map[string]func(telling) ([]purchase.Fact, error){
	"AUTHORISATION":              telling.authorisation,
	"OFFER_CLOSED":               telling.offerClosed,
	"CAPTURE":                    telling.capture,
	"CAPTURE_FAILED":             telling.captureFailed,
	"CANCELLATION":               telling.cancelled,
	"TECHNICAL_CANCEL":           telling.cancelled,
	"EXPIRE":                     telling.cancelled,
	"REFUND":                     telling.refund,
	"CANCEL_OR_REFUND":           telling.refund,
	"REFUND_FAILED":              telling.refundUndone,
	"REFUNDED_REVERSED":          telling.refundUndone,
	"NOTIFICATION_OF_CHARGEBACK": disputed(purchase.Reversed, underWay),
	"CHARGEBACK":                 disputed(purchase.Reversed, carried),
	"CHARGEBACK_REVERSED":        disputed(purchase.Failed, undone),
	"SECOND_CHARGEBACK":          disputed(purchase.Reversed, onceAgain),
	"PREARBITRATION_LOST":        disputed(purchase.Reversed, onceAgain),
}

// pspReferences are of real payments; those that the Customer Area makes up for a test of the webhook have an underscore.
var pspReferences = regexp.MustCompile(`^[A-Za-z0-9]{8,40}$`)

// about begins a fact about a payment, with the purchase that the merchant's reference names.
func (r *Receiver) about(payment, reference string) purchase.Fact {
	return r.About(purchase.Proved, payment, func(name string) string {
		if name == merchantReference {
			return reference
		}
		return ""
	}, markOf(reference).seal)
}

// ofOthers: it is about a merchant account that shares the webhook.
func (r *Receiver) ofOthers(i item) bool { return slices.Contains(r.config.OtherAccounts, i.Merchant) }

func (r *Receiver) tell(i item) ([]purchase.Fact, error) {
	tell := tellings[i.Code]
	ok, err := strconv.ParseBool(i.Success)
	switch {
	case tell == nil || r.ofOthers(i):
		return nil, nil
	case i.Merchant != r.config.MerchantAccount:
		return nil, purchase.Forged(purchase.WrongMerchant)
	case i.ambiguous():
		return nil, protocol.NotUnderstood("a colon or a backslash in a signed field: it could be read in more ways than one")
	case err != nil || strconv.FormatBool(ok) != i.Success:
		return nil, protocol.NotUnderstood("neither success nor failure")
	case !pspReferences.MatchString(i.PSP) || i.Original != "" && !pspReferences.MatchString(i.Original):
		return nil, protocol.NotUnderstood("the reference of a payment")
	}
	return tell(telling{r, i, markOf(i.Reference), ok})
}

// payment is what the item is about: a link of ours by its reference, any other payment by Adyen's. A modification names the payment as
// its original; what names none is about the payment itself.
func (t telling) payment() string {
	switch {
	case t.ours():
		return t.Reference
	case t.Original != "" && t.Code != "AUTHORISATION":
		return t.Original
	}
	return t.PSP
}

// fact begins a fact of an object of the payment. No time goes into it: the date is not signed, and it changes when a message is repeated.
func (t telling) fact(kind purchase.Kind, object string, version int64, reason string) purchase.Fact {
	f := t.about(t.payment(), t.Reference)
	f.Kind, f.Object, f.Version, f.Detail.Reason = kind, object, version, reason
	return f
}

// moved is a fact about the amount of the item.
func (t telling) moved(kind purchase.Kind, object string, version int64, reason string) (purchase.Fact, error) {
	money, err := t.money()
	if err != nil || !money.Positive() {
		return purchase.Fact{}, protocol.NotUnderstood("the amount of " + strings.ToLower(t.Code))
	}
	f := t.fact(kind, object, version, reason)
	f.Money = money
	return f, nil
}

func (t telling) money() (purchase.Money, error) {
	minor, err := t.Amount.Value.Int64()
	if err != nil {
		return purchase.Money{}, purchase.ErrMoney
	}
	return units.Read(minor, t.Amount.Currency)
}

// lapsed: nobody can pay the payment any more.
func (t telling) lapsed() purchase.Fact { return t.fact(purchase.Lapsed, "", 0, "") }

// linked adds, for a link of ours, that its payment speaks for itself.
func (t telling) linked(facts ...purchase.Fact) []purchase.Fact {
	if t.ours() {
		facts = append(facts, t.fact(purchase.Authorised, t.Reference, told, ""))
	}
	return facts
}
