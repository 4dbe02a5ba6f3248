package braintree

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// An element is a part of a notification: its text, or the elements in it.
type element struct {
	name     string
	text     string
	array    bool // its elements may have one name
	children []*element
}

const (
	maxDepth    = 32
	maxElements = 10_000
)

var errXML = errors.New("it is not the XML of a notification")

// parse reads XML that is already authenticated: one element with everything in it, no declarations of types or entities.
func parse(raw []byte) (*element, error) {
	decoder := xml.NewDecoder(bytes.NewReader(raw))
	top := &element{}
	open := []*element{top}
	for count := 0; ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errXML
		}
		at := open[len(open)-1]
		switch token := token.(type) {
		case xml.Directive:
			return nil, errXML
		case xml.StartElement:
			if count++; count > maxElements || len(open) > maxDepth || token.Name.Space != "" {
				return nil, errXML
			}
			made := &element{name: token.Name.Local, array: isArray(token.Attr)}
			at.children = append(at.children, made)
			open = append(open, made)
		case xml.EndElement:
			at.text = strings.TrimSpace(at.text)
			open = open[:len(open)-1]
		case xml.CharData:
			at.text += string(token)
		}
	}
	if len(top.children) != 1 || strings.TrimSpace(top.text) != "" {
		return nil, errXML
	}
	return top.children[0], nil
}

func isArray(attributes []xml.Attr) bool {
	for _, a := range attributes {
		if a.Name.Local == "type" && a.Value == "array" {
			return true
		}
	}
	return false
}

// in is the element of that name; an empty one where there is none.
func (e *element) in(name string) *element {
	for _, c := range e.children {
		if c.name == name {
			return c
		}
	}
	return &element{}
}

// get is the text of the element of that name.
func (e *element) get(name string) string { return e.in(name).text }

// doubled tells whether two of the elements have one name although they are no array: readers would disagree about them.
func (e *element) doubled() bool {
	seen := make(map[string]bool, len(e.children))
	for _, c := range e.children {
		if seen[c.name] && !e.array {
			return true
		}
		seen[c.name] = true
	}
	return false
}
