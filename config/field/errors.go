package field

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// A Problem is one mistake in the settings: the path of the key, what is wrong, and what to do.
type Problem struct {
	Key     string `json:"key"`
	Message string `json:"message"` // "what is wrong; what to do"
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
}

func (p Problem) String() string { return p.Key + ": " + p.Message }

// Problems collects every mistake, so that all are reported at once. The zero value is ready to use; At hands a section its own
// prefix and shares the list.
type Problems struct {
	prefix string
	list   *[]Problem
}

// At returns the collector for a key below this one.
func (p *Problems) At(key string) *Problems {
	if p.list == nil {
		p.list = new([]Problem)
	}
	return &Problems{prefix: join(p.prefix, key), list: p.list}
}

// Add notes a problem with a key of this section; key "" is the section itself.
func (p *Problems) Add(key, format string, args ...any) {
	if p.list == nil {
		p.list = new([]Problem)
	}
	*p.list = append(*p.list, Problem{Key: join(p.prefix, key), Message: fmt.Sprintf(format, args...)})
}

// Require notes a problem when a needed value is missing.
func (p *Problems) Require(key string, present bool, todo string) {
	if !present {
		p.Add(key, "is required; %s", todo)
	}
}

// List is every problem, by key.
func (p *Problems) List() []Problem {
	if p.list == nil {
		return nil
	}
	list := slices.Clone(*p.list)
	slices.SortStableFunc(list, func(a, b Problem) int { return strings.Compare(a.Key, b.Key) })
	return list
}

func join(prefix, key string) string {
	if prefix == "" || key == "" {
		return prefix + key
	}
	return prefix + "." + key
}

// A Duration is written as Go writes durations: "50m", "1h30m", "250ms".
type Duration time.Duration

// UnmarshalYAML reads the duration.
func (d *Duration) UnmarshalYAML(node *yaml.Node) error {
	var s string
	if err := node.Decode(&s); err != nil {
		return err
	}
	parsed, err := time.ParseDuration(s)
	if err != nil {
		return misfit(node, "is not a duration; write it like 50m or 1h30m")
	}
	*d = Duration(parsed)
	return nil
}

// misfit is a value that does not fit its key, as the decoder's own error of that kind: it goes on and finds the other mistakes too.
func misfit(node *yaml.Node, what string) error {
	return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: %q %s", node.Line, node.Value, what)}}
}

// MarshalYAML writes the duration.
func (d Duration) MarshalYAML() (any, error) { return d.String(), nil }

// MarshalText writes the duration, for JSON.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Or is the duration, or a default where none was written.
func (d Duration) Or(otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return time.Duration(d)
}

func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
