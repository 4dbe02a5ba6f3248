package dataverse

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.uber.org/zap"
)

// evidence notes once what the answer of each action looks like: names and types, no values. Their shapes are not published, so
// the first real ones are worth keeping.
type evidence struct {
	log  *zap.Logger
	mu   sync.Mutex
	seen map[string]bool
}

func (e *evidence) note(action string, r reply) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.seen[action] {
		return
	}
	e.seen[action] = true
	e.log.Info("first answer of an action", zap.String("action", action), zap.Int("code", r.status), zap.String("shape", shape(r.body, 4)))
}

var (
	plainProperty = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)
	mostNames     = 32
)

// shape writes {"Amount": 45.5, "Items": [{…}]} as {Amount:number,Items:[{…}]}. A name that could be a value is a question mark.
func shape(raw []byte, depth int) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return "nothing"
	}
	switch raw[0] {
	case '{':
		return shapeOfObject(raw, depth)
	case '[':
		return shapeOfList(raw, depth)
	case '"':
		return shapeOfString(raw, depth)
	}
	switch {
	case !json.Valid(raw):
		return "not json"
	case string(raw) == "null":
		return "null"
	case string(raw) == "true", string(raw) == "false":
		return "boolean"
	}
	return "number"
}

func shapeOfObject(raw []byte, depth int) string {
	properties, err := object(raw)
	if err != nil {
		return "not json"
	}
	if depth == 0 {
		return "{…}"
	}
	names := slices.Sorted(maps.Keys(properties))
	parts := make([]string, 0, len(names))
	for _, name := range names[:min(len(names), mostNames)] {
		shown := name
		if !plainProperty.MatchString(name) {
			shown = "?"
		}
		parts = append(parts, shown+":"+shape(properties[name], depth-1))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func shapeOfList(raw []byte, depth int) string {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return "not json"
	}
	if len(list) == 0 || depth == 0 {
		return "[]"
	}
	return "[" + shape(list[0], depth-1) + "]"
}

// shapeOfString looks into strings that hold JSON.
func shapeOfString(raw []byte, depth int) string {
	text, ok := asText(raw)
	if !ok {
		return "not json"
	}
	if inner := strings.TrimSpace(text); depth > 0 && json.Valid([]byte(inner)) && (strings.HasPrefix(inner, "{") || strings.HasPrefix(inner, "[")) {
		return "string(" + shape([]byte(inner), depth-1) + ")"
	}
	return "string"
}
