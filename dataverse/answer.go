package dataverse

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
)

// The outputs of the outbound actions, as the settings' map of fields names them.
const (
	outAmount    = "amount"
	outCurrency  = "currency"
	outEventName = "event_name"
	outAttendees = "attendees"
	outStatus    = "status"
	outEvent     = "event"
	outUser      = "user"
)

var outputKeys = []string{outAmount, outAttendees, outCurrency, outEvent, outEventName, outStatus, outUser}

// usualNames are what the outputs are called where the settings say nothing. Microsoft describes them and does not publish their
// names; event and user are not among what it describes.
var usualNames = map[string]string{
	outAmount: "PurchaseAmount", outCurrency: "IsoCurrencyCode", outEventName: "EventName", outAttendees: "Attendees", outStatus: "status",
}

// An answer is a JSON object read tolerantly: letter case and publisher prefixes do not matter, annotations are left out, and an
// object that holds nothing but one other object, perhaps written as a string, is that object.
type answer map[string]json.RawMessage

var errNotObject = errors.New("the answer is not a JSON object")

const nestedMost = 3

// readAnswer reads a body; errNotObject where it holds anything else than one JSON object.
func readAnswer(body []byte) (answer, error) {
	raw, err := object(body)
	if err != nil {
		return nil, err
	}
	for range nestedMost {
		inner, ok := sole(raw)
		if !ok {
			break
		}
		raw = inner
	}
	a := answer{}
	for name, value := range raw {
		a.put(plainName(name), value)
	}
	return a, nil
}

// put adds an output. Two of one name that differ say nothing.
func (a answer) put(name string, value json.RawMessage) {
	if there, twice := a[name]; twice && !bytes.Equal(there, value) {
		value = json.RawMessage("null")
	}
	a[name] = value
}

// object decodes one JSON object, sees every name that is there twice, and drops its annotations.
func object(body []byte) (map[string]json.RawMessage, error) {
	var checked map[string]json.RawMessage // of the usual decoder, which lets the last of several names stand
	if err := json.Unmarshal(body, &checked); err != nil || checked == nil {
		return nil, errNotObject
	}
	raw := answer{}
	d := json.NewDecoder(bytes.NewReader(body))
	_, _ = d.Token() // the brace; what follows is valid
	for d.More() {
		token, _ := d.Token()
		name, _ := token.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, errNotObject
		}
		if !strings.Contains(name, "@") {
			raw.put(name, value)
		}
	}
	return raw, nil
}

// sole is the object in the only property of an object.
func sole(raw map[string]json.RawMessage) (map[string]json.RawMessage, bool) {
	if len(raw) != 1 {
		return nil, false
	}
	for _, value := range raw {
		if text, ok := asText(value); ok && bytes.HasPrefix(value, []byte(`"`)) {
			value = json.RawMessage(text)
		}
		if inner, err := object(value); err == nil {
			return inner, true
		}
	}
	return nil, false
}

var prefixes = []string{"msevtmgt_", "adx_"}

func plainName(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	for _, p := range prefixes {
		name = strings.TrimPrefix(name, p)
	}
	return strings.ReplaceAll(name, "_", "")
}

// text is an output that is a string, a number or a boolean, as it is written; "" where it is missing, null or anything else.
// A name in the settings stands instead of the usual one, not beside it.
func (a answer) text(fields map[string]string, key string) string {
	text, _ := asText(a.raw(fields, key))
	return strings.TrimSpace(text)
}

func (a answer) raw(fields map[string]string, key string) json.RawMessage {
	name, ok := fields[key]
	if !ok {
		name = usualNames[key]
	}
	return a[plainName(name)]
}

// asText is a scalar as it is written; numbers are never turned into floats.
func asText(raw json.RawMessage) (string, bool) {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || raw[0] == '{' || raw[0] == '[' || bytes.Equal(raw, []byte("null")):
		return "", false
	case raw[0] != '"':
		return string(raw), true
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return "", false
	}
	return text, true
}

// count is the length of a list, which may be written as a string; 0 where there is none.
func (a answer) count(fields map[string]string, key string) int {
	raw := a.raw(fields, key)
	if text, ok := asText(raw); ok {
		raw = json.RawMessage(text)
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return 0
	}
	return len(list)
}

// says tells whether any of the outputs has a value.
func (a answer) says(fields map[string]string, keys ...string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { return a.text(fields, key) != "" })
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_ -]{0,39}$`)

// word is a text that may be shown: one that looks like a status or a code. Anything else could be a sentence about somebody.
func word(text string) string {
	if !plainWord.MatchString(text) {
		return ""
	}
	return text
}

// saysTwice tells whether an object of valid JSON has a name twice, as the usual decoder reads names: in any letter case. Which of the two
// it takes is its own affair, and no basis for anything.
func saysTwice(body []byte) bool {
	var open []map[string]bool // the names in each object that is open; nil for a list
	d := json.NewDecoder(bytes.NewReader(body))
	for name := false; ; {
		token, err := d.Token()
		if err != nil {
			return false
		}
		text, isText := token.(string)
		switch {
		case token == json.Delim('{'):
			open = append(open, map[string]bool{})
		case token == json.Delim('['):
			open = append(open, nil)
		case token == json.Delim('}'), token == json.Delim(']'):
			open = open[:len(open)-1]
		case isText && name:
			text = strings.ToLower(strings.ToUpper(text)) // the long s and the sign for kelvin fold only this way
			if open[len(open)-1][text] {
				return true
			}
			open[len(open)-1][text], name = true, false
			continue
		}
		name = len(open) > 0 && open[len(open)-1] != nil
	}
}
