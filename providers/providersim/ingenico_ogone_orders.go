package providersim

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// try notes what a buyer's try came to. Held: mu.
func (s *IngenicoOgone) try(b *ogoneBook, status string) *ogoneOp {
	if b.pay == "" || s.variant.NewPayID && len(b.ops) == 1 && b.ops[0].status == "2" {
		if b.pay != "" {
			b.past[b.pay] = b.ops[0]
		}
		b.pay, b.ops = s.number(10), []*ogoneOp{{value: b.p.Value}}
		b.p.Names["payid"] = b.pay
	}
	b.ops[0].status = status
	return b.ops[0]
}

func (s *IngenicoOgone) operate(b *ogoneBook, status, value string) int {
	b.ops = append(b.ops, &ogoneOp{status: status, value: value})
	return len(b.ops) - 1
}

// moved sends the feedback.
func (s *IngenicoOgone) moved(p *Payment, e event) {
	b := s.books[p.ID]
	switch e.kind {
	case wasPending:
		s.tell(b, 0, s.try(b, "41"), true)
	case wasAuthorised:
		s.tell(b, 0, s.try(b, "5"), false)
	case wasFailed:
		s.tell(b, 0, s.try(b, "2"), true)
	case wasCaptured:
		if len(b.ops) > 0 && b.ops[0].status == "5" { // by an operation of its own
			if last := b.ops[len(b.ops)-1]; last.status != "91" {
				s.operate(b, "91", p.Captured)
			}
		} else {
			s.try(b, "91")
		}
		sub := len(b.ops) - 1
		if s.variant.Processing {
			s.tell(b, sub, b.ops[sub], true)
		}
		b.ops[sub].status = "9"
		s.tell(b, sub, b.ops[sub], false)
	case wasVoided:
		sub := s.operate(b, "6", p.Value)
		s.tell(b, sub, b.ops[sub], false)
	case wasRefunded:
		sub := s.operate(b, "81", e.refund.Value)
		e.refund.ID = b.pay + "_" + strconv.Itoa(sub)
		s.tell(b, sub, b.ops[sub], true)
		if !s.variant.Slow {
			b.ops[sub].status = "8"
			s.tell(b, sub, b.ops[sub], false)
		}
	case wasReversed:
		sub := s.operate(b, "84", e.refund.Value)
		e.refund.ID = b.pay + "_" + strconv.Itoa(sub)
		s.tell(b, sub, b.ops[sub], false)
	}
}

// tell sends feedback of one operation: before a browser that waits goes on, or in the background.
func (s *IngenicoOgone) tell(b *ogoneBook, sub int, o *ogoneOp, early bool) {
	if s.variant.Timing == "none" {
		return
	}
	text, get := s.feedback(b, sub, o), s.variant.Get
	dress := func(time.Time, int) Notice { return ogoneNotice(text, get) }
	name := "status " + o.status
	if shape := s.shapes[b.p.ID]; s.browser && !shape.Drop && shape.Repeats == 0 {
		s.waiting = append(s.waiting, ogoneFeedback{b.p.ID, name, dress})
		return
	}
	s.send(b.p.ID, name, early, dress)
}

// ogoneNotice is feedback on its way.
func ogoneNotice(text string, get bool) Notice {
	if get {
		return Notice{Method: http.MethodGet, Query: text, Header: http.Header{"User-Agent": {"ogone simulated"}}}
	}
	return Notice{Body: []byte(text), Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "User-Agent": {"ogone simulated"}}}
}

// plain is a decimal without zeros at its end.
func plain(value string) string {
	if strings.Contains(value, ".") {
		value = strings.TrimRight(strings.TrimRight(value, "0"), ".")
	}
	return value
}

// feedback is the signed fields of an operation, with what came as PARAMPLUS, unsigned.
func (s *IngenicoOgone) feedback(b *ogoneBook, sub int, o *ogoneOp) string {
	ncerror := "0"
	if o.status == "2" {
		ncerror = "30001001"
	}
	fields := map[string]string{"orderID": b.p.ID, "STATUS": o.status, "PAYID": b.pay, "NCERROR": ncerror}
	if !s.variant.Amountless {
		for name, value := range map[string]string{"currency": b.p.Currency, "amount": plain(o.value), "PM": "CreditCard", "ACCEPTANCE": "test123", "CARDNO": "XXXXXXXXXXXX1111",
			"ED": "1228", "CN": "Zoé Müller", "TRXDATE": "11/22/26", "BRAND": "VISA", "IP": "192.0.2.7", "COMPLUS": b.complus, "PAYIDSUB": strconv.Itoa(sub), "VC": ""} {
			fields[name] = value
		}
	}
	if s.variant.Latin1 {
		for name, value := range fields {
			fields[name] = latin1(value)
		}
	}
	form := url.Values{"SHASIGN": {ogoneSign(s.variant.Hash, s.out, fields)}}
	for name, value := range fields {
		form.Set(name, value)
	}
	for name := range b.withPlus {
		form.Set(name, b.withPlus.Get(name))
	}
	return form.Encode()
}

// latin1 is text as bytes of ISO-8859-1.
func latin1(text string) string {
	var b []byte
	for _, r := range text {
		b = append(b, byte(r))
	}
	return string(b)
}

// Feedback is a genuine notification of any fields, signed over those that are not among the unsigned.
func (s *IngenicoOgone) Feedback(fields map[string]string, unsigned map[string]string) Notice {
	form := url.Values{"SHASIGN": {ogoneSign(s.variant.Hash, s.out, fields)}}
	for _, m := range []map[string]string{fields, unsigned} {
		for name, value := range m {
			form.Set(name, value)
		}
	}
	return ogoneNotice(form.Encode(), s.variant.Get)
}
