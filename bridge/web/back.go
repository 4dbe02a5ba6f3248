package web

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

var tokenShape = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// shaped turns away what cannot be a token of ours: it may be a way to another page, in which we would believe when we send the browser
// on. It is answered as a token that never was.
func (p *public) shaped(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !tokenShape.MatchString(c.Param("token")) {
			return p.show(c, http.StatusNotFound, notice{Key: "bad_token", Language: languageOf(c)})
		}
		return next(c)
	}
}

// back is the page a buyer comes back to. It is safe to reload and to open twice, and says no more than is proved. A token that never
// was and one that is too old are answered alike.
func (p *public) back(c echo.Context) error {
	visit, err := p.Bridge.Visit(c.Request().Context(), c.Param("token"), returned(c.QueryParams()))
	n := notice{Key: string(bridge.BuyerUnknown), Language: languageOf(c), Self: kept(c.QueryParams())}
	switch {
	case errors.Is(err, bridge.ErrNotFound):
		n.Key = "bad_token"
		return p.show(c, http.StatusNotFound, n)
	case err != nil:
		p.Log.Error("a return page could not be made", zap.Error(err))
		n.Refresh, n.Again = nextRefresh(c), true
		c.Response().Header().Set("Retry-After", "10")
		return p.show(c, http.StatusServiceUnavailable, n)
	}
	if chosen(c) == "" && visit.Language != "" {
		n.Language = visit.Language
	}
	if visit.Noted {
		n.Self.Set("seen", "1") // from here on it is a page of ours that is opened again, and nobody who comes back to pay
	}
	n.Key, n.Reference, n.Return = string(visit.State), visit.Reference, visit.Return
	switch visit.State {
	case bridge.BuyerConfirming, bridge.BuyerPending, bridge.BuyerUnknown, bridge.BuyerOneRefused:
		n.Refresh, n.Again = nextRefresh(c), true
	}
	switch visit.State {
	case bridge.BuyerCancelled, bridge.BuyerRefused, bridge.BuyerOneRefused:
		n.Retry, n.NoTime = withLanguage(visit.Retry, n.Language), visit.Retry == ""
		if !n.NoTime {
			n.Minutes = int(visit.TimeLeft / time.Minute)
		}
	}
	return p.show(c, http.StatusOK, n)
}

// returned is how the buyer came: by the provider's cancel link, by our own page that looks again, or else to pay.
func returned(values url.Values) purchase.Return {
	switch {
	case values.Has("cancel"):
		return purchase.ReturnGivenUp
	case values.Has("seen"):
		return purchase.ReturnLooking
	}
	return purchase.ReturnPaying
}

// backPost: some providers send the browser back by a form. What it says proves nothing and is not read.
func (p *public) backPost(c echo.Context) error {
	private(c)
	return c.Redirect(http.StatusSeeOther, (&url.URL{Path: c.Request().URL.Path, RawQuery: kept(c.QueryParams()).Encode()}).String())
}

// backHead is for link checkers: nobody came back, and nobody learns whether a token is good.
func (p *public) backHead(c echo.Context) error {
	private(c)
	return c.NoContent(http.StatusOK)
}

// kept is what stays in the address when the page is opened again.
func kept(values url.Values) url.Values {
	self := url.Values{}
	for _, name := range []string{"cancel", "lang", "seen"} {
		if values.Has(name) {
			self.Set(name, values.Get(name))
		}
	}
	return self
}

// pauses before the page looks again by itself: two minutes in all, then it is up to the buyer.
var pauses = []int{2, 4, 8, 16, 30, 60}

// nextRefresh is the next of the pauses, none after the last. The address counts them, for want of a script.
func nextRefresh(c echo.Context) refresh {
	n, err := strconv.Atoi(c.QueryParam("n"))
	if err != nil || n < 0 {
		n = 0
	}
	if n >= len(pauses) {
		return refresh{}
	}
	return refresh{Seconds: pauses[n], Next: n + 1}
}

// withLanguage keeps the buyer's language on the way to another page of ours.
func withLanguage(address, language string) string {
	u, err := url.Parse(address)
	if address == "" || err != nil {
		return ""
	}
	q := u.Query()
	q.Set("lang", language)
	u.RawQuery = q.Encode()
	return u.String()
}
