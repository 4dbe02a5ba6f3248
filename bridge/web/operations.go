package web

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const readyWithin = 5 * time.Second

// readiness is the answer of /readyz.
type readiness struct {
	Status string            `json:"status"` // "ready" or "not ready"
	Checks map[string]string `json:"checks"` // "ok", or what is the matter, by check
}

// NewOperations makes the operations face: /metrics, /livez and /readyz, nothing else. Ready is asked each time, for at most five
// seconds: nil means that deliveries can be kept. Whether Dynamics can be reached is no part of it: deliveries are kept meanwhile.
func NewOperations(gatherer prometheus.Gatherer, ready func(context.Context) error) http.Handler {
	e := newEcho(nil, func(c echo.Context, status int, _ error) { _ = failPlain(c, status) })
	e.Use(bounded(bodyWithin))
	e.GET("/metrics", echo.WrapHandler(promhttp.HandlerFor(gatherer,
		promhttp.HandlerOpts{EnableOpenMetrics: true, ErrorHandling: promhttp.ContinueOnError})))
	probes := []string{http.MethodGet, http.MethodHead}
	e.Match(probes, "/livez", func(c echo.Context) error {
		private(c)
		return c.String(http.StatusOK, "ok\n")
	})
	e.Match(probes, "/readyz", func(c echo.Context) error { return tellReadiness(c, ready) })
	return e
}

func tellReadiness(c echo.Context, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), readyWithin)
	defer cancel()
	private(c)
	if err := ready(ctx); err != nil {
		return c.JSON(http.StatusServiceUnavailable, readiness{Status: "not ready", Checks: map[string]string{"store": "cannot commit"}})
	}
	return c.JSON(http.StatusOK, readiness{Status: "ready", Checks: map[string]string{"store": "ok"}})
}
