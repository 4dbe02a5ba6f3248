package reconcile

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A Format says how the settlement files of an account are laid out. The zero value reads comma-separated files with columns that are
// called as the fields of Columns.
type Format struct {
	// Separator stands between the columns: , (default) ; or tab.
	Separator string `yaml:"separator"`
	// Decimal stands before the decimals of an amount: . (default) or , as in France. No other mark is taken in a number.
	Decimal string `yaml:"decimal"`
	// Dates is how a date is written, with YYYY MM DD hh mm ss in their places, for example DD/MM/YYYY hh:mm:ss. Default: ISO 8601.
	Dates string `yaml:"dates"`
	// Zone is the time zone of dates that do not name theirs. Default: UTC.
	Zone string `yaml:"zone"`
	// Merchant is what the column merchant must hold, so that a file of another account is refused.
	Merchant string `yaml:"merchant"`
	// Columns are the names in the file's first line.
	Columns Columns `yaml:"columns"`
	// Kinds are the words of the column kind: each is payment, refund, chargeback, or ignore (fees, payouts).
	Kinds map[string]string `yaml:"kinds"`
}

// Columns name the columns of a settlement file. payment, amount and currency must be there, the others may.
type Columns struct {
	// Payment is the provider's reference of the payment.
	Payment string `yaml:"payment"`
	// Amount is the gross amount; less than nothing is a refund where there is no column kind.
	Amount string `yaml:"amount"`
	// Currency is the ISO 4217 code.
	Currency string `yaml:"currency"`
	// Date is when the money moved.
	Date string `yaml:"date"`
	// Kind is a word for what the line is, see kinds.
	Kind string `yaml:"kind"`
	// Object is the reference of the capture or the refund, where it has one of its own.
	Object string `yaml:"object"`
	// Purchase is the PurchaseId.
	Purchase string `yaml:"purchase"`
	// Merchant is the merchant's number.
	Merchant string `yaml:"merchant"`
}

// The fields by their usual names.
const (
	colPayment, colAmount, colCurrency, colDate      = "payment", "amount", "currency", "date"
	colKind, colObject, colPurchase, colMerchant     = "kind", "object", "purchase", "merchant"
	wordPayment, wordRefund, wordChargeback, wordOff = "payment", "refund", "chargeback", "ignore"
)

// Set sets a field of the format by the name that settings give it; columns are columns.payment and so on.
func (f *Format) Set(key, value string) error {
	fields := map[string]*string{"separator": &f.Separator, "decimal": &f.Decimal, "dates": &f.Dates, "zone": &f.Zone, "merchant": &f.Merchant}
	c := &f.Columns
	for name, at := range map[string]*string{colPayment: &c.Payment, colAmount: &c.Amount, colCurrency: &c.Currency, colDate: &c.Date, colKind: &c.Kind,
		colObject: &c.Object, colPurchase: &c.Purchase, colMerchant: &c.Merchant} {
		fields["columns."+name] = at
	}
	if word, ok := strings.CutPrefix(key, "kinds."); ok {
		kinds := map[string]string{word: value}
		for k, v := range f.Kinds {
			if k != word {
				kinds[k] = v
			}
		}
		f.Kinds = kinds
		return nil
	}
	at, known := fields[key]
	if !known {
		return fmt.Errorf("a settlement file has no %q; write separator, decimal, dates, zone, merchant, columns.NAME or kinds.WORD", key)
	}
	*at = value
	return nil
}

// Problems are what is wrong with the format, by key.
func (f Format) Problems() map[string]string {
	found := map[string]string{}
	if !slices.Contains([]string{"", ",", ";", "tab", "\t"}, f.Separator) {
		found["separator"] = fmt.Sprintf("is %q; write , or ; or tab", f.Separator)
	}
	if !slices.Contains([]string{"", ".", ","}, f.Decimal) {
		found["decimal"] = fmt.Sprintf("is %q; write . or ,", f.Decimal)
	}
	if _, err := time.LoadLocation(f.Zone); err != nil {
		found["zone"] = fmt.Sprintf("is %q, which is no time zone; write one such as Europe/Paris", f.Zone)
	}
	if f.Dates != "" && !strings.Contains(f.Dates, "YYYY") {
		found["dates"] = fmt.Sprintf("is %q; write the places of YYYY MM DD hh mm ss", f.Dates)
	}
	for word, kind := range f.Kinds {
		if _, known := kindOf[kind]; !known {
			found["kinds."+word] = fmt.Sprintf("is %q; write payment, refund, chargeback or ignore", kind)
		}
	}
	return found
}

// kindOf are the kinds of a line; ignore has none.
var kindOf = map[string]purchase.Kind{wordPayment: purchase.Captured, wordRefund: purchase.Refunded, wordChargeback: purchase.Reversed, wordOff: ""}

func (f Format) comma() rune {
	switch f.Separator {
	case ";":
		return ';'
	case "tab", "\t":
		return '\t'
	}
	return ','
}

// headers are the names to look for in the first line, by field.
func (f Format) headers() map[string]string {
	c := f.Columns
	named := map[string]string{colPayment: c.Payment, colAmount: c.Amount, colCurrency: c.Currency, colDate: c.Date, colKind: c.Kind, colObject: c.Object,
		colPurchase: c.Purchase, colMerchant: c.Merchant}
	for field, header := range named {
		if header == "" {
			named[field] = field
		}
	}
	return named
}

// date reads a date of the file.
func (f Format) date(text string) (time.Time, bool) {
	zone, err := time.LoadLocation(f.Zone)
	if err != nil {
		return time.Time{}, false
	}
	layouts := []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02"}
	if f.Dates != "" {
		layouts = []string{strings.NewReplacer("YYYY", "2006", "MM", "01", "DD", "02", "hh", "15", "mm", "04", "ss", "05").Replace(f.Dates)}
	}
	for _, layout := range layouts {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}
