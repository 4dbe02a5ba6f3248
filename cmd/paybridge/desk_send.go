package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config"
)

// handOver gives the decision to the daemon, or takes it in the store of a daemon that does not run.
func handOver(cmd *cobra.Command, d bridge.Decision, offline bool) error {
	c, err := settingsOf(cmd)
	if err != nil {
		return err
	}
	if offline {
		return decideOffline(cmd.Context(), c, d)
	}
	return send(cmd.Context(), c.ControlSocket(), d)
}

// decideOffline opens the store as the daemon does, which a running daemon prevents, and lets nothing run.
func decideOffline(ctx context.Context, c *config.Config, d bridge.Decision) error {
	p, err := wire(ctx, c, wiring{clock: wallClock{}, log: quietLogger(), registry: prometheus.NewRegistry()})
	if err != nil {
		return fmt.Errorf("%w; where the daemon runs, leave --offline out", err)
	}
	defer p.close()
	return p.bridge.Decide(ctx, d)
}

const answerWithin = 15 * time.Second

// send posts the decision to the daemon's socket.
func send(ctx context.Context, socket string, d bridge.Decision) error {
	status, text, err := sendTo(ctx, socket, "/decide", d, answerWithin)
	if err != nil || status == http.StatusNoContent {
		return err
	}
	return refused(status, text)
}

// refused is what the daemon did not do.
func refused(status int, text []byte) error {
	code := exitFailed
	if status == http.StatusConflict || status == http.StatusServiceUnavailable {
		code = exitTryAgain
	}
	return exitError{code: code, err: errors.New(string(bytes.TrimSpace(text)))}
}

// sendTo sends a value as JSON to the daemon's socket and reads the answer.
func sendTo(ctx context.Context, socket, path string, v any, within time.Duration) (status int, text []byte, err error) {
	body, err := json.Marshal(v)
	if err != nil {
		return 0, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://control"+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	var dialer net.Dialer
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, "unix", socket)
	}}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return 0, nil, fmt.Errorf("reach the daemon at %s: %w; start it, or add --offline while it is stopped", socket, err)
	}
	defer resp.Body.Close()
	text, err = io.ReadAll(io.LimitReader(resp.Body, 8<<10))
	return resp.StatusCode, text, err
}

// tellOutcome waits until the bridge has nothing more to do at once, and says where the purchase stands.
func tellOutcome(cmd *cobra.Command, key purchase.Key, asJSON, offline bool, wait time.Duration) error {
	return withReader(cmd, func(ctx context.Context, s reader) error {
		var row bridge.Row
		for end := time.Now().Add(wait); ; {
			var err error
			if row, _, err = s.Find(ctx, key); err != nil {
				return err
			}
			if offline || (row.Stage != bridge.Ready && row.Stage != bridge.Claimed) || time.Now().After(end) {
				break
			}
			if err := (wallClock{}).Sleep(ctx, 200*time.Millisecond); err != nil {
				return err
			}
		}
		r := rowJSON(row)
		if asJSON {
			return printJSON(cmd.OutOrStdout(), map[string]any{"schema_version": schemaVersion, "purchase": r})
		}
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "decided; the purchase is now: %s%s\n", stateText(r.State), onDesk(r))
		return err
	})
}

func onDesk(r purchaseRow) string {
	if r.Cause == purchase.CauseNone {
		return ""
	}
	return fmt.Sprintf(", on the desk: %s", r.Cause.Words().En)
}
