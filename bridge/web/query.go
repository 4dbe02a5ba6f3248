package web

import (
	"errors"
	"net/url"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A query is what the redirect leg was called with.
type query struct{ purchaseID, event, user, back string }

// Why a query is refused. The words go into the log; what the buyer sent does not.
var (
	errTwice    = errors.New("a parameter is there twice")
	errTooLong  = errors.New("a parameter is too long")
	errID       = errors.New("purchaseId is no GUID; look at how the portal forwards it")
	errForeign  = errors.New("returnUrl is of no allowed site; add its origin to return_origins if it is yours")
	errMismatch = errors.New("the account sells another event or opens no pay sessions")
)

const maxParameter = 2048

// parse reads the query. Names are taken in any case, as portals write them. Anything else in there is not looked at, above all an
// amount.
func (c *Config) parse(values url.Values) (query, error) {
	var q query
	wanted := map[string]*string{"purchaseid": &q.purchaseID, "readableeventid": &q.event, "userid": &q.user, "returnurl": &q.back}
	seen := map[string]bool{}
	for name, found := range values {
		name = strings.ToLower(name)
		into, ok := wanted[name]
		switch {
		case !ok:
			continue
		case seen[name] || len(found) > 1:
			return query{}, errTwice
		case len(found[0]) > maxParameter:
			return query{}, errTooLong
		}
		seen[name] = true
		*into = found[0]
	}
	var err error
	if q.purchaseID, err = purchase.ParseID(q.purchaseID); err != nil {
		return query{}, errID
	}
	if q.back != "" && !c.allows(q.back) {
		return query{}, errForeign
	}
	return q, nil
}

// values is the query as we write it ourselves, for a link that tries again.
func (q query) values() url.Values {
	v := url.Values{"purchaseId": {q.purchaseID}}
	for name, value := range map[string]string{"readableEventId": q.event, "userId": q.user, "returnUrl": q.back} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v
}

// allows compares origins exactly, so that nobody is sent to a site that only looks like an allowed one.
func (c *Config) allows(address string) bool {
	if strings.ContainsAny(address, "\\\t\r\n ") { // browsers read these in their own way
		return false
	}
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	origin := originOf(u)
	for _, allowed := range c.ReturnOrigins {
		if a, err := url.Parse(allowed); err == nil && origin != "" && origin == originOf(a) {
			return true
		}
	}
	return false
}

// originOf is scheme, host and port of an absolute web address, "" for anything else. A port that the scheme means anyway is left out.
func originOf(u *url.URL) string {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if (scheme != "https" && scheme != "http") || u.Hostname() == "" || u.User != nil || u.Opaque != "" {
		return ""
	}
	usual := map[string]string{"https": ":443", "http": ":80"}
	return scheme + "://" + strings.TrimSuffix(host, usual[scheme])
}
