package web

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// observe logs and counts a request by its route, never by its address: tokens and ids are in there.
func (p *public) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := p.Now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		took, status := p.Now().Sub(began), c.Response().Status
		p.Log.Debug("request", zap.String("step", methodLabel(c.Request().Method)+" "+c.Path()), zap.Int("state", status), zap.Duration("after", took))
		if c.Path() == callbackRoute {
			p.metrics.callback(p.kind(c.Param("account")), status, took)
		}
		return nil
	}
}

// kind is the provider of an account, "other" for an unknown one.
func (p *public) kind(account string) string {
	if a, ok := p.Bridge.Account(account); ok {
		return a.Kind
	}
	return other
}

// methodLabel is a method as it may be written down: a name that somebody made up may not.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return other
}

// fail answers a request that ended in an error: providers with a status, people with a page.
func (p *public) fail(c echo.Context, status int, err error) {
	if err != nil {
		p.Log.Error("a request failed", zap.String("step", c.Path()), zap.Error(err))
	}
	if c.Path() == callbackRoute {
		_ = failPlain(c, status) // an error here is a client that went away
		return
	}
	n := notice{Key: "bad_link", Language: languageOf(c)}
	if status >= http.StatusInternalServerError {
		n.Key = "trouble"
	}
	_ = p.show(c, status, n)
}

const calmly = 10 // lines a minute

// calm bounds how often a line is written that anybody outside can cause.
func calm(log *zap.Logger) *zap.Logger {
	return log.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return zapcore.NewSamplerWithOptions(core, time.Minute, calmly, 0)
	}))
}
