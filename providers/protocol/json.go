package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
)

var (
	errNoJSON = errors.New("it is not JSON")
	errTwice  = errors.New("a key is there twice")
	errDeep   = errors.New("it is nested too deeply")
)

const maxDepth = 64

// Decode reads a JSON value that is already authenticated. A key that is there twice in one object is an error: which of the two
// counts is not the same for all readers. Numbers in any keep their digits.
func Decode(raw []byte, into any) error {
	if !json.Valid(raw) {
		return errNoJSON
	}
	if err := unambiguous(raw); err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	return decoder.Decode(into)
}

// unambiguous walks through valid JSON once and compares the keys of each object.
func unambiguous(raw []byte) error {
	var keys [][]byte // of all objects that are open, one after the other
	var starts []int  // where those of each open object begin; -1 for an array
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '{', '[':
			if len(starts) == maxDepth {
				return errDeep
			}
			start := -1
			if raw[i] == '{' {
				start = len(keys)
			}
			starts = append(starts, start)
		case '}', ']':
			if start := starts[len(starts)-1]; start >= 0 {
				keys = keys[:start]
			}
			starts = starts[:len(starts)-1]
		case '"':
			end := endOfString(raw, i)
			if isKey(raw, end) {
				key := plainKey(raw[i : end+1])
				for _, other := range keys[starts[len(starts)-1]:] {
					if bytes.Equal(other, key) {
						return errTwice
					}
				}
				keys = append(keys, key)
			}
			i = end
		}
	}
	return nil
}

// endOfString is the closing quote of the string that begins at i.
func endOfString(raw []byte, i int) int {
	for i++; raw[i] != '"'; i++ {
		if raw[i] == '\\' {
			i++
		}
	}
	return i
}

// isKey tells whether a colon follows the string that ends there.
func isKey(raw []byte, end int) bool {
	for end++; end < len(raw); end++ {
		switch raw[end] {
		case ' ', '\t', '\r', '\n':
		default:
			return raw[end] == ':'
		}
	}
	return false
}

// plainKey is the text of a quoted key, its escapes resolved.
func plainKey(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	var text string
	_ = json.Unmarshal(quoted, &text) // it is valid
	return []byte(text)
}
