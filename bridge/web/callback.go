package web

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

const callbackRoute = "/callback/:account"

const (
	maxDelivery = 1 << 20  // bytes of a delivery's body
	takenFreely = 32 << 10 // what nearly all are shorter than
	heldAtOnce  = 64 << 20 // of all longer ones in hand together
)

// callback takes a provider's delivery as bytes: nothing is unpacked or parsed here. What is answered is what became of it.
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
	held := holding{room: p.room}
	defer held.release()
	body, err := read(c, &held)
	if err != nil {
		return err
	}
	r := c.Request()
	d := purchase.Delivery{Account: account.Name, Received: p.Now(), Method: r.Method, Query: r.URL.RawQuery, Header: r.Header.Clone(), Body: body}
	d.ID = purchase.DeliveryID(d)
	return p.reply(c, p.Bridge.Receive(r.Context(), d))
}

func methodsOf(a bridge.Account) []string {
	if answerer, ok := a.Provider.(bridge.Answerer); ok {
		return answerer.Methods()
	}
	return []string{http.MethodPost}
}

// read takes the body within its bounds of size and time. A connection whose body was not taken whole is of no further use.
func read(c echo.Context, held *holding) ([]byte, error) {
	body, err := take(c.Request(), c.Response().Writer, held)
	if err == nil {
		readUntil(c, time.Time{}) // else a deadline that passes while the delivery is kept would end the request
		return body, nil
	}
	c.Response().Header().Set("Connection", "close")
	status := bodyStatus(err)
	if status == http.StatusServiceUnavailable {
		c.Response().Header().Set("Retry-After", "5")
	}
	return nil, echo.NewHTTPError(status)
}

// take reads a body as it is: one that says it is packed is not unpacked. A long one, or one that turns out to be, needs room.
func take(r *http.Request, w http.ResponseWriter, held *holding) ([]byte, error) {
	if r.ContentLength > maxDelivery {
		return nil, &http.MaxBytesError{Limit: maxDelivery}
	}
	if r.ContentLength > takenFreely && !held.take(r.ContentLength) {
		return nil, errNoRoom
	}
	from := http.MaxBytesReader(w, r.Body, maxDelivery)
	first, err := io.ReadAll(io.LimitReader(from, max(takenFreely, r.ContentLength)))
	if err != nil || r.ContentLength >= 0 || len(first) < takenFreely {
		return first, err
	}
	if !held.take(maxDelivery) {
		return nil, errNoRoom
	}
	rest, err := io.ReadAll(from)
	return append(first, rest...), err
}

func bodyStatus(err error) int {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return http.StatusRequestTimeout
	case errors.Is(err, errNoRoom):
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

// reply is the one place where an outcome becomes a status, and where a provider is answered in its own words.
func (p *public) reply(c echo.Context, r bridge.Receipt) error {
	switch r.Outcome {
	case bridge.Accepted, bridge.Duplicate, bridge.KeptUnchecked, bridge.KeptPuzzling, bridge.Answered:
		return answer(c, http.StatusOK, r.Answer)
	case bridge.RefusedForged:
		if r.Answer.Status == 0 && len(r.Answer.Body) == 0 {
			return echo.NewHTTPError(http.StatusUnauthorized)
		}
		return answer(c, http.StatusUnauthorized, r.Answer)
	case bridge.Full, bridge.Unavailable:
		c.Response().Header().Set("Retry-After", strconv.Itoa(max(1, int((r.RetryAfter+time.Second-1)/time.Second))))
		return echo.NewHTTPError(http.StatusServiceUnavailable)
	}
	p.Log.Error("a receipt without a known outcome; the provider is not told that the delivery was kept", zap.String("state", string(r.Outcome)))
	return echo.NewHTTPError(http.StatusInternalServerError)
}

// answer says it in the provider's own words, where it has any. They may hold what the provider sent, so nobody is to guess at their type.
func answer(c echo.Context, usual int, a purchase.Answer) error {
	status := cmp.Or(a.Status, usual)
	if len(a.Body) == 0 {
		return c.NoContent(status)
	}
	c.Response().Header().Set("X-Content-Type-Options", "nosniff")
	return c.Blob(status, cmp.Or(a.ContentType, "text/plain; charset=utf-8"), a.Body)
}
