package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/paybridge/paybridge/config/field"
)

// Invalid is every mistake of a settings file at once.
type Invalid struct {
	Path     string
	Problems []field.Problem
}

// Error lists the problems a line each, with file, line and column where they are known.
func (e *Invalid) Error() string {
	var b strings.Builder
	for _, p := range e.Problems {
		if p.Line > 0 {
			fmt.Fprintf(&b, "%s:%d:%d: %s\n", e.Path, p.Line, p.Column, p)
		} else {
			fmt.Fprintf(&b, "%s: %s\n", e.Path, p)
		}
	}
	noun := "problems"
	if len(e.Problems) == 1 {
		noun = "problem"
	}
	fmt.Fprintf(&b, "%d %s, nothing was started", len(e.Problems), noun)
	return b.String()
}

const maxFile = 1 << 20

// Load reads and checks a settings file. A file that can be read but is wrong is *Invalid, with every mistake in it.
func Load(path string) (*Config, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	if len(raw) > maxFile {
		return nil, fmt.Errorf("read settings: %s is larger than 1 MiB", path)
	}
	c, problems := Parse(raw)
	if len(problems) > 0 {
		return nil, &Invalid{Path: path, Problems: problems}
	}
	return c, nil
}

// Parse reads settings from bytes and reports every problem at once: what the YAML itself has wrong, unknown keys, and what each
// section's Validate finds.
func Parse(raw []byte) (*Config, []field.Problem) {
	var doc yaml.Node
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return nil, []field.Problem{unreadable(err)}
	}
	keys := locate(&doc)
	c := new(Config)
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	var problems []field.Problem
	if err := decoder.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		problems = append(problems, decodeProblems(err, keys)...)
	}
	found := new(field.Problems)
	c.Validate(found)
	for _, p := range found.List() {
		if !slices.ContainsFunc(problems, func(q field.Problem) bool { return q.Key == p.Key }) {
			problems = append(problems, keys.place(p))
		}
	}
	slices.SortStableFunc(problems, func(a, b field.Problem) int { return a.Line - b.Line })
	for i, p := range problems {
		problems[i].Key, problems[i].Message = oneLine(p.Key), oneLine(p.Message)
	}
	return c, problems
}

// oneLine is a text as a terminal may have it: a name in the file could hold words for the terminal itself.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '?'
		}
		return r
	}, text)
}

var lineOf = regexp.MustCompile(`(?s)^(?:yaml: )?line (\d+): (.*)$`)

func unreadable(err error) field.Problem {
	p := field.Problem{Key: "(file)", Message: oneLine(err.Error()) + "; the file is not valid YAML"}
	if m := lineOf.FindStringSubmatch(err.Error()); m != nil {
		p.Line, _ = strconv.Atoi(m[1])
		p.Column, p.Message = 1, oneLine(m[2])+"; the file is not valid YAML"
	}
	return p
}

// fitted is the value that the decoder repeats. It may be a secret that stands in the wrong place.
var fitted = regexp.MustCompile("(?s) `.*`")

var unknownField = regexp.MustCompile(`(?s)^field (.+) not found in type (\S+)$`)

// decodeProblems turns the decoder's list into problems with key paths.
func decodeProblems(err error, keys located) []field.Problem {
	var typed *yaml.TypeError
	if !errors.As(err, &typed) {
		return []field.Problem{unreadable(err)}
	}
	problems := make([]field.Problem, 0, len(typed.Errors))
	for _, text := range typed.Errors {
		p := field.Problem{Key: "(file)", Message: text}
		if m := lineOf.FindStringSubmatch(text); m != nil {
			p.Line, _ = strconv.Atoi(m[1])
			p.Message = m[2]
		}
		if m := unknownField.FindStringSubmatch(p.Message); m != nil {
			p.Key, p.Column = keys.named(p.Line, m[1])
			p.Message = "unknown key" + suggest(m[1], m[2])
		} else {
			p.Key, p.Column = keys.onLine(p.Line)
			if what, usual := strings.CutPrefix(p.Message, "cannot unmarshal "); usual {
				p.Message = fitted.ReplaceAllString(what, "") + "; this value does not fit the key"
			}
		}
		problems = append(problems, p)
	}
	return problems
}
