package providersim

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// An AdyenItem is one item of a message as Adyen writes it.
type AdyenItem struct {
	AdditionalData map[string]string `json:"additionalData,omitempty"`
	Amount         adyenAmount       `json:"amount"`
	EventCode      string            `json:"eventCode"`
	EventDate      string            `json:"eventDate"`
	Merchant       string            `json:"merchantAccountCode"`
	Reference      string            `json:"merchantReference"`
	Operations     []string          `json:"operations,omitempty"`
	Original       string            `json:"originalReference,omitempty"`
	Method         string            `json:"paymentMethod,omitempty"`
	PSP            string            `json:"pspReference"`
	Reason         string            `json:"reason"`
	Success        string            `json:"success"`
}

// Item is a usual item of this merchant account.
func (s *Adyen) Item(code, psp, original, reference string, value int64, currency string, ok bool) AdyenItem {
	return AdyenItem{Amount: adyenAmount{value, currency}, EventCode: code, EventDate: "2026-11-20T10:15:30+01:00", Merchant: adyenMerchant,
		Reference: reference, Original: original, Method: "visa", PSP: psp, Success: strconv.FormatBool(ok)}
}

// SignedText is what the signature is over: nothing in it is escaped.
//
// Source: Adyen documentation, "Verify HMAC signatures", standard webhooks.
func (i AdyenItem) SignedText() string {
	return strings.Join([]string{i.PSP, i.Original, i.Merchant, i.Reference, strconv.FormatInt(i.Amount.Value, 10), i.Amount.Currency,
		i.EventCode, i.Success}, ":")
}

// Signed returns the item with its signature.
func (i AdyenItem) Signed(hexKey string) AdyenItem {
	key, err := hex.DecodeString(hexKey)
	if err != nil {
		panic(fmt.Sprintf("providersim: the key is not hexadecimal: %v", err))
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte(i.SignedText()))
	i.AdditionalData = maps.Clone(i.AdditionalData)
	if i.AdditionalData == nil {
		i.AdditionalData = map[string]string{}
	}
	i.AdditionalData["hmacSignature"] = base64.StdEncoding.EncodeToString(h.Sum(nil))
	return i
}

// Message is a genuine message with these items.
func (s *Adyen) Message(items ...AdyenItem) Notice { return s.messageBy(adyenHMACKey, items...) }

// messageBy is a message signed with any key.
func (s *Adyen) messageBy(hexKey string, items ...AdyenItem) Notice {
	signed := make([]AdyenItem, 0, len(items))
	for _, i := range items {
		signed = append(signed, i.Signed(hexKey))
	}
	return adyenNotice(s.cfg.Live, signed)
}

func adyenNotice(live bool, items []AdyenItem) Notice {
	wrapped := make([]map[string]AdyenItem, 0, len(items))
	for _, i := range items {
		wrapped = append(wrapped, map[string]AdyenItem{"NotificationRequestItem": i})
	}
	raw, err := json.Marshal(map[string]any{"live": strconv.FormatBool(live), "notificationItems": wrapped})
	if err != nil {
		panic(fmt.Sprintf("providersim: write a message: %v", err))
	}
	return Notice{Body: raw, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}, "User-Agent": {"Adyen HttpClient 1.0 (simulated)"},
		"Authorization": {adyenLogin(adyenUser, adyenPassword)}}}
}

