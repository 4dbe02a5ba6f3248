package web

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// maxDelivery bounds a delivery's body.
const maxDelivery = 1 << 20

// callback takes a provider's delivery as bytes. What is answered is what became of it.
func (p *public) callback(c echo.Context) error {
	account, ok := p.Bridge.Account(c.Param("account"))
	if !ok {
		p.Bridge.UnknownAccount()
		return echo.NewHTTPError(http.StatusNotFound)
	}
	if methods := methodsOf(account); !slices.Contains(methods, c.Request().Method) {
		c.Response().Header().Set("Allow", strings.Join(methods, ", "))
		return echo.NewHTTPError(http.StatusMethodNotAllowed)
	}
	body, err := p.read(c)
	if err != nil {
		return err
	}
	r := c.Request()
	d := purchase.Delivery{Account: account.Name, Received: p.Now(), Method: r.Method, Query: r.URL.RawQuery, Header: r.Header.Clone(), Body: body}
	d.ID = purchase.DeliveryID(d)
	return reply(c, p.Bridge.Receive(r.Context(), d))
}

func methodsOf(a bridge.Account) []string {
	if answerer, ok := a.Provider.(bridge.Answerer); ok {
		return answerer.Methods()
	}
	return []string{http.MethodPost}
}

// read takes the body within its bounds of size and time.
func (p *public) read(c echo.Context) ([]byte, error) {
	if c.Request().ContentLength > maxDelivery {
		return nil, echo.NewHTTPError(http.StatusRequestEntityTooLarge)
	}
	control := http.NewResponseController(c.Response().Writer)
	if err := control.SetReadDeadline(time.Now().Add(p.BodyWithin)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response().Writer, c.Request().Body, maxDelivery))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, echo.NewHTTPError(http.StatusRequestEntityTooLarge)
	case err != nil:
		c.Response().Header().Set("Connection", "close")
		return nil, echo.NewHTTPError(http.StatusRequestTimeout)
	}
	_ = control.SetReadDeadline(time.Time{}) // the next request of the connection has its own
	return body, nil
}

// reply is the one place where an outcome becomes a status.
func reply(c echo.Context, r bridge.Receipt) error {
	status := http.StatusOK
	switch r.Outcome {
	case bridge.RefusedForged:
		status = http.StatusUnauthorized
	case bridge.Full, bridge.Unavailable:
		status = http.StatusServiceUnavailable
		c.Response().Header().Set("Retry-After", strconv.Itoa(max(1, int(r.RetryAfter.Seconds()))))
	}
	if r.Answer.Status != 0 {
		status = r.Answer.Status
	}
	if len(r.Answer.Body) == 0 {
		return c.NoContent(status)
	}
	return c.Blob(status, r.Answer.ContentType, r.Answer.Body)
}
