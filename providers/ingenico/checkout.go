package ingenico

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const (
	attempts       = 3 // cards that a payer may try on one page; the provider takes 1 to 10
	maxSeal        = 200
	maxDescription = 100
	longest        = 180 * time.Minute
	roundedUp      = 10 * time.Minute
)

// A hosted checkout as it is asked for.
//
// Source: Worldline's SDKs, CreateHostedCheckoutRequest.
type newCheckout struct {
	Order struct {
		Money      amount        `json:"amountOfMoney"`
		References newReferences `json:"references"`
	} `json:"order"`
	Page struct {
		Return   string `json:"returnUrl"`
		Locale   string `json:"locale,omitempty"`
		Variant  string `json:"variant,omitempty"`
		Result   bool   `json:"showResultPage"`
		Timeout  int    `json:"sessionTimeout,omitempty"`
		Attempts int    `json:"allowedNumberOfPaymentAttempts,omitempty"`
		Cancels  bool   `json:"returnCancelState,omitempty"`
	} `json:"hostedCheckoutSpecificInput"`
	Card      method         `json:"cardPaymentMethodSpecificInput"`
	Mobile    method         `json:"mobilePaymentMethodSpecificInput"`
	Redirect  redirectMethod `json:"redirectPaymentMethodSpecificInput"`
	Feedbacks *feedbacks     `json:"feedbacks,omitempty"`
}

type newReferences struct {
	Merchant   string `json:"merchantReference"`
	Descriptor string `json:"descriptor,omitempty"`
	Parameters string `json:"merchantParameters,omitempty"`
}

type method struct {
	Mode string `json:"authorizationMode"`
}

type redirectMethod struct {
	Approval bool `json:"requiresApproval"`
}

type feedbacks struct {
	URLs []string `json:"webhooksUrls"`
}

type madeCheckout struct {
	ID       string `json:"hostedCheckoutId"`
	Redirect string `json:"redirectUrl"`
	Partial  string `json:"partialRedirectUrl"`
}

// Open creates a hosted checkout for one payment, which the payer may try a few times. At Direct it ends before the deadline; at Connect
// it is ended by Void. The way back is one for all that may happen, and what it carries proves nothing.
func (w *Worldline) Open(ctx context.Context, o purchase.Order) (purchase.Checkout, error) {
	body, until, err := w.newCheckout(o)
	if err != nil {
		return purchase.Checkout{}, w.Never(protocol.Create, err)
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return purchase.Checkout{}, w.Never(protocol.Create, err)
	}
	// A repeat of the order has another way back and less time left: it is another call, and at worst another page that nobody is shown.
	var made madeCheckout
	call := protocol.Call{Operation: protocol.Create, Path: "/hostedcheckouts", JSON: json.RawMessage(raw), Repeatable: true}
	if err := w.once(ctx, call, o.Key+string(raw), &made); err != nil {
		return purchase.Checkout{}, err
	}
	page := made.page(w.config.APIURL != "")
	if err := w.config.payPage(page, w.Live); err != nil || !checkoutIDs.MatchString(made.ID) {
		return purchase.Checkout{}, w.Unusable(protocol.Create, http.StatusOK, cmp.Or(err, errors.New("the answer names no hosted checkout")))
	}
	return purchase.Checkout{Payment: made.ID, URL: page, Until: until, Capturable: o.Reserve, Voidable: w.connects()}, nil
}

// page is where the payer goes. A partial address lacks its beginning, which a simulator's does not have.
func (m madeCheckout) page(simulated bool) string {
	switch {
	case m.Redirect != "" || m.Partial == "":
		return m.Redirect
	case simulated:
		return "https://" + m.Partial
	}
	return "https://payment." + m.Partial
}

func (w *Worldline) newCheckout(o purchase.Order) (body newCheckout, until time.Time, err error) {
	if body.Order.Money, err = w.minor(o.Money); err != nil {
		return body, until, err
	}
	refs := &body.Order.References
	var ok bool
	if refs.Merchant, ok = pack(o.Reference.Purchase, o.Key); !ok {
		return body, until, errors.New("the purchase cannot be used")
	}
	if _, err = protocol.Cancelled(o.Return); err != nil {
		return body, until, err
	}
	body.Page.Return, body.Page.Variant = o.Return, w.config.Variant
	body.Page.Locale = map[string]string{"fr": "fr_FR", "en": "en_GB"}[o.Language]
	body.Card.Mode, body.Redirect.Approval = "SALE", o.Reserve
	if o.Reserve {
		body.Card.Mode = "FINAL_AUTHORIZATION"
	}
	body.Mobile = body.Card
	refs.Descriptor = protocol.Clip(o.Description, maxDescription)
	if w.connects() {
		body.Page.Cancels = true
		return body, until, nil
	}
	return w.forDirect(body, o)
}

// forDirect adds what only Direct takes. The contact does not go along: merchant parameters may hold nothing personal.
func (w *Worldline) forDirect(body newCheckout, o purchase.Order) (newCheckout, time.Time, error) {
	reference := o.Reference
	reference.User = ""
	sealed, err := w.Seals.Seal(reference, maxSeal)
	if err != nil {
		return body, time.Time{}, err
	}
	body.Order.References.Parameters = sealKey + "=" + sealed
	body.Page.Attempts = attempts
	lasts := w.lasts(o.Until)
	body.Page.Timeout = int(lasts / time.Minute)
	if strings.HasPrefix(w.Callback, "https://") {
		body.Feedbacks = &feedbacks{[]string{w.Callback}}
	}
	return body, w.Now().Add(lasts), nil
}

// lasts is how long the page lives, in the whole minutes that Direct counts: up to the last one before the deadline. The bridge sends
// nobody to pay with less than ten minutes left unless the whole window is shorter than a real one; a minute begun then counts.
func (w *Worldline) lasts(until time.Time) time.Duration {
	left := min(until.Sub(w.Now()), longest)
	if left < roundedUp {
		left += time.Minute - time.Nanosecond
	}
	return max(left.Truncate(time.Minute), time.Minute)
}
