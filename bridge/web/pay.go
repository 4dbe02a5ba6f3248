package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// A query is what the redirect leg was called with.
type query struct{ purchaseID, event, user, back string }

// Why a query is refused.
var (
	errTwice   = errors.New("a parameter is there twice")
	errForeign = errors.New("the return address is not of an allowed site")
)

// pay is the redirect leg: it sends the buyer to the provider's page, or says in the buyer's language why not.
// Source: Dynamics 365 Customer Insights - Journeys, payment gateway integration: GET with purchaseId and returnUrl, answered by 302.
func (p *public) pay(c echo.Context) error {
	language := languageOf(c)
	account, ok := p.Bridge.Account(c.Param("account"))
	if !ok {
		return p.show(c, http.StatusNotFound, notice{Key: "bad_link", Language: language})
	}
	began := p.Now()
	result, err := p.checkout(c, account.Name, language)
	if err != nil {
		p.Log.Warn("a buyer could not be sent to pay", zap.String("account", account.Name), zap.String("state", string(result.Outcome)), zap.Error(err))
	}
	p.metrics.checkouts.WithLabelValues(account.Kind, account.Name, string(result.Outcome)).Inc()
	p.metrics.checkoutTime.WithLabelValues(account.Kind).Observe(p.Now().Sub(began).Seconds())
	if result.Redirect != "" {
		private(c)
		return c.Redirect(http.StatusFound, result.Redirect)
	}
	n := notice{Key: string(result.Outcome), Language: language}
	status := checkoutStatus(result.Outcome)
	if status == http.StatusServiceUnavailable {
		n.Refresh = 5
		c.Response().Header().Set("Retry-After", "5")
	}
	return p.show(c, status, n)
}

func (p *public) checkout(c echo.Context, account, language string) (bridge.CheckoutResult, error) {
	q, err := p.parse(c.QueryParams())
	if err != nil {
		return bridge.CheckoutResult{Outcome: bridge.BadRequest}, err
	}
	return p.Bridge.Checkout(c.Request().Context(), bridge.CheckoutRequest{Account: account, PurchaseID: q.purchaseID, Event: q.event, User: q.user,
		ReturnURL: q.back, Language: language})
}

// checkoutStatus: what the buyer's link is to blame for is 4xx, what will pass is 503.
func checkoutStatus(o bridge.CheckoutOutcome) int {
	switch o {
	case bridge.CheckoutExpired:
		return http.StatusGone
	case bridge.UnknownPurchase:
		return http.StatusNotFound
	case bridge.BadRequest:
		return http.StatusBadRequest
	case bridge.AlreadyPaid:
		return http.StatusOK
	}
	return http.StatusServiceUnavailable
}

// head answers link checkers without opening anything.
func (p *public) head(c echo.Context) error {
	private(c)
	return c.NoContent(http.StatusOK)
}

const maxParameter = 2048

// parse reads the query; names are taken in any case, as portals write them. Any amount in there is ignored.
func (p *public) parse(values url.Values) (query, error) {
	var q query
	for name, found := range values {
		var into *string
		switch strings.ToLower(name) {
		case "purchaseid":
			into = &q.purchaseID
		case "readableeventid":
			into = &q.event
		case "userid":
			into = &q.user
		case "returnurl":
			into = &q.back
		default:
			continue
		}
		if *into != "" || len(found) > 1 || len(found[0]) > maxParameter {
			return query{}, errTwice
		}
		*into = found[0]
	}
	var err error
	if q.purchaseID, err = purchase.ParseID(q.purchaseID); err != nil {
		return query{}, err
	}
	if q.back != "" && !p.allowed(q.back) {
		return query{}, errForeign
	}
	return q, nil
}

// allowed compares origins exactly: no open redirect.
func (p *public) allowed(address string) bool {
	if strings.ContainsAny(address, "\\\t\r\n ") {
		return false
	}
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	origin := originOf(u)
	for _, allowed := range p.Config.ReturnOrigins {
		if origin != "" && origin == strings.ToLower(allowed) {
			return true
		}
	}
	return false
}

// private keeps a page or a redirect out of caches, indexes and other sites' logs.
func private(c echo.Context) {
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("X-Content-Type-Options", "nosniff")
}
