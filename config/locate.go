package config

import (
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/paybridge/paybridge/config/field"
)

// A place is where a key stands in the file.
type place struct {
	key          string
	name         string
	line, column int
}

type located []place

// locate walks the file and notes where each key stands, and each element of a list: tells[2].
func locate(doc *yaml.Node) located {
	var all located
	var walk func(prefix string, n *yaml.Node)
	walk = func(prefix string, n *yaml.Node) {
		switch n.Kind {
		case yaml.DocumentNode:
			for _, c := range n.Content {
				walk(prefix, c)
			}
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				k := n.Content[i]
				key := strings.TrimPrefix(prefix+"."+k.Value, ".")
				all = append(all, place{key: key, name: k.Value, line: k.Line, column: k.Column})
				walk(key, n.Content[i+1])
			}
		case yaml.SequenceNode:
			for i, c := range n.Content {
				key := fmt.Sprintf("%s[%d]", prefix, i)
				all = append(all, place{key: key, line: c.Line, column: c.Column})
				walk(key, c)
			}
		}
	}
	walk("", doc)
	return all
}

func (l located) named(line int, name string) (key string, column int) {
	for _, p := range l {
		if p.line == line && p.name == name {
			return p.key, p.column
		}
	}
	return name, 1
}

func (l located) onLine(line int) (key string, column int) {
	for _, p := range l {
		if p.line == line {
			key, column = p.key, p.column
		}
	}
	if key == "" {
		return "(file)", 1
	}
	return key, column
}

// place adds line and column to a problem: those of its key, or of the nearest key above it.
func (l located) place(p field.Problem) field.Problem {
	for key := p.Key; key != ""; {
		for _, at := range l {
			if at.key == key {
				p.Line, p.Column = at.line, at.column
				return p
			}
		}
		cut := strings.LastIndex(key, ".")
		if cut < 0 {
			break
		}
		key = key[:cut]
	}
	return p
}

// suggest names the nearest key of the section, if one is near.
func suggest(got, section string) string {
	best, distance := "", 4
	for _, key := range sectionKeys(section) {
		if d := editDistance(got, key); d < distance {
			best, distance = key, d
		}
	}
	if best == "" {
		return "; see deploy/paybridge.yaml for every key there is"
	}
	return "; did you mean " + best + "?"
}

// sectionKeys lists the keys of the section whose Go type the decoder named.
func sectionKeys(name string) []string {
	var keys []string
	seen := map[reflect.Type]bool{}
	var walk func(t reflect.Type)
	walk = func(t reflect.Type) {
		switch t.Kind() {
		case reflect.Pointer, reflect.Map, reflect.Slice:
			walk(t.Elem())
			return
		case reflect.Struct:
		default:
			return
		}
		if seen[t] {
			return
		}
		seen[t] = true
		for i := range t.NumField() {
			f := t.Field(i)
			if t.String() == name {
				keys = append(keys, tagNames(f)...)
			}
			walk(f.Type)
		}
	}
	walk(reflect.TypeFor[Config]())
	return keys
}

func tagNames(f reflect.StructField) []string {
	name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	if options == "inline" && f.Type.Kind() == reflect.Struct {
		var names []string
		for i := range f.Type.NumField() {
			names = append(names, tagNames(f.Type.Field(i))...)
		}
		return names
	}
	if name == "" || name == "-" {
		return nil
	}
	return []string{name}
}

// editDistance is Levenshtein's.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
