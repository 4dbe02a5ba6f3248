package ingenico

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/paybridge/paybridge/providers/protocol"
)

// DirectLink is an account at Ogone e-Commerce that can also call: it reads orders back, captures, refunds and cancels. It is safe for
// concurrent use.
type DirectLink struct {
	*Ogone
	sender *protocol.Sender

	mu     sync.Mutex
	unsure map[string]time.Time // refunds, by our keys, of which nobody knows yet whether they were made
}

// NewDirectLink makes the account from a section that was validated. It reads the passphrases and calls nobody.
func NewDirectLink(c Config, o protocol.Options) (*DirectLink, error) {
	a, err := NewOgone(c, o)
	if err != nil {
		return nil, err
	}
	a.asks = true
	sender, err := protocol.NewSender("ingenico", c.Endpoint, a.Options)
	if err != nil {
		return nil, err
	}
	return &DirectLink{Ogone: a, sender: sender, unsure: map[string]time.Time{}}, nil
}

// An answer is the attributes of Ogone's one element, their names in capitals.
type answer map[string]string

const (
	queryPage       = "querydirect.asp"
	maintenancePage = "maintenancedirect.asp"
)

// send makes one call: a signed form, answered by one element of XML whatever became of it. The password is read for each call, so
// that a changed file needs no restart.
//
// Source: Ogone DirectLink integration guide.
func (l *DirectLink) send(ctx context.Context, operation, page string, fields map[string]string) (answer, error) {
	password, err := l.config.APIPassword.Reveal()
	if err != nil {
		return nil, l.sender.Unanswered(operation, err)
	}
	fields["PSPID"], fields["USERID"], fields["PSWD"] = l.config.PSPID, l.config.APIUser, password
	fields[signField] = l.in.signature(fields)
	form := url.Values{}
	for name, value := range fields {
		form.Set(name, value)
	}
	resp, err := l.sender.Do(ctx, protocol.Request{Operation: operation, Method: http.MethodPost, URL: l.base + page, Repeatable: page == queryPage,
		Header: http.Header{"Content-Type": {protocol.FormType}}, Body: []byte(form.Encode())})
	switch {
	case err != nil:
		return nil, err
	case resp.Status != http.StatusOK:
		return nil, l.sender.Refused(operation, resp, nil, "")
	}
	said, err := parseAnswer(resp.Body)
	if err != nil {
		return nil, l.sender.Unusable(operation, resp.Status, err)
	}
	return said, nil
}

// parseAnswer reads the element. The case of its attributes varies; two that are the same in capitals are not understood.
func parseAnswer(raw []byte) (answer, error) {
	decoder := xml.NewDecoder(bytes.NewReader(raw))
	decoder.CharsetReader = charset
	for {
		token, err := decoder.Token()
		if err != nil {
			return nil, errors.New("the answer cannot be read")
		}
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		said := answer{}
		for _, attribute := range element.Attr {
			name := capitals(attribute.Name.Local)
			if _, twice := said[name]; twice {
				return nil, errors.New("the answer says a thing twice")
			}
			said[name] = attribute.Value
		}
		if !strings.EqualFold(element.Name.Local, "ncresponse") {
			return nil, errors.New("the answer is another one")
		}
		return said, nil
	}
}

// charset reads the one other charset that Ogone writes.
func charset(name string, in io.Reader) (io.Reader, error) {
	if !strings.EqualFold(name, "iso-8859-1") && !strings.EqualFold(name, "windows-1252") {
		return nil, errors.New("the answer's charset is unknown")
	}
	raw, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	text := make([]rune, len(raw))
	for i, b := range raw {
		text[i] = rune(b)
	}
	return strings.NewReader(string(text)), nil
}

// record is what an answer says of an order.
func (s answer) record() record {
	return record{order: s["ORDERID"], pay: s["PAYID"], sub: s["PAYIDSUB"], status: s["STATUS"], amount: s["AMOUNT"], currency: s["CURRENCY"]}
}

// named tells whether the answer is about a payment at all.
func (s answer) named() bool {
	return payIDs.MatchString(s["PAYID"]) && strings.Trim(s["PAYID"], "0") != ""
}

var unknownOrders = regexp.MustCompile(`(?i)unknown (orderid|payid)`)

// unknown tells whether Ogone does not know the order: by its number for that, or by its words.
func (s answer) unknown() bool {
	return s["NCERROR"] == "50001130" || unknownOrders.MatchString(s["NCERRORPLUS"])
}

// turnedAway tells whether the call was not even looked at: its signature, its sender's address or its user is not right.
func (s answer) turnedAway() bool { return strings.HasPrefix(s["NCERRORPLUS"], "unknown order/") }

var ncErrors = regexp.MustCompile(`^[0-9]{1,8}$`)

// reason is the number of what went wrong.
func (s answer) reason() error {
	number := s["NCERROR"]
	if !ncErrors.MatchString(number) {
		number = "unknown"
	}
	return fmt.Errorf("ncerror %s", number)
}
