package dataversesim

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// read answers a GET on a table: one record by key, or a list. Of the query options it knows $select, $expand (with
// $select), $filter (equalities joined by and) and $top; it refuses the rest.
func (s *Sim) read(t table, q query, at time.Time) (answer, error) {
	wanted, err := t.understand(q.options)
	if err != nil {
		return answer{}, err
	}
	context := t.set
	if wanted.columns != nil {
		context += "(" + strings.Join(wanted.columns, ",") + ")"
	}
	if q.keyed {
		return t.readOne(q, at, context, wanted)
	}
	value := []map[string]any{}
	for _, r := range t.rows(at, wanted.equal) {
		if r.fits(wanted.equal) && len(value) < wanted.top {
			value = append(value, t.project(r, wanted))
		}
	}
	return odata(q, context, map[string]any{"value": value}), nil
}

func (t table) readOne(q query, at time.Time, context string, wanted selection) (answer, error) {
	id := strings.ToLower(q.key)
	if !guidShape.MatchString(id) {
		return answer{}, badQuery(fmt.Sprintf("Bad Request - Error in query syntax: the key '%s' of '%s' is not a GUID.", q.key, t.set))
	}
	var r row
	if t.one != nil {
		r = t.one(at, id)
	} else if i := slices.IndexFunc(t.rows(at, nil), func(r row) bool { return r[t.key] == id }); i >= 0 {
		r = t.rows(at, nil)[i]
	}
	if r == nil {
		return answer{}, noRecord(t.entity, id)
	}
	return odata(q, context+"/$entity", t.project(r, wanted)), nil
}

// selection is what the query options ask for. A nil list of columns means all.
type selection struct {
	columns []string
	expand  map[string][]string
	equal   map[string]string
	top     int
}

func (t table) understand(options url.Values) (selection, error) {
	wanted := selection{expand: map[string][]string{}, equal: map[string]string{}, top: 5000}
	for name, values := range options {
		var err error
		switch name {
		case "$select":
			wanted.columns, err = columnsOf(t.entity, t.columns, values[0])
		case "$expand":
			err = t.expansions(values[0], wanted.expand)
		case "$filter":
			err = t.equalities(values[0], wanted.equal)
		case "$top":
			wanted.top, err = strconv.Atoi(values[0])
			if err != nil || wanted.top < 1 {
				err = badQuery(fmt.Sprintf("Invalid value '%s' for $top query option found.", values[0]))
			}
		default:
			err = badQuery(fmt.Sprintf("The query parameter %s is not supported", name))
		}
		if err != nil {
			return wanted, err
		}
	}
	return wanted, nil
}

func columnsOf(entity string, known []string, list string) ([]string, error) {
	columns := strings.Split(list, ",")
	for i, c := range columns {
		columns[i] = strings.TrimSpace(c)
		if !slices.Contains(known, columns[i]) {
			return nil, noProperty(entity, columns[i])
		}
	}
	return columns, nil
}

var expansionShape = regexp.MustCompile(`^\s*(\w+)\s*(?:\(\$select=([\w, ]+)\))?\s*(,|$)`)

func (t table) expansions(list string, into map[string][]string) error {
	for rest := list; rest != ""; {
		m := expansionShape.FindStringSubmatch(rest)
		if m == nil {
			return badQuery(fmt.Sprintf("Syntax error in $expand at '%s'.", rest))
		}
		l, known := t.links[m[1]]
		if !known {
			return noProperty(t.entity, m[1])
		}
		into[m[1]] = l.columns
		if m[2] != "" {
			columns, err := columnsOf(l.entity, l.columns, m[2])
			if err != nil {
				return err
			}
			into[m[1]] = columns
		}
		rest = rest[len(m[0]):]
	}
	return nil
}

var equalityShape = regexp.MustCompile(`^\s*(\w+)\s+eq\s+('(?:[^']|'')*'|[\w.-]+)\s*(?:and\s|$)`)

// equalities reads "column eq literal and …". Ids are written without quotes, strings with.
func (t table) equalities(filter string, into map[string]string) error {
	for rest := filter; strings.TrimSpace(rest) != ""; {
		m := equalityShape.FindStringSubmatch(rest)
		if m == nil {
			return badQuery(fmt.Sprintf("Syntax error at '%s' in the filter; the simulator knows 'column eq literal' joined by 'and'.", rest))
		}
		if !slices.Contains(t.columns, m[1]) {
			return noProperty(t.entity, m[1])
		}
		isID, quoted := strings.HasSuffix(m[1], "_value") || m[1] == t.key, strings.HasPrefix(m[2], "'")
		if isID && quoted {
			return badQuery("A binary operator with incompatible types was detected. Found operand types 'Edm.Guid' and 'Edm.String' for operator kind 'Equal'.")
		}
		into[m[1]] = m[2]
		if quoted {
			into[m[1]] = strings.ReplaceAll(m[2][1:len(m[2])-1], "''", "'")
		} else if isID {
			into[m[1]] = strings.ToLower(m[2])
		}
		rest = rest[len(m[0]):]
	}
	return nil
}

func (r row) fits(equal map[string]string) bool {
	for column, want := range equal {
		have := fmt.Sprint(r[column])
		if r[column] == nil {
			have = "null"
		}
		if have != want {
			return false
		}
	}
	return true
}

// project writes a row as asked for. The key is always there, and with money comes its currency.
func (t table) project(r row, wanted selection) map[string]any {
	columns := wanted.columns
	if columns == nil {
		columns = t.columns
	}
	out := map[string]any{"@odata.etag": `W/"1848204"`, t.key: r[t.key]}
	for _, c := range columns {
		out[c] = r[c]
		if c == "msevtmgt_totalprice" {
			out["_transactioncurrencyid_value"] = r["_transactioncurrencyid_value"]
		}
	}
	for name, of := range wanted.expand {
		out[name] = expanded(t.links[name], r, of)
	}
	return out
}

func expanded(l link, r row, columns []string) any {
	records := []map[string]any{}
	for _, other := range l.follow(r) {
		record := map[string]any{}
		for _, c := range columns {
			record[c] = other[c]
		}
		records = append(records, record)
	}
	if l.many {
		return records
	}
	if len(records) == 0 {
		return nil
	}
	return records[0]
}

func badQuery(message string) *odataError {
	return &odataError{http.StatusBadRequest, "0x80060888", message}
}

func noProperty(entity, name string) *odataError {
	return badQuery(fmt.Sprintf("Could not find a property named '%s' on type 'Microsoft.Dynamics.CRM.%s'.", name, entity))
}