func adyenLogin(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// moved sends the messages, in the order in which Adyen does.
func (s *Adyen) moved(p *Payment, e event) {
	switch e.kind {
	case wasPending:
		p.Names["psp"] = cmp.Or(p.Names["psp"], s.psp())
	case wasAuthorised:
		s.tellAuthorised(p)
		if p.Fields["hold"] == "" {
			_ = s.take(p, "") // it is authorised
		}
	case wasCaptured:
		if !p.Reserve {
			s.tellAuthorised(p)
		}
		if p.Reserve || s.variant.TellsCaptures {
			s.tell(p, s.wish("CAPTURE"), p.Captured, true, "")
		}
	case wasFailed:
		s.tellAttempt(p, cmp.Or(p.Names["psp"], s.psp()), false, "Refused")
	case wasVoided:
		s.tell(p, s.wish("CANCELLATION"), p.Value, true, "")
	case wasRefunded:
		s.tellRefunded(p, e.refund)
	case wasReversed:
		e.refund.ID = s.psp()
		dispute := &adyenAsked{psp: e.refund.ID}
		for _, dispute.code = range []string{"NOTIFICATION_OF_CHARGEBACK", "CHARGEBACK"} {
			s.tell(p, dispute, e.refund.Value, true, "Fraudulent Processing of Transactions")
		}
	}
}

// wish is the modification that a call asks for, or else one of the back office. Held: mu.
func (s *Adyen) wish(code string) *adyenAsked {
	if s.asked != nil {
		return s.asked
	}
	return &adyenAsked{code: code, psp: s.psp()}
}

func (s *Adyen) tellAuthorised(p *Payment) {
	p.Names["psp"] = cmp.Or(p.Names["psp"], s.psp())
	s.tellAttempt(p, p.Names["psp"], true, "")
}

// tellAttempt tells what became of an attempt to pay: each has a reference of its own.
func (s *Adyen) tellAttempt(p *Payment, psp string, ok bool, reason string) {
	i := s.item(p, adyenAsked{code: "AUTHORISATION", psp: psp}, p.Value, ok, reason)
	i.Original = ""
	if ok {
		i.Operations = []string{"CANCEL", "CAPTURE", "REFUND"}
	}
	s.emit(p, i)
}

func (s *Adyen) tellRefunded(p *Payment, r *Refund) {
	wish := s.wish("REFUND")
	r.ID = wish.psp
	s.tell(p, wish, r.Value, true, "")
	if s.variant.RefundsFail {
		_, fraction, _ := strings.Cut(r.Value, ".")
		r.Status, p.Refunded = "failed", minus(p.Refunded, r.Value, len(fraction))
		s.tell(p, &adyenAsked{code: "REFUND_FAILED", psp: wish.psp, reference: wish.reference}, r.Value, true, "Refund Failed")
	}
}

// tell sends the message of a modification.
func (s *Adyen) tell(p *Payment, wish *adyenAsked, value string, ok bool, reason string) {
	i := s.item(p, *wish, value, ok, reason)
	if wish.action != "" {
		i.AdditionalData["modification.action"] = wish.action
	}
	s.emit(p, i)
}

func (s *Adyen) item(p *Payment, wish adyenAsked, value string, ok bool, reason string) AdyenItem {
	i := s.Item(wish.code, wish.psp, p.Names["psp"], cmp.Or(wish.reference, p.Fields["reference"]), 0, "", ok)
	i.Amount, i.Reason, i.AdditionalData = adyenMoney(value, p.Currency), reason, map[string]string{}
	for name, text := range p.Fields {
		if key, is := strings.CutPrefix(name, "metadata "); is {
			i.AdditionalData["metadata."+key] = text
		}
	}
	if !p.Organisers {
		i.AdditionalData["paymentLinkId"] = p.ID
	}
	return i
}

// emit sends an item; every try has a date of its own.
func (s *Adyen) emit(p *Payment, i AdyenItem) {
	s.send(p.ID, i.EventCode, false, func(at time.Time, _ int) Notice {
		sent := i
		sent.EventDate = at.Format("2006-01-02T15:04:05-07:00")
		return s.Message(sent)
	})
}

// Forgeries implements Simulator: without a signature or items, by another key, of the other mode, of another merchant account, changed,
// and by somebody who does not know the password.
func (s *Adyen) Forgeries(f Forgery) []Notice {
	ours := s.Item("AUTHORISATION", "FORGED0000000001", "", f.Purchase, adyenMoney(f.Value, f.Currency).Value, f.Currency, true)
	foreign := ours
	foreign.Merchant = "SomebodyElse"
	changed := s.Message(ours)
	changed.Body = []byte(strings.Replace(string(changed.Body), "FORGED", "FORGER", 1))
	other := adyenNotice(!s.cfg.Live, []AdyenItem{ours.Signed(adyenHMACKey)})
	by := func(login string) Notice {
		n := s.Message(ours)
		n.Header.Set("Authorization", login)
		return n
	}
	nobody := s.Message(ours)
	nobody.Header.Del("Authorization")
	return []Notice{
		adyenNotice(s.cfg.Live, nil),
		adyenNotice(s.cfg.Live, []AdyenItem{ours}),
		s.messageBy(strings.Repeat("0F", 32), ours),
		other,
		s.Message(foreign),
		changed,
		by(adyenLogin(adyenUser, "guessed")),
		by(adyenLogin("somebody", adyenPassword)),
		nobody,
	}
}
