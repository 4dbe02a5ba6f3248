package paypal

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// A sender makes single calls. Those that may be repeated are repeated for a few seconds; the others only while not a byte of them
// was sent.
type sender struct {
	http *retryablehttp.Client
}

// A request is one call. Repeatable says that doing it twice is doing it once.
type request struct {
	operation  string
	repeatable bool
	method     string
	url        string
	header     http.Header
	body       []byte
}

type response struct {
	status int
	header http.Header
	body   []byte
}

const (
	maxAnswer    = 4 << 20
	maxRepeats   = 2
	repeatAfter  = 200 * time.Millisecond
	longestPause = 2 * time.Second
)

func newSender(transport http.RoundTripper, timeout time.Duration, m Metrics, now func() time.Time) *sender {
	return &sender{http: &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport:     counted{next: transport, metrics: m, now: now},
			Timeout:       timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax:     maxRepeats,
		CheckRetry:   mayRepeat,
		Backoff:      pause,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}}
}

// do makes the call and reads the answer, whatever its status. An error is *Error without a status.
func (s *sender) do(ctx context.Context, r request) (response, error) {
	ctx = context.WithValue(ctx, requestKey{}, r)
	var body any
	if r.body != nil {
		body = r.body
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, r.method, r.url, body)
	if err != nil {
		return response{}, never(r.operation, errors.New("the address cannot be used"))
	}
	for name, values := range r.header {
		req.Header[name] = values
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return response{}, unanswered(r.operation, plain(err))
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return response{}, unanswered(r.operation, plain(err))
	}
	if len(raw) > maxAnswer {
		return response{}, unanswered(r.operation, fmt.Errorf("the answer is larger than %d bytes", maxAnswer))
	}
	return response{status: resp.StatusCode, header: resp.Header, body: raw}, nil
}

// plain takes off the address that the HTTP client wraps around an error.
func plain(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

type requestKey struct{}

// mayRepeat is retryablehttp's question after each attempt.
func mayRepeat(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	r, _ := ctx.Value(requestKey{}).(request)
	if err != nil {
		return !distrusted(err) && (r.repeatable || unsent(err)), nil
	}
	if !r.repeatable {
		return false, nil
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return response{header: resp.Header}.retryAfter() <= longestPause, nil
	}
	return false, nil
}

// unsent: the connection was never made.
func unsent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// distrusted: whoever answers is not PayPal, and will not be on a second try.
func distrusted(err error) bool {
	var verification *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	return errors.As(err, &verification) || errors.As(err, &unknown)
}

// pause doubles from attempt to attempt, with up to half of it left to chance, and is what PayPal asks for where it does.
func pause(_, _ time.Duration, attempt int, resp *http.Response) time.Duration {
	wait := repeatAfter << attempt
	wait = wait/2 + rand.N(wait/2)
	if resp != nil {
		wait = max(wait, response{header: resp.Header}.retryAfter())
	}
	return min(wait, longestPause)
}

// newTransport trusts the system's authorities, or only the one in the file.
func newTransport(caFile string) (http.RoundTripper, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 16
	certs, err := readCertificates(caFile)
	if err != nil {
		return nil, fmt.Errorf("read ca_file: %w", err)
	}
	if len(certs) > 0 {
		roots := x509.NewCertPool()
		for _, c := range certs {
			roots.AddCert(c)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return transport, nil
}

func jsonHeader() http.Header {
	return http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}}
}

func isJSONObject(raw []byte) bool {
	trimmed := bytes.TrimLeft(raw, " \t\r\n")
	return len(trimmed) > 0 && trimmed[0] == '{'
}
