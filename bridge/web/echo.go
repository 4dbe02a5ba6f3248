package web

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"
)

// newEcho is an echo that believes forwarding headers from our own proxies only, and never answers in its own words.
func newEcho(proxies []string, fail func(c echo.Context, status int, err error)) *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor, e.SchemeExtractor = believed(proxies)
	e.HTTPErrorHandler = func(err error, c echo.Context) {
		if c.Response().Committed { // the client went away before it had the whole answer
			return
		}
		var known *echo.HTTPError
		if errors.As(err, &known) {
			fail(c, known.Code, nil)
			return
		}
		fail(c, http.StatusInternalServerError, err)
	}
	return e
}

// believed says whose word about a client's address and scheme is taken.
func believed(proxies []string) (echo.IPExtractor, echo.SchemeExtractor) {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect(), echo.ExtractSchemeDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, proxy := range proxies {
		if p, err := netip.ParsePrefix(proxy); err == nil { // Validate refused the others
			options = append(options, echo.TrustIPRange(&net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}))
		}
	}
	return echo.ExtractIPFromXFFHeader(options...), echo.ExtractSchemeFromHeaders(options...)
}

// failPlain answers those who read statuses, not pages.
func failPlain(c echo.Context, status int) error {
	return c.String(status, http.StatusText(status)+"\n")
}

// recovered turns a panic into a 500 and a line in the log. The line has the place, never a value that somebody sent.
func recovered(log *zap.Logger) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) (err error) {
			defer func() {
				r := recover()
				if r == nil {
					return
				}
				if r == http.ErrAbortHandler { // net/http's own word for ending a connection
					panic(r)
				}
				log.Error("a request made the program panic", zap.String("step", c.Path()), zap.String("cause", panicCause(r)), zap.Stack("err"))
				err = echo.NewHTTPError(http.StatusInternalServerError)
			}()
			return next(c)
		}
	}
}

// panicCause is the runtime's own words, or the type of what was thrown.
func panicCause(r any) string {
	if err, ok := r.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", r)
}

// bounded gives every body its time, also one that nobody reads: the server takes in what is left of it before the next request.
// The machine's clock counts here, as sockets know no other. After a body in chunks the connection ends: if there was a length as well, a
// proxy may see the next request begin elsewhere.
// Source: RFC 9112, section 6.1.
func bounded(within time.Duration) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if c.Request().ContentLength != 0 {
				readUntil(c, time.Now().Add(within))
			}
			if len(c.Request().TransferEncoding) > 0 {
				c.Response().Header().Set("Connection", "close")
			}
			return next(c)
		}
	}
}

// readUntil sets when reading the request ends; the zero time is never. Writers that are no connection, as in benchmarks, have no
// such time.
func readUntil(c echo.Context, deadline time.Time) {
	_ = http.NewResponseController(c.Response().Writer).SetReadDeadline(deadline)
}
