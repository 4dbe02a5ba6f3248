package generic

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/config/field"
)

// A condition is a question about one field: FIELD == VALUE, FIELD != VALUE, FIELD in A|B|C, FIELD exists, FIELD absent.
type condition struct {
	field  path
	op     string
	values []string
}

const (
	isValue  = "=="
	isNot    = "!="
	isOneOf  = "in"
	isThere  = "exists"
	isAbsent = "absent"
)

var errCondition = errors.New("is not a condition; write it like /status == PAID, /status != PAID, /status in PAID|SETTLED, /status exists or /status absent")

func parseCondition(text string) (condition, error) {
	name, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	op, value, _ := strings.Cut(strings.TrimSpace(rest), " ")
	value = strings.TrimSpace(value)
	c := condition{field: newPath(name), op: op, values: []string{value}}
	switch {
	case name == "":
		return c, errCondition
	case op == isThere || op == isAbsent:
		if value != "" {
			return c, errCondition
		}
	case value == "":
		return c, errCondition
	case op == isOneOf:
		c.values = strings.Split(value, "|")
		if slices.Contains(c.values, "") {
			return c, errCondition
		}
	case op != isValue && op != isNot:
		return c, errCondition
	}
	return c, nil
}

// conditions reads a list of them, all of which are to hold.
func (f *fields) conditions(p *field.Problems, key string, texts []string) []condition {
	var all []condition
	for i, text := range texts {
		here := fmt.Sprintf("%s[%d]", key, i)
		c, err := parseCondition(text)
		if err != nil {
			p.Add(here, "%v", err)
			continue
		}
		f.named(p, here, c.field.name)
		all = append(all, c)
	}
	return all
}

func (c condition) holds(d document) bool {
	value, there := d.find(c.field)
	switch c.op {
	case isThere:
		return there
	case isAbsent:
		return !there
	case isNot:
		return !there || value.text != c.values[0]
	}
	return there && slices.Contains(c.values, value.text)
}

func allHold(conditions []condition, d document) bool {
	return !slices.ContainsFunc(conditions, func(c condition) bool { return !c.holds(d) })
}
