package generic

import (
	"cmp"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"slices"
	"strings"
	"time"

	"github.com/paybridge/paybridge/config/field"
)

// Auth says how a notification is authenticated. Sources are written header:NAME, form:FIELD, json:/POINTER, or signature:ELEMENT for
// one element of the signature's own value.
type Auth struct {
	// Kind is hmac, hash_suffix (a plain digest of the content with the key after it), ed25519, token (one constant value; only
	// together with confirm) or none (only together with confirm).
	Kind string `yaml:"kind"`
	// Algorithm of hmac and hash_suffix: sha1, sha256, sha384 or sha512. Default sha256.
	Algorithm string `yaml:"algorithm,omitempty"`
	// Keys verify, any of them: while a key is rolled there are two. Of ed25519 they are public keys, of token the values.
	Keys []field.Secret `yaml:"keys,omitempty"`
	// NamedKeys are keys by their names, for senders that say which they used, where KeyID says.
	NamedKeys map[string]field.Secret `yaml:"named_keys,omitempty"`
	KeyID     string                  `yaml:"key_id,omitempty"`
	// KeyEncoding is how keys are written: utf8, hex, base64, whsec (Standard Webhooks, whsec_…) or whpk (its public keys, whpk_…).
	// Default utf8.
	KeyEncoding string `yaml:"key_encoding,omitempty"`
	// Signature is where the signature is and how it is written.
	Signature Signature `yaml:"signature,omitempty"`
	// Content is what is signed, part by part: body, timestamp, id, public_url (our callback address), method, header:NAME,
	// form:FIELD, json:/POINTER, form_sorted, and text:… for anything constant.
	Content []string `yaml:"content,omitempty"`
	// FormSorted is how the part form_sorted is made of a form's fields.
	FormSorted FormSorted `yaml:"form_sorted,omitempty"`
	// Timestamp is when the sender signed. It must be part of the content.
	Timestamp Timestamp `yaml:"timestamp,omitempty"`
	// ID is the source of the message's id, which must be part of the content and stay the same in every repeat of the same bytes. A
	// second message with the id of another is refused.
	ID string `yaml:"id,omitempty"`
}

// The kinds.
const (
	byHMAC    = "hmac"
	bySuffix  = "hash_suffix"
	byEd25519 = "ed25519"
	byToken   = "token"
	byNothing = "none"
)

var algorithms = map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New}

// Timestamp is the time of signing and how far it may be from when we receive the message.
type Timestamp struct {
	// From is its source.
	From string `yaml:"from,omitempty"`
	// Unit is s, ms (since 1970) or rfc3339. Default s.
	Unit string `yaml:"unit,omitempty"`
	// Tolerance is how far from now it may be, on either side. Default 5m, at most 72h. Where a sender does not sign its repeats anew,
	// it must be longer than the sender tries.
	Tolerance field.Duration `yaml:"tolerance,omitempty"`
}

const (
	defaultTolerance = 5 * time.Minute
	maxTolerance     = 72 * time.Hour
)

// A checker authenticates messages.
type checker struct {
	kind      string
	digest    func() hash.Hash
	keys      []key
	keyID     source
	signature signature
	content   content
	timestamp timestamp
	id        source
}

type timestamp struct {
	from      source
	unit      string
	tolerance time.Duration
}

func (a Auth) compile(p *field.Problems, format string) *checker {
	c := &checker{digest: algorithms[cmp.Or(a.Algorithm, "sha256")]}
	if !slices.Contains([]string{byHMAC, bySuffix, byEd25519, byToken, byNothing}, a.Kind) {
		p.Add("kind", "is %q; write hmac, hash_suffix, ed25519, token or none", a.Kind)
		return c
	}
	c.kind = a.Kind
	if c.digest == nil {
		p.Add("algorithm", "is %q; write sha1, sha256, sha384 or sha512", a.Algorithm)
	}
	a.onlyWhereUsed(p)
	if a.Kind == byNothing {
		return c
	}
	c.keys = a.compileKeys(p)
	c.keyID = newSource(p, "key_id", a.KeyID, format)
	c.signature = a.Signature.compile(p.At("signature"), format, a.Kind)
	if a.Kind == byToken {
		return c
	}
	c.id = newSource(p, "id", a.ID, format)
	c.timestamp = a.Timestamp.compile(p.At("timestamp"), format)
	c.content = a.compileContent(p, format, c.signature.from)
	a.signedToo(p, c)
	return c
}

