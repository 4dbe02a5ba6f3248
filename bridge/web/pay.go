package web

import (
	"cmp"
	"net/http"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
)

// pay is the redirect leg: it sends the buyer to the provider's page, or says in the buyer's language why not.
// A provider whose page wants a form gets it from a page of ours that sends itself.
// Source: Dynamics 365 Customer Insights - Journeys, payment gateway integration: GET with purchaseId and returnUrl, answered by 302.
func (p *public) pay(c echo.Context) error {
	began := p.Now()
	account, ok := p.Bridge.Account(c.Param("account"))
	if !ok {
		p.metrics.checkout(bridge.Account{Kind: other, Name: other}, bridge.BadRequest, p.Now().Sub(began))
		return p.show(c, http.StatusNotFound, notice{Key: "bad_link", Language: languageOf(c)})
	}
	q, err := p.Config.parse(c.QueryParams())
	result := bridge.CheckoutResult{Outcome: bridge.BadRequest}
	switch {
	case err != nil:
	case !p.crowd.admits(c.RealIP(), began):
		result.Outcome = bridge.TooMany
	default:
		result, err = p.Bridge.Checkout(c.Request().Context(), bridge.CheckoutRequest{Account: account.Name, PurchaseID: q.purchaseID,
			Event: q.event, User: q.user, ReturnURL: q.back, Language: languageOf(c)})
	}
	p.metrics.checkout(account, result.Outcome, p.Now().Sub(began))
	p.note(account, q, result.Outcome, err)
	switch {
	case len(result.Form) > 0:
		return p.show(c, http.StatusOK, notice{Key: "pay_leaving", Language: languageOf(c), Action: result.Redirect, Fields: result.Form, Self: q.values()})
	case result.Redirect != "":
		private(c)
		return c.Redirect(http.StatusFound, result.Redirect)
	}
	return p.turnAway(c, q, result.Outcome)
}

// note writes down why a buyer did not get to pay.
func (p *public) note(a bridge.Account, q query, o bridge.CheckoutOutcome, err error) {
	switch {
	case o == bridge.BadRequest:
		p.calm.Warn("a payment link is not right", zap.String("account", a.Name), zap.NamedError("cause", cmp.Or(err, errMismatch)))
	case err != nil:
		p.Log.Warn("a buyer could not be sent to pay", zap.String("account", a.Name), zap.String("purchase", q.purchaseID),
			zap.String("state", string(o)), zap.Error(err))
	}
}

// turnAway tells a buyer why the pay page cannot be opened, with a way to try again where that can help.
func (p *public) turnAway(c echo.Context, q query, o bridge.CheckoutOutcome) error {
	n := notice{Key: "pay_" + string(o), Language: languageOf(c), Return: q.back}
	if q.purchaseID != "" {
		n.Self = q.values()
	}
	status := checkoutStatus(o)
	if status >= http.StatusTooManyRequests {
		n.Retry = n.self("lang", n.Language)
		c.Response().Header().Set("Retry-After", "5")
	}
	return p.show(c, status, n)
}

// checkoutStatus: what the link is to blame for, or has run out of, is 4xx; what will pass is 429 or 503.
func checkoutStatus(o bridge.CheckoutOutcome) int {
	switch o {
	case bridge.AlreadyPaid:
		return http.StatusOK
	case bridge.BadRequest:
		return http.StatusBadRequest
	case bridge.UnknownPurchase:
		return http.StatusNotFound
	case bridge.CheckoutExpired:
		return http.StatusGone
	case bridge.TooMany:
		return http.StatusTooManyRequests
	}
	return http.StatusServiceUnavailable
}

// payHead tells link checkers whether the link could be right. It opens nothing and reads no price.
func (p *public) payHead(c echo.Context) error {
	private(c)
	if _, ok := p.Bridge.Account(c.Param("account")); !ok {
		return c.NoContent(http.StatusNotFound)
	}
	if _, err := p.Config.parse(c.QueryParams()); err != nil {
		return c.NoContent(http.StatusBadRequest)
	}
	return c.NoContent(http.StatusOK)
}
