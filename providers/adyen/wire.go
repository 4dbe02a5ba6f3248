package adyen

import (
	"regexp"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// The shapes of Adyen's API, as far as they are read or written.
//
// Source: Adyen's OpenAPI description of Checkout, version 72.
type amount struct {
	Value    int64  `json:"value"`
	Currency string `json:"currency"`
}

type newLink struct {
	Merchant    string `json:"merchantAccount"`
	Amount      amount `json:"amount"`
	Reference   string `json:"reference"`
	Return      string `json:"returnUrl"`
	Expires     string `json:"expiresAt"`
	Reusable    bool   `json:"reusable"`
	Description string `json:"description"`
	Locale      string `json:"shopperLocale,omitempty"`
	Manual      bool   `json:"manualCapture,omitempty"`
}

type link struct {
	ID        string `json:"id"`
	Status    string `json:"status"` // active, paymentPending, completed, paid, expired
	Amount    amount `json:"amount"`
	Merchant  string `json:"merchantAccount"`
	Reference string `json:"reference"`
	Reusable  bool   `json:"reusable"`
	Manual    bool   `json:"manualCapture"`
	Expires   string `json:"expiresAt"`
	URL       string `json:"url"`
}

type wish struct {
	Merchant  string  `json:"merchantAccount"`
	Amount    *amount `json:"amount,omitempty"` // none: all of it
	Reference string  `json:"reference"`
}

type receipt struct {
	PSP     string `json:"pspReference"`
	Payment string `json:"paymentPspReference"`
	Status  string `json:"status"` // received
}

var links = regexp.MustCompile(`^PL[A-Za-z0-9]{6,40}$`)

func isLink(id string) bool { return links.MatchString(id) }

// pspOf is Adyen's reference of the payment that is meant; "" where no message has told it yet.
func pspOf(ref purchase.Ref) string {
	for _, id := range []string{ref.Payment, ref.Object} {
		if pspReferences.MatchString(id) {
			return id
		}
	}
	return ""
}

// instant is a time of Adyen's; zero where it is none.
func instant(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}
