package providersim

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// xml is DirectLink's one element.
func (s *IngenicoOgone) xml(attributes ...string) reply {
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\"")
	if s.variant.Latin1 {
		b.WriteString(" encoding=\"ISO-8859-1\"")
	}
	b.WriteString("?>\r\n<ncresponse\r\n")
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;")
	for i := 0; i < len(attributes); i += 2 {
		name := attributes[i]
		switch s.variant.Attributes {
		case "upper":
			name = strings.ToUpper(name)
		case "lower":
			name = strings.ToLower(name)
		}
		fmt.Fprintf(&b, "%s=\"%s\"\r\n", name, escape.Replace(attributes[i+1]))
	}
	b.WriteString("></ncresponse>")
	text := b.String()
	if s.variant.Latin1 {
		text = latin1(text)
	}
	return reply{status: http.StatusOK, raw: []byte(text), kind: "text/xml"}
}

func (s *IngenicoOgone) trouble(orderID, number, text string) reply {
	return s.xml("orderID", orderID, "PAYID", "0", "PAYIDSUB", "", "NCSTATUS", number[:1], "NCERROR", number, "NCERRORPLUS", text, "ACCEPTANCE", "", "STATUS", "0", "amount", "", "currency", "")
}

// caller checks who calls DirectLink.
func (s *IngenicoOgone) caller(body []byte) (map[string]string, *reply) {
	f, trouble := s.signedForm(body)
	switch {
	case s.variant.NoIP:
		trouble = "unknown order/1/i/192.0.2.1"
	case trouble == "" && (f["USERID"] != s.user || f["PSWD"] != s.password):
		trouble = "unknown order/1/u"
	}
	if trouble == "" {
		return f, nil
	}
	answer := s.trouble("", "50001111", trouble)
	return nil, &answer
}

// found is the book that a call means, and the operation of an earlier try.
func (s *IngenicoOgone) found(f map[string]string) (*ogoneBook, *ogoneOp) {
	for _, id := range s.sequence {
		b := s.books[id]
		if past := b.past[f["PAYID"]]; past != nil {
			return b, past
		}
		if b.pay != "" && (f["PAYID"] == b.pay || f["PAYID"] == "" && f["ORDERID"] == id) {
			return b, nil
		}
	}
	return nil, nil
}

// query shows an order as it stands, or one operation.
func (s *IngenicoOgone) query(_ *http.Request, body []byte) reply {
	f, turnedAway := s.caller(body)
	if turnedAway != nil {
		return *turnedAway
	}
	b, past := s.found(f)
	sub, err := strconv.Atoi(f["PAYIDSUB"])
	switch {
	case b == nil:
		number, text := "50001130", "unknown orderid "+f["ORDERID"]+f["PAYID"]+" for merchant "+s.pspid
		if s.variant.OtherCode {
			number = "50001184"
		}
		return s.trouble(f["ORDERID"], number, text)
	case past != nil:
		return s.record(b, f["PAYID"], "0", past)
	case f["PAYIDSUB"] == "":
		sub = len(b.ops) - 1
	case err != nil || sub < 0 || sub >= len(b.ops):
		return s.trouble(f["ORDERID"], "50001130", "unknown payid "+f["PAYID"])
	}
	return s.record(b, b.pay, strconv.Itoa(sub), b.ops[sub])
}

func (s *IngenicoOgone) record(b *ogoneBook, pay, sub string, o *ogoneOp) reply {
	number := "0"
	if o.status == "2" {
		number = "30001001"
	}
	return s.xml("orderID", b.p.ID, "PAYID", pay, "PAYIDSUB", sub, "NCSTATUS", number[:1], "NCERROR", number, "NCERRORPLUS", "!", "ACCEPTANCE", "test123", "STATUS", o.status,
		"ECI", "7", "amount", plain(o.value), "currency", b.p.Currency, "PM", "CreditCard", "BRAND", "VISA", "CARDNO", "XXXXXXXXXXXX1111", "CN", "Zoé Müller")
}

// maintain captures, cancels or refunds.
func (s *IngenicoOgone) maintain(_ *http.Request, body []byte) reply {
	f, turnedAway := s.caller(body)
	if turnedAway != nil {
		return *turnedAway
	}
	b, past := s.found(f)
	value, exact := decimalOf(f["AMOUNT"], 2), false
	if b != nil {
		_, exact = minorUnits(strings.TrimSuffix(value, ".00"), decimals(b.p.Currency))
	}
	switch {
	case b == nil || past != nil:
		return s.trouble("", "50001130", "unknown orderid for merchant "+s.pspid)
	case f["AMOUNT"] == "" || strings.Trim(f["AMOUNT"], "0123456789") != "" || !exact:
		return s.trouble(b.p.ID, "50001111", "amount not valid")
	}
	var err error
	request := ""
	switch f["OPERATION"] {
	case "SAS":
		request, err = "91", s.capture(b, value)
	case "DES":
		request = "61"
		if err = errNotNow; b.p.Status == isAuthorised {
			err = s.cancel(b)
		}
	case "RFD", "RFS":
		request = "81"
		_, err = s.giveBack(b.p, value, false)
	default:
		return s.trouble(b.p.ID, "50001111", "operation not valid")
	}
	if err != nil {
		return s.trouble(b.p.ID, "50001127", "this operation is not allowed on the order as it stands")
	}
	if s.variant.Uncertain > 0 {
		s.variant.Uncertain--
		return s.trouble(b.p.ID, "20001001", "uncertain")
	}
	sub := len(b.ops) - 1
	return s.record(b, b.pay, strconv.Itoa(sub), &ogoneOp{status: request, value: value})
}

// capture takes what is reserved; a slow one stays 91 until it is settled.
func (s *IngenicoOgone) capture(b *ogoneBook, value string) error {
	switch {
	case b.p.Status != isAuthorised:
		return errNotNow
	case !s.variant.Slow:
		return s.take(b.p, value)
	}
	sub := s.operate(b, "91", value)
	b.p.Status, b.p.Reserve, b.p.Reason = isPending, false, "capture"
	s.tell(b, sub, b.ops[sub], true)
	return nil
}

// cancel gives up what is reserved; a slow one stays 61 for one look.
func (s *IngenicoOgone) cancel(b *ogoneBook) error {
	if s.variant.Slow {
		s.operate(b, "61", b.p.Value)
		b.p.Status = isCancelled
		return nil
	}
	return s.end(b.p)
}

// Cancelled ends a cancellation that was slow.
func (s *IngenicoOgone) Cancelled(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.books[id].ops[len(s.books[id].ops)-1].status = "6"
}
