package generic

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// check authenticates a message that was received at that time.
func (c *checker) check(m *message, received time.Time) error {
	if c.kind == byNothing {
		return nil
	}
	value, err := m.value(c.signature.from)
	if err != nil {
		return err
	}
	if c.kind == byToken {
		return c.checkToken(value)
	}
	if m.elements, err = c.signature.elements(value); err != nil {
		return malformed
	}
	given, err := c.signature.candidates(m.elements)
	if err != nil {
		return malformed
	}
	if err := c.fresh(m, received); err != nil {
		return err
	}
	keys, err := c.keysFor(m)
	if err != nil {
		return err
	}
	for _, k := range keys {
		signed, err := c.signed(m, k.bytes)
		if err != nil {
			return err
		}
		if c.fits(k, signed, given) {
			return nil
		}
	}
	return purchase.Forged(purchase.BadSignature)
}

func (c *checker) checkToken(value string) error {
	value = strings.TrimPrefix(value, c.signature.prefix)
	got := sha256.Sum256([]byte(value))
	for _, k := range c.keys {
		want := string(k.bytes)
		if c.signature.layout == isBasic {
			want = "Basic " + base64.StdEncoding.EncodeToString(k.bytes)
		}
		if sum := sha256.Sum256([]byte(want)); subtle.ConstantTimeCompare(got[:], sum[:]) == 1 {
			return nil
		}
	}
	return purchase.Forged(purchase.BadSignature)
}

func (c *checker) fresh(m *message, received time.Time) error {
	if !c.timestamp.from.isSet() {
		return nil
	}
	text, err := m.value(c.timestamp.from)
	if err != nil {
		return err
	}
	at, ok := readTime(text, c.timestamp.unit)
	if !ok {
		return malformed
	}
	return protocol.Fresh(at, received, c.timestamp.tolerance)
}

// keysFor are the keys that may have signed: the one that the message names, where keys have names.
func (c *checker) keysFor(m *message) ([]key, error) {
	if !c.keyID.isSet() {
		return c.keys, nil
	}
	id, err := m.value(c.keyID)
	if err != nil {
		return nil, err
	}
	for _, k := range c.keys {
		if k.id == id {
			return []key{k}, nil
		}
	}
	return nil, purchase.Forged(purchase.BadSignature)
}

// signed puts together what the sender signed.
func (c *checker) signed(m *message, key []byte) ([]byte, error) {
	if len(c.content.parts) == 1 && c.content.parts[0].kind == partBody {
		return m.payload, nil
	}
	var out []byte
	for _, one := range c.content.parts {
		text, err := c.partOf(m, one)
		if err != nil {
			return nil, err
		}
		if one.kind == sortedForm {
			d, err := m.document()
			if err != nil {
				return nil, malformed
			}
			var plain bool
			out, plain = c.content.sorted.write(out, d, key)
			m.plain = m.plain && plain
		}
		out = append(out, text...)
	}
	return out, nil
}

func (c *checker) partOf(m *message, one part) (text string, err error) {
	switch one.kind {
	case constant:
		return one.text, nil
	case partBody:
		return string(m.payload), nil
	case partURL:
		return m.callback, nil
	case partMethod:
		return m.Method, nil
	case sortedForm:
		return "", nil
	case partTimestamp:
		return m.value(c.timestamp.from)
	case partID:
		one.from = c.id
	}
	within := func() bool { return one.not != "" && strings.Contains(text, one.not) }
	if one.from.header != "" {
		if text, err = m.value(one.from); err == nil && within() {
			err = malformed
		}
		return text, err
	}
	d, err := m.document()
	if err != nil {
		return "", malformed
	}
	text = d.text(one.from.field) // a field may be empty, or left out
	m.plain = m.plain && !within()
	return text, nil
}

// fits compares in constant time.
func (c *checker) fits(k key, signed []byte, given [][]byte) bool {
	if c.kind == byEd25519 {
		for _, s := range given {
			if len(s) == ed25519.SignatureSize && ed25519.Verify(k.bytes, signed, s) {
				return true
			}
		}
		return false
	}
	h := c.digest()
	if c.kind == byHMAC {
		h = hmac.New(c.digest, k.bytes)
	}
	h.Write(signed)
	if c.kind == bySuffix {
		h.Write(k.bytes)
	}
	want := h.Sum(nil)
	for _, s := range given {
		if hmac.Equal(s, want) {
			return true
		}
	}
	return false
}
