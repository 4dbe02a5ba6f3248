package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

var (
	errTwice = errors.New("a key is there twice")
	errDeep  = errors.New("it is nested too deeply")
	errMore  = errors.New("something follows the value")
)

const maxDepth = 64

// Decode reads a JSON value that is already authenticated. A key that is there twice in one object is an error: which of the two
// counts is not the same for all readers. Numbers in any keep their digits.
func Decode(raw []byte, into any) error {
	if err := unambiguous(raw); err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	return decoder.Decode(into)
}

// unambiguous walks the tokens once.
func unambiguous(raw []byte) error {
	type level struct {
		keys map[string]bool // of an object; nil in an array
		key  bool            // a key comes next
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var open []*level
	for {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		var top *level
		if len(open) > 0 {
			top = open[len(open)-1]
		}
		if name, ok := token.(string); ok && top != nil && top.key {
			if top.keys[name] {
				return errTwice
			}
			top.keys[name], top.key = true, false
			continue
		}
		switch token {
		case json.Delim('{'):
			open = append(open, &level{keys: map[string]bool{}, key: true})
		case json.Delim('['):
			open = append(open, &level{})
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
		if len(open) > maxDepth {
			return errDeep
		}
		if token != json.Delim('{') && token != json.Delim('[') {
			if len(open) == 0 {
				return ended(decoder)
			}
			open[len(open)-1].key = open[len(open)-1].keys != nil
		}
	}
}

func ended(decoder *json.Decoder) error {
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errMore
	}
	return nil
}
