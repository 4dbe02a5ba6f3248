package web

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"
)

const readyWithin = 5 * time.Second

// NewOperations makes the operations face: /metrics, /livez and /readyz. Ready is asked each time: nil means that deliveries can be
// kept.
func NewOperations(gatherer prometheus.Gatherer, ready func(context.Context) error) http.Handler {
	e := newEcho(Config{}, zap.NewNop())
	e.GET("/metrics", echo.WrapHandler(promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{EnableOpenMetrics: true})))
	e.GET("/livez", func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })
	e.GET("/readyz", func(c echo.Context) error {
		ctx, cancel := context.WithTimeout(c.Request().Context(), readyWithin)
		defer cancel()
		if err := ready(ctx); err != nil {
			return c.JSON(http.StatusServiceUnavailable, map[string]string{"status": "not ready", "store": "cannot commit"})
		}
		return c.JSON(http.StatusOK, map[string]string{"status": "ready", "store": "ok"})
	})
	return e
}