// onlyWhereUsed notes keys that the kind has no use for.
func (a Auth) onlyWhereUsed(p *field.Problems) {
	unused := map[string]bool{"algorithm": a.Algorithm != "" && a.Kind != byHMAC && a.Kind != bySuffix,
		"form_sorted": a.FormSorted.isSet() && !slices.Contains(a.Content, sortedForm)}
	if a.Kind == byToken || a.Kind == byNothing {
		unused["content"], unused["timestamp"], unused["id"] = len(a.Content) > 0, a.Timestamp != Timestamp{}, a.ID != ""
	}
	if a.Kind == byNothing {
		unused["keys"], unused["named_keys"], unused["key_id"] = len(a.Keys) > 0, len(a.NamedKeys) > 0, a.KeyID != ""
		unused["signature"] = a.Signature != Signature{}
	}
	for key, is := range unused {
		if is {
			p.Add(key, "has no use with kind %s and this content; remove it", a.Kind)
		}
	}
}

// signedToo: a time or an id that is not signed is the sender's choice, whoever that is.
func (a Auth) signedToo(p *field.Problems, c *checker) {
	for _, one := range []struct {
		key, part string
		from      source
	}{{"timestamp", partTimestamp, c.timestamp.from}, {"id", partID, c.id}} {
		if one.from.isSet() && !slices.Contains(a.Content, one.part) && !slices.Contains(a.Content, one.from.text) && !c.covers(one.from.field) {
			p.Add(one.key, "is not part of content; add %s there", one.part)
		}
		if !one.from.isSet() && slices.Contains(a.Content, one.part) {
			p.Add(one.key, "is part of content, and nothing says where it is; write its source, for example header:NAME")
		}
	}
}

func (t Timestamp) compile(p *field.Problems, format string) timestamp {
	out := timestamp{from: newSource(p, "from", t.From, format), unit: cmp.Or(t.Unit, inSeconds), tolerance: t.Tolerance.Or(defaultTolerance)}
	checkUnit(p, out.unit)
	if out.tolerance < 0 || out.tolerance > maxTolerance {
		p.Add("tolerance", "is %s; write a duration up to %s, for example 5m", t.Tolerance, field.Duration(maxTolerance))
	}
	if t.From == "" && t != (Timestamp{}) {
		p.Add("from", "is required; write the source of the time, for example header:NAME")
	}
	return out
}

// A source is where one value of a message is, outside of what the message says.
type source struct {
	text    string // as settings have it
	header  string // canonical
	element string // of the signature
	field   path   // of the payload
}

func (s source) isSet() bool { return s.text != "" }

func newSource(p *field.Problems, key, text, format string) source {
	kind, name, _ := strings.Cut(text, ":")
	s := source{text: text}
	switch {
	case text == "":
		return s
	case name == "":
	case kind == "header" && headerNames.MatchString(name):
		s.header = canonical(name)
		return s
	case kind == "signature":
		s.element = name
		return s
	case kind == "json" && format == asJSON && fieldNames.MatchString(name), kind == "form" && format != asJSON && fieldNames.MatchString(name):
		s.field = newPath(name)
		return s
	}
	p.Add(key, "is %q; write header:NAME, signature:ELEMENT or %s", text, map[bool]string{true: "json:/POINTER", false: "form:FIELD"}[format == asJSON])
	return s
}
