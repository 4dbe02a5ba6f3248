package dataverse

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"time"
)

// maxAnswer bounds every answer that is read.
const maxAnswer = 1 << 20

// transport makes the connections that the settings ask for. An idle one is closed well before the front end of Dynamics would
// close it: a request written into a connection that is just being closed may or may not have arrived.
func (c Config) transport() (*http.Transport, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.IdleConnTimeout = 30 * time.Second
	t.MaxIdleConnsPerHost = 32
	t.ResponseHeaderTimeout = 0 // every call has its own end
	if c.CAFile == "" {
		return t, nil
	}
	pool, err := readAuthorities(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return t, nil
}

// watched counts and times each request, listens for the clock of the other side, and bounds the answers.
type watched struct {
	next    http.RoundTripper
	metrics *Metrics
	clock   *peerClock
}

func (w watched) RoundTrip(req *http.Request) (*http.Response, error) {
	op := operationOf(req.Context())
	if op != opToken {
		w.metrics.inFlight.Inc()
		defer w.metrics.inFlight.Dec()
	}
	began := w.clock.now()
	resp, err := w.next.RoundTrip(req)
	ended := w.clock.now()
	w.metrics.answered(op, resp, err, ended.Sub(began))
	if err != nil {
		return resp, err
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, maxAnswer)
	if op != opToken {
		w.metrics.limits(resp.Header)
		w.metrics.paused(resp.StatusCode, retryAfter(resp.Header, ended), ended)
		w.clock.heard(resp.Header, began, ended)
	}
	return resp, nil
}
