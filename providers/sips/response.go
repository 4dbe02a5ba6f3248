package sips

import (
	"regexp"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// A response is the fields of an automatic response.
//
// They are written one after the other without any escape, so a text that the payer or the shop filled in can bring fields of its own,
// under the right seal. What decides about money (code, amount, currency, capture mode, merchant, reference) is in every response, so an
// injected one is there twice. What only some have gains nothing: it can refuse a payment, or name the purchase where the shop names
// none, and then the price must fit all the same.
type response struct {
	fields map[string]string
	torn   bool // some text is no field
}

const maxFields = 500

// parseResponse reads k=v|k=v, where a value may hold further equals signs. A field that is there twice is refused, however right the
// seal is.
func parseResponse(text string) (response, error) {
	r := response{fields: make(map[string]string, 64)}
	for part := range strings.SplitSeq(text, "|") {
		name, value, ok := strings.Cut(part, "=")
		if _, twice := r.fields[name]; twice || len(r.fields) == maxFields {
			return response{}, purchase.Forged(purchase.Malformed)
		}
		if ok && name != "" {
			r.fields[name] = value
		} else {
			r.torn = true
		}
	}
	return r, nil
}

// get is a field's value; "" where there is none, which Sips also writes as null.
func (r response) get(name string) string {
	if v := r.fields[name]; v != "null" {
		return v
	}
	return ""
}

var (
	references = regexp.MustCompile(`^[A-Za-z0-9]{1,35}$`)
	codes      = regexp.MustCompile(`^[0-9A-Z]{2}$`)
)

// tell says what became of a transaction. Its reference is used up by whatever ends it, so after a refusal it cannot be paid any more;
// but a duplicate (94) says nothing about the one that it repeats, and after a fault of the platform (90, 99) nobody knows.
//
// Source: Sips data dictionary, responseCode.
func (p *Page) tell(r response) ([]purchase.Fact, error) {
	reference, code := r.get("transactionReference"), r.get("responseCode")
	if r.torn || !references.MatchString(reference) || !codes.MatchString(code) {
		return nil, protocol.NotUnderstood("the fields of a response")
	}
	f := p.about(reference, r.get)
	switch code {
	case "00":
		return p.accepted(f, r)
	case "60":
		f.Kind, f.Detail.Reason = purchase.Pending, reason(code)
	case "17", "97": // by the buyer, by the clock
		return []purchase.Fact{lapsed(f)}, nil
	case "94":
		return nil, nil
	case "90", "99":
		f.Kind, f.Detail.Reason = purchase.Failed, reason(code)
	default:
		return refused(f, reason(code)), nil
	}
	return []purchase.Fact{f}, nil
}

// accepted: who captures decides whether the money is taken. AUTHOR_CAPTURE takes it by itself, at the end of captureDay.
func (p *Page) accepted(f purchase.Fact, r response) ([]purchase.Fact, error) {
	if !acquired(r.get) {
		return nil, protocol.NotUnderstood("a response that the acquirer contradicts")
	}
	money, err := readMoney(r.get("amount"), r.get("currencyCode"))
	if err != nil {
		return nil, protocol.NotUnderstood("the amount of a response")
	}
	f.Money = money
	switch r.get("captureMode") {
	case "AUTHOR_CAPTURE", "IMMEDIATE":
		f.Kind = purchase.Captured
	case "VALIDATION":
		f.Kind = purchase.Authorised
	default:
		return nil, protocol.NotUnderstood("the capture mode of a response")
	}
	return []purchase.Fact{f}, nil
}
