package generic

import (
	"net/http"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// A message is one delivery on its way to be believed.
type message struct {
	purchase.Delivery
	format   string
	payload  []byte
	callback string
	elements []element // of the signature's value
	fields   *document // once it was taken apart
	plain    bool      // what is signed can be cut in one way only
}

var malformed = purchase.Forged(purchase.Malformed)

// newMessage refuses what no sender of this format sends.
func newMessage(d purchase.Delivery, format, callback string) (*message, error) {
	m := &message{Delivery: d, format: format, payload: d.Body, callback: callback, plain: true}
	if format == asQuery {
		m.payload = []byte(d.Query)
		if d.Method != http.MethodGet || len(d.Body) > 0 {
			return nil, malformed
		}
	} else if d.Method != http.MethodPost {
		return nil, malformed
	}
	if len(m.payload) > protocol.MaxBody {
		return nil, malformed
	}
	return m, nil
}

// document is the payload taken apart.
func (m *message) document() (document, error) {
	if m.fields == nil {
		d, err := parse(m.format, m.payload)
		if err != nil {
			return document{}, err
		}
		m.fields = &d
	}
	return *m.fields, nil
}

// value is what a source holds: exactly one value that is not empty.
func (m *message) value(s source) (string, error) {
	switch {
	case s.header != "":
		return protocol.Once(m.Header, s.header)
	case s.element != "":
		return m.element(s.element)
	}
	d, err := m.document()
	if err != nil {
		return "", malformed
	}
	if text := d.text(s.field); text != "" {
		return text, nil
	}
	return "", malformed
}

func (m *message) element(name string) (value string, err error) {
	err = malformed
	for _, e := range m.elements {
		if e.name != name {
			continue
		}
		if value != "" || e.value == "" {
			return "", malformed
		}
		value, err = e.value, nil
	}
	return value, err
}
