package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
)

// back is the page a buyer comes back to. It is safe to reload, and says no more than is proved.
func (p *public) back(c echo.Context) error {
	_, cancelled := c.QueryParams()["cancel"]
	visit, err := p.Bridge.Visit(c.Request().Context(), c.Param("token"), cancelled)
	switch {
	case errors.Is(err, bridge.ErrNotFound):
		return p.show(c, http.StatusNotFound, notice{Key: "bad_token", Language: languageOf(c)})
	case err != nil:
		p.Log.Error("a return page could not be made", zap.Error(err))
		return p.show(c, http.StatusServiceUnavailable, notice{Key: string(bridge.BuyerUnknown), Language: languageOf(c), Refresh: 10})
	}
	n := notice{Key: string(visit.State), Language: visit.Language, Reference: visit.Reference, Retry: visit.Retry, Return: visit.Return,
		Minutes: int(visit.TimeLeft / time.Minute)}
	if _, chosen := c.QueryParams()["lang"]; chosen || n.Language == "" {
		n.Language = languageOf(c)
	}
	switch visit.State {
	case bridge.BuyerConfirming, bridge.BuyerUnknown:
		n.Refresh = 4
	}
	return p.show(c, http.StatusOK, n)
}
