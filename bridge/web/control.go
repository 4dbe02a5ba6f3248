package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
)

// A Decider takes decisions of a person.
type Decider interface {
	Decide(ctx context.Context, d bridge.Decision) error
	Import(ctx context.Context, from bridge.Import) (bridge.ImportResult, error)
}

const (
	decisionUpTo = 64 << 10  // bytes
	importUpTo   = 256 << 20 // bytes
)

// NewControl makes the face for those who work on this machine: POST /decide takes a bridge.Decision as JSON, POST /import a bridge.Import. It must be served on a
// socket that only they can open.
func NewControl(d Decider, log *zap.Logger) http.Handler {
	e := newEcho(nil, func(c echo.Context, status int, _ error) { _ = failPlain(c, status) })
	e.Use(recovered(log), bounded(bodyWithin))
	e.POST("/decide", func(c echo.Context) error { return decide(c, d) })
	e.POST("/import", func(c echo.Context) error { return keepImport(c, d) })
	return e
}

var errNotOne = errors.New("the body is not one JSON object of known keys")

// only reads a body that is one JSON object and nothing after it: of two, nobody could tell which was meant.
func only[T any](c echo.Context, upTo int64) (*T, error) {
	var into *T
	body := json.NewDecoder(http.MaxBytesReader(c.Response(), c.Request().Body, upTo))
	body.DisallowUnknownFields()
	if err := body.Decode(&into); err != nil || into == nil {
		return nil, errNotOne
	}
	if _, err := body.Token(); !errors.Is(err, io.EOF) {
		return nil, errNotOne
	}
	return into, nil
}

func decide(c echo.Context, d Decider) error {
	decision, err := only[bridge.Decision](c, decisionUpTo)
	if err != nil {
		return c.String(http.StatusBadRequest, "the decision is not understood")
	}
	err = d.Decide(c.Request().Context(), *decision)
	switch {
	case err == nil:
		return c.NoContent(http.StatusNoContent)
	case errors.Is(err, bridge.ErrNotFound):
		return c.String(http.StatusNotFound, err.Error())
	case errors.Is(err, bridge.ErrChanged):
		return c.String(http.StatusConflict, err.Error())
	case errors.Is(err, bridge.ErrNotAllowed):
		return c.String(http.StatusUnprocessableEntity, err.Error())
	}
	return c.String(http.StatusServiceUnavailable, "the decision could not be kept; try again")
}

// keepImport answers what was kept; 422 names the line for which nothing was.
func keepImport(c echo.Context, d Decider) error {
	from, err := only[bridge.Import](c, importUpTo)
	if err != nil {
		return c.String(http.StatusBadRequest, "the import is not understood")
	}
	result, err := d.Import(c.Request().Context(), *from)
	var wrong *bridge.ImportError
	switch {
	case err == nil:
		return c.JSON(http.StatusOK, result)
	case errors.As(err, &wrong):
		return c.JSON(http.StatusUnprocessableEntity, wrong)
	case errors.Is(err, bridge.ErrNotAllowed):
		return c.String(http.StatusBadRequest, err.Error())
	}
	return c.String(http.StatusServiceUnavailable, "the import could not be kept; try again, what is known already is not kept twice")
}

// ListenControl opens the socket that only the daemon's own user can reach, in place of one that a daemon before left behind.
func ListenControl(path string) (net.Listener, error) {
	if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
		return nil, errors.Join(errors.New("another daemon listens at "+path), conn.Close())
	}
	if was, err := os.Lstat(path); err == nil && was.Mode().Type() != os.ModeSocket {
		return nil, errors.New("there is something else than a socket at " + path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	// The socket is bound inside a directory of our own and moved into place, so that nobody can reach it before its mode is set.
	dir, err := os.MkdirTemp(filepath.Dir(path), ".control-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	bound := filepath.Join(dir, "s")
	listener, err := net.Listen("unix", bound)
	if err != nil {
		return nil, err
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(bound, 0o600), os.Rename(bound, path)); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}
