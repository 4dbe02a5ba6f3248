package generic

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/textproto"
	"regexp"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/config/field"
)

// Signature is where a message's signature is and how it is written.
type Signature struct {
	// From is its source.
	From string `yaml:"from,omitempty"`
	// Layout is how its value is made up: plain; kv-comma (t=…,v1=…); space-versioned (v1,… v1a,…); base64-pair (base64 of
	// FIRST:SECOND); and, for a token, basic (HTTP basic authentication: the key is user:password). Default plain.
	Layout string `yaml:"layout,omitempty"`
	// Element is which part of it is the signature: a name of kv-comma, a version of space-versioned, first or second of base64-pair.
	// Of those that are there several times, any may fit.
	Element string `yaml:"element,omitempty"`
	// Prefix is taken off where it is there, for example sha256=
	Prefix string `yaml:"prefix,omitempty"`
	// Encoding is hex (small letters), hex-any-case, base64 or base64url (padding or none). Default hex.
	Encoding string `yaml:"encoding,omitempty"`
}

// The layouts.
const (
	isPlain   = "plain"
	isPairs   = "kv-comma"
	isSpaced  = "space-versioned"
	isTwo     = "base64-pair"
	isBasic   = "basic"
	first     = "first"
	second    = "second"
	inHex     = "hex"
	inAnyHex  = "hex-any-case"
	inBase64  = "base64"
	inURL     = "base64url"
	maxHeader = 4096
	maxValues = 8
)

var headerNames = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

func canonical(name string) string { return textproto.CanonicalMIMEHeaderKey(name) }

// signature finds and decodes the signatures of messages.
type signature struct {
	from                              source
	layout, element, prefix, encoding string
}

func (s Signature) compile(p *field.Problems, format, kind string) signature {
	out := signature{from: newSource(p, "from", s.From, format), layout: cmp.Or(s.Layout, isPlain), element: s.Element, prefix: s.Prefix,
		encoding: cmp.Or(s.Encoding, inHex)}
	p.Require("from", s.From != "", "write its source, for example header:X-Signature")
	if out.from.element != "" {
		p.Add("from", "is a part of itself; write header:NAME or a field")
	}
	layouts := []string{isPlain, isPairs, isSpaced, isTwo}
	if kind == byToken {
		layouts = []string{isPlain, isBasic}
		if s.Encoding != "" {
			p.Add("encoding", "has no use with a token; remove it")
		}
	}
	if !slices.Contains(layouts, out.layout) {
		p.Add("layout", "is %q; write %s", s.Layout, strings.Join(layouts, ", "))
	}
	if needs := out.layout != isPlain && out.layout != isBasic; needs != (s.Element != "") {
		p.Add("element", "%s", map[bool]string{true: "is required; name the part that is the signature", false: "has no use with this layout; remove it"}[needs])
	}
	if out.layout == isTwo && s.Element != first && s.Element != second {
		p.Add("element", "is %q; write first or second", s.Element)
	}
	if !slices.Contains([]string{inHex, inAnyHex, inBase64, inURL}, out.encoding) {
		p.Add("encoding", "is %q; write hex, hex-any-case, base64 or base64url", s.Encoding)
	}
	return out
}

var errLayout = errors.New("the signature is laid out in another way")

// An element is one part of a signature's value.
type element struct{ name, value string }

// elements take a signature's value apart.
func (s signature) elements(value string) ([]element, error) {
	if len(value) > maxHeader {
		return nil, errLayout
	}
	var parts []element
	add := func(text, between string) {
		name, rest, ok := strings.Cut(text, between)
		if ok {
			parts = append(parts, element{name, rest})
		}
	}
	switch s.layout {
	case isPairs:
		for text := range strings.SplitSeq(value, ",") {
			add(text, "=")
		}
	case isSpaced:
		for text := range strings.SplitSeq(value, " ") {
			add(text, ",")
		}
	case isTwo:
		raw, err := base64.StdEncoding.Strict().DecodeString(value)
		if a, b, ok := strings.Cut(string(raw), ":"); err == nil && ok && !strings.ContainsAny(value, "\r\n") {
			return []element{{first, a}, {second, b}}, nil
		}
		return nil, errLayout
	default:
		parts = append(parts, element{"", value})
	}
	return parts, nil
}

// candidates are the decoded signatures among the elements, one at least.
func (s signature) candidates(parts []element) ([][]byte, error) {
	var out [][]byte
	for _, part := range parts {
		if part.name != s.element {
			continue
		}
		raw, err := s.decode(strings.TrimPrefix(part.value, s.prefix))
		if err != nil || len(raw) == 0 {
			return nil, errLayout
		}
		out = append(out, raw)
	}
	if len(out) == 0 || len(out) > maxValues {
		return nil, errLayout
	}
	return out, nil
}

// decode takes only the one spelling of a signature, so that no byte of it can be changed unseen.
func (s signature) decode(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, errLayout
	}
	switch s.encoding {
	case inAnyHex:
		return hex.DecodeString(text)
	case inBase64:
		return base64.StdEncoding.Strict().DecodeString(text)
	case inURL:
		return base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(text, "="))
	}
	if strings.ToLower(text) != text {
		return nil, errLayout
	}
	return hex.DecodeString(text)
}
