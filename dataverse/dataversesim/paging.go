package dataversesim

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const mostRows = 5000 // of one page, whatever the client prefers

// condition is one comparison of a filter other than an equality. Times are compared as they are written: all are UTC and of one form.
type condition struct{ column, op, value string }

func (c condition) holds(r row) bool {
	if r[c.column] == nil {
		return c.op == "ne" && c.value != "null"
	}
	have := fmt.Sprint(r[c.column])
	switch c.op {
	case "ge":
		return have >= c.value
	case "gt":
		return have > c.value
	case "le":
		return have <= c.value
	case "lt":
		return have < c.value
	}
	return have != c.value
}

var timeShape = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`)

// understood says whether the simulator can compare the column so: times by order, anything by ne.
func (c condition) understood() bool { return c.op == "ne" || timeShape.MatchString(c.value) }

var orderShape = regexp.MustCompile(`^(\w+)(?: (asc|desc))?$`)

// ordering reads $orderby: one column. Rows of one value are in the order of their keys.
func (t table) ordering(text string) (func(a, b row) int, error) {
	m := orderShape.FindStringSubmatch(text)
	if m == nil || !slices.Contains(t.columns, m[1]) {
		return nil, noProperty(t.entity, text)
	}
	sign := 1
	if m[2] == "desc" {
		sign = -1
	}
	return func(a, b row) int {
		return sign * cmp.Or(cmp.Compare(fmt.Sprint(a[m[1]]), fmt.Sprint(b[m[1]])), cmp.Compare(fmt.Sprint(a[t.key]), fmt.Sprint(b[t.key])))
	}, nil
}

var pageShape = regexp.MustCompile(`odata\.maxpagesize\s*=\s*"?(\d+)"?`)

// preferred is the page size that the client prefers; 0 where it does not say.
func preferred(prefer string) int {
	m := pageShape.FindStringSubmatch(prefer)
	if m == nil {
		return 0
	}
	size, _ := strconv.Atoi(m[1]) // digits; too many of them are as good as none
	return size
}

// cookie is the paging cookie in a $skiptoken: which page comes, and after which record.
type cookie struct {
	XMLName xml.Name `xml:"cookie"`
	Page    int      `xml:"pagenumber,attr"`
	Last    string   `xml:"pagingcookie,attr"`
	Track   string   `xml:"istracking,attr"`
}

func readCookie(token string) (cookie, error) {
	var c cookie
	if err := xml.Unmarshal([]byte(token), &c); err != nil || c.Page < 2 || c.Last == "" {
		return c, &odataError{http.StatusBadRequest, "0x80040203", "Malformed XML in the Paging Cookie"}
	}
	return c, nil
}

// page cuts one page out of the rows and says where the next one is; "" at the end.
func (t table) page(rows []row, q query, wanted selection) (page []row, next string) {
	number := 1
	if wanted.after.Last != "" {
		number = wanted.after.Page
		at := slices.IndexFunc(rows, func(r row) bool { return fmt.Sprint(r[t.key]) == wanted.after.Last })
		rows = rows[at+1:]
	}
	size := mostRows
	if q.pageSize > 0 {
		size = min(size, q.pageSize)
	}
	if wanted.top > 0 {
		return rows[:min(len(rows), wanted.top)], ""
	}
	if len(rows) <= size {
		return rows, ""
	}
	token, err := xml.Marshal(cookie{Page: number + 1, Last: fmt.Sprint(rows[size-1][t.key]), Track: "False"})
	if err != nil { // strings and a number
		panic(err)
	}
	options := url.Values{}
	for name, values := range q.options {
		options[name] = values
	}
	options.Set("$skiptoken", string(token))
	return rows[:size], q.base() + "/" + q.segment + "?" + strings.ReplaceAll(options.Encode(), "+", "%20")
}
