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

// read answers a GET on a table: one record by key, or a list, a page at a time. Of the query options it knows $select, $expand (with
// $select), $filter (comparisons joined by and), $orderby (one column), $top and $skiptoken; it refuses the rest.
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
		if wanted.order != nil || wanted.after.Last != "" {
			return answer{}, badQuery("The query parameter $orderby is not supported for a single record")
		}
		return t.readOne(q, at, context, wanted)
	}
	found := slices.DeleteFunc(t.rows(at, wanted.equal), func(r row) bool { return !wanted.fits(r) })
	if wanted.order != nil {
		slices.SortStableFunc(found, wanted.order)
	}
	page, next := t.page(found, q, wanted)
	value := []map[string]any{}
	for _, r := range page {
		value = append(value, t.project(r, wanted))
	}
	properties := map[string]any{"value": value}
	if next != "" {
		properties["@odata.nextLink"] = next
	}
	a := odata(q, context, properties)
	if q.pageSize > 0 {
		a.header.Set("Preference-Applied", fmt.Sprintf("odata.maxpagesize=%d", q.pageSize))
	}
	return a, nil
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
	ranges  []condition
	order   func(a, b row) int
	top     int    // 0: all
	after   cookie // of the page before
}

func (s selection) fits(r row) bool {
	return r.fits(s.equal) && !slices.ContainsFunc(s.ranges, func(c condition) bool { return !c.holds(r) })
}

func (t table) understand(options url.Values) (selection, error) {
	wanted := selection{expand: map[string][]string{}, equal: map[string]string{}}
	for name, values := range options {
		var err error
		switch name {
		case "$select":
			wanted.columns, err = columnsOf(t.entity, t.columns, values[0])
		case "$expand":
			err = t.expansions(values[0], wanted.expand)
		case "$filter":
			err = t.comparisons(values[0], &wanted)
		case "$orderby":
			wanted.order, err = t.ordering(values[0])
		case "$skiptoken":
			wanted.after, err = readCookie(values[0])
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

var comparisonShape = regexp.MustCompile(`^\s*(\w+)\s+(eq|ne|ge|gt|le|lt)\s+('(?:[^']|'')*'|[\w.:-]+)\s*(?:and\s|$)`)

// comparisons reads "column eq literal and …". Ids and times are written without quotes, strings with.
func (t table) comparisons(filter string, into *selection) error {
	for rest := filter; strings.TrimSpace(rest) != ""; {
		m := comparisonShape.FindStringSubmatch(rest)
		if m == nil {
			return badQuery(fmt.Sprintf("Syntax error at '%s' in the filter; the simulator knows 'column eq literal' joined by 'and'.", rest))
		}
		if !slices.Contains(t.columns, m[1]) {
			return noProperty(t.entity, m[1])
		}
		isID, quoted := strings.HasSuffix(m[1], "_value") || m[1] == t.key, strings.HasPrefix(m[3], "'")
		if isID && quoted {
			return badQuery("A binary operator with incompatible types was detected. Found operand types 'Edm.Guid' and 'Edm.String' for operator kind 'Equal'.")
		}
		value := m[3]
		if quoted {
			value = strings.ReplaceAll(m[3][1:len(m[3])-1], "''", "'")
		} else if isID {
			value = strings.ToLower(m[3])
		}
		if c := (condition{m[1], m[2], value}); m[2] == "eq" {
			into.equal[m[1]] = value
		} else if !c.understood() {
			return badQuery(fmt.Sprintf("Unrecognized 'Edm.DateTimeOffset' literal '%s'; the simulator compares times only.", m[3]))
		} else {
			into.ranges = append(into.ranges, c)
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
