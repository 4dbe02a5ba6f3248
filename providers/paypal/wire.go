package paypal

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// The shapes of PayPal's REST API, as far as they are read. Nearly every field is optional.
//
// Source: PayPal REST API specifications (Orders v2, Payments v2 and v1, Webhooks v1).

type order struct {
	ID     string `json:"id"`
	Intent string `json:"intent"`
	Status string `json:"status"`
	Create stamp  `json:"create_time"`
	Units  []unit `json:"purchase_units"`
	Links  []link `json:"links"`
	Payer  struct {
		Address string `json:"email_address"`
	} `json:"payer"`
}

type unit struct {
	Custom   string `json:"custom_id"`
	Invoice  string `json:"invoice_id"`
	Amount   amount `json:"amount"`
	Payee    payee  `json:"payee"`
	Payments struct {
		Captures       []transaction `json:"captures"`
		Refunds        []transaction `json:"refunds"`
		Authorizations []transaction `json:"authorizations"`
	} `json:"payments"`
}

// A transaction is a capture, a refund or an authorization: they have one shape, as far as it is read.
type transaction struct {
	ID      string `json:"id"`
	Status  string `json:"status"`
	Details struct {
		Reason string `json:"reason"`
	} `json:"status_details"`
	Amount  amount `json:"amount"`
	Custom  string `json:"custom_id"`
	Invoice string `json:"invoice_id"`
	Payee   payee  `json:"payee"`
	Related struct {
		IDs struct {
			Order         string `json:"order_id"`
			Authorization string `json:"authorization_id"`
		} `json:"related_ids"`
	} `json:"supplementary_data"`
	Create stamp  `json:"create_time"`
	Links  []link `json:"links"`
}

// A sale is what a capture was in version 1; a refund has the same shape there.
type sale struct {
	ID      string `json:"id"`
	State   string `json:"state"`
	Reason  string `json:"reason_code"`
	SaleID  string `json:"sale_id"`
	Parent  string `json:"parent_payment"`
	Custom  string `json:"custom"`
	Invoice string `json:"invoice_number"`
	Amount  struct {
		Total    string `json:"total"`
		Currency string `json:"currency"`
	} `json:"amount"`
	Create stamp `json:"create_time"`
}

type event struct {
	ID       string          `json:"id"`
	Type     string          `json:"event_type"`
	Create   stamp           `json:"create_time"`
	Resource json.RawMessage `json:"resource"`
}

type amount struct {
	Currency string `json:"currency_code"`
	Value    string `json:"value"`
}

type payee struct {
	Merchant string `json:"merchant_id"`
}

type link struct {
	Href string `json:"href"`
	Rel  string `json:"rel"`
}

// A stamp is a time as PayPal writes it, with Z or an offset. What is not a time is no time.
type stamp struct{ time.Time }

// UnmarshalJSON never fails: a time is never worth losing a payment for.
func (s *stamp) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		s.Time = t.UTC()
	}
	return nil
}

// ids is what may be put into an address of ours: PayPal's ids have 17 letters and digits, version 1 adds hyphens.
var ids = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{3,63}$`)

func isID(s string) bool { return ids.MatchString(s) }

// upward finds the id of what a link with rel "up" leads to, if it is of the wanted kind ("orders", "captures"). The address is only
// read as a name; it is never called.
func upward(links []link, kind string) string {
	for _, l := range links {
		if l.Rel != "up" {
			continue
		}
		u, err := url.Parse(l.Href)
		if err != nil {
			continue
		}
		parts := strings.Split(u.Path, "/")
		if n := len(parts); n > 1 && parts[n-2] == kind && isID(parts[n-1]) {
			return parts[n-1]
		}
	}
	return ""
}
