package lyra

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const fieldPrefix = "vads_"

var (
	sources = regexp.MustCompile(`^[A-Z_]{2,32}$`)
	amounts = regexp.MustCompile(`^[0-9]{1,12}$`)
)

// readForm reads a form notification. Signed are the values of all fields whose names begin with vads_, in the order of the names;
// empty ones count, other fields do not. Not signed are the names themselves and where one value ends and the next begins: whoever has
// a text of their own in anything that the shop's key signed, such as a buyer's name in the organiser's form, can cut and rename the
// values into another notification. So what is told is hearsay and the payment is read back, unless the settings trust it.
//
// Source: Lyra documentation, hosted payment page, computing the signature and analysing the result.
func (s *shop) readForm(form protocol.Form) ([]purchase.Fact, error) {
	if form.Get("signature") == "" {
		return nil, purchase.Forged(purchase.Malformed)
	}
	signed := s.sign(form.Names, form.Get)
	if !hmac.Equal([]byte(signed), []byte(form.Get("signature"))) {
		return nil, purchase.Forged(purchase.BadSignature)
	}
	if err := s.ours(form.Get("vads_ctx_mode"), form.Get("vads_site_id")); err != nil {
		return nil, err
	}
	if !sources.MatchString(form.Get("vads_url_check_src")) { // the browser brings the same fields but this one
		return nil, purchase.Forged(purchase.Malformed)
	}
	t, err := formTransaction(form)
	if err != nil {
		return nil, err
	}
	facts, err := s.facts(t.Order.ID, []transaction{t})
	if !s.config.TrustForm {
		for i := range facts {
			facts[i].Standing = purchase.Heard
		}
	}
	return facts, err
}

// sign is the signature over the fields with these names.
func (s *shop) sign(names []string, value func(string) string) string {
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !strings.HasPrefix(name, fieldPrefix) })
	slices.Sort(names)
	var text strings.Builder
	for _, name := range names {
		text.WriteString(value(name))
		text.WriteByte('+')
	}
	text.Write(s.key)
	if s.config.Hash == hashSHA1 {
		sum := sha1.Sum([]byte(text.String()))
		return hex.EncodeToString(sum[:])
	}
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(text.String()))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// formTransaction is the transaction that a form notification is about, in the shape in which the REST API would give it.
func formTransaction(form protocol.Form) (transaction, error) {
	if form.Get("vads_card_brand") == "MULTI" || form.Get("vads_payment_seq") != "" {
		return transaction{}, protocol.NotUnderstood("a payment by several means in one form notification")
	}
	t := transaction{UUID: toUUID(form.Get("vads_trans_uuid")), Operation: form.Get("vads_operation_type"), Status: form.Get("vads_trans_status"),
		Metadata: formMetadata(form)}
	t.Order.ID, t.Customer.Reference = form.Get("vads_order_id"), form.Get("vads_cust_id")
	t.Details.Sequence = sequenceOf(form)
	if at, err := time.Parse("20060102150405", form.Get("vads_effective_creation_date")); err == nil {
		t.Created.Time = at
	}
	if states[t.Status].kind == purchase.Failed || t.Operation == "VERIFICATION" {
		return t, nil // no money, and perhaps no amount
	}
	if result := form.Get("vads_result"); result != "00" && states[t.Status].kind != purchase.Pending {
		return t, protocol.NotUnderstood("a status and a result that contradict each other")
	}
	var ok bool
	if t.Currency, ok = protocol.Alpha(form.Get("vads_currency")); !ok {
		return t, protocol.NotUnderstood("the currency of a form notification")
	}
	t.Order.Currency = t.Currency
	return t, t.readAmount(form)
}

// sequenceOf is the number of an attempt. What is cancelled does not say it, and can only be the last.
func sequenceOf(form protocol.Form) int64 {
	n, err := strconv.ParseInt(form.Get("vads_sequence_number"), 10, 64)
	if err != nil && form.Get("vads_trans_status") == "CANCELLED" {
		return maxSequence
	}
	return n
}

// readAmount: the effective amount is that of this transaction, in the currency that the bank is paid in. Where that is another one,
// the amount in the currency of the payment is that of all its instalments.
func (t *transaction) readAmount(form protocol.Form) error {
	text := form.Get("vads_effective_amount")
	if in := form.Get("vads_effective_currency"); text == "" || in != "" && in != form.Get("vads_currency") {
		if form.Get("vads_payment_config") != "SINGLE" {
			return protocol.NotUnderstood("an instalment without its amount")
		}
		text = form.Get("vads_amount")
	}
	minor, err := strconv.ParseInt(text, 10, 64)
	if err != nil || !amounts.MatchString(text) {
		return protocol.NotUnderstood("the amount of a form notification")
	}
	t.Amount = &minor
	return nil
}

// formMetadata are the fields of the merchant's choice, by the names that the REST API gives them.
func formMetadata(form protocol.Form) map[string]word {
	m := map[string]word{}
	for _, name := range form.Names {
		if key, ok := strings.CutPrefix(name, "vads_ext_info_"); ok {
			m[key] = word(form.Get(name))
		}
	}
	for key, name := range infoFields {
		if form.Has(name) {
			m[key] = word(form.Get(name))
		}
	}
	return m
}
