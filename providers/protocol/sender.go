package protocol

import (
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

// A Sender makes single calls for one provider. Those that may be repeated are repeated for a few seconds; the others only while not
// a byte of them was sent. It follows no redirect.
type Sender struct {
	provider string
	http     *retryablehttp.Client
}

// A Request is one call. Repeatable says that doing it twice is doing it once.
type Request struct {
	Operation  string
	Repeatable bool
	Method     string
	URL        string
	Header     http.Header
	Body       []byte
}

// A Response is an answer read whole, whatever its status.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

const (
	maxAnswer    = 4 << 20
	maxRepeats   = 2
	repeatAfter  = 200 * time.Millisecond
	longestPause = 2 * time.Second
)

// NewSender makes the sender of an account at the provider.
func NewSender(provider string, e Endpoint, o Options) (*Sender, error) {
	transport := o.HTTP
	if transport == nil {
		var err error
		if transport, err = newTransport(e.CAFile); err != nil {
			return nil, err
		}
	}
	return &Sender{provider: provider, http: &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport:     counted{next: transport, metrics: o.Metrics, now: o.Now},
			Timeout:       e.Timeout.Or(defaultTimeout),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax:     maxRepeats,
		CheckRetry:   mayRepeat,
		Backoff:      pause(o.Chance),
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}}, nil
}

// Do makes the call and reads the answer, whatever its status. An error is *Error without a status.
func (s *Sender) Do(ctx context.Context, r Request) (Response, error) {
	ctx = context.WithValue(ctx, requestKey{}, r)
	var body any
	if r.Body != nil {
		body = r.Body
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, r.Method, r.URL, body)
	if err != nil {
		return Response{}, s.Never(r.Operation, errors.New("the address cannot be used"))
	}
	for name, values := range r.Header {
		req.Header[name] = values
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return Response{}, s.Unanswered(r.Operation, plain(err))
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return Response{}, s.Unanswered(r.Operation, plain(err))
	}
	if len(raw) > maxAnswer {
		return Response{}, s.Unanswered(r.Operation, fmt.Errorf("the answer is larger than %d bytes", maxAnswer))
	}
	return Response{Status: resp.StatusCode, Header: resp.Header, Body: raw}, nil
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
	r, _ := ctx.Value(requestKey{}).(Request)
	if err != nil {
		return !distrusted(err) && (r.Repeatable || unsent(err)), nil
	}
	if !r.Repeatable {
		return false, nil
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return Response{Header: resp.Header}.retryAfter() <= longestPause, nil
	}
	return false, nil
}

// unsent: the connection was never made.
func unsent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// distrusted: whoever answers is not the provider, and will not be on a second try.
func distrusted(err error) bool {
	var verification *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	return errors.As(err, &verification) || errors.As(err, &unknown)
}

// pause doubles from attempt to attempt, with up to half of it left to chance, and is what the provider asks for where it does.
func pause(chance func() float64) retryablehttp.Backoff {
	if chance == nil {
		chance = rand.Float64
	}
	return func(_, _ time.Duration, attempt int, resp *http.Response) time.Duration {
		wait := repeatAfter << attempt
		wait = wait/2 + time.Duration(chance()*float64(wait/2))
		if resp != nil {
			wait = max(wait, Response{Header: resp.Header}.retryAfter())
		}
		return min(wait, longestPause)
	}
}

// newTransport trusts the system's authorities, or only those in the file.
func newTransport(caFile string) (http.RoundTripper, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 16
	certs, err := ReadCertificates(caFile)
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
