package post

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// A hook is another system that is told by signed webhooks.
// Source: Standard Webhooks 1.0.
type hook struct {
	url    string
	keys   [][]byte
	client *http.Client
	live   map[string]bool // by environment
	now    func() time.Time
}

func newHook(c Webhook, live map[string]bool, now func() time.Time) (*hook, error) {
	roots, err := authorities(c.CAFile)
	if err != nil {
		return nil, err
	}
	h := &hook{url: c.URL, live: live, now: now}
	for _, ref := range c.Secrets {
		secret, err := ref.Reveal()
		if err != nil {
			return nil, err
		}
		key, err := hookKey(secret)
		if err != nil {
			return nil, fmt.Errorf("%s %w", ref, err)
		}
		h.keys = append(h.keys, key)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	transport.MaxResponseHeaderBytes = 64 << 10
	h.client = &http.Client{Transport: transport, Timeout: c.Timeout.Or(usualHook),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return h, nil
}

// A payload is the body of a webhook. deploy/webhooks.md explains it to those who receive it.
type payload struct {
	Type      purchase.NoticeKind `json:"type"`
	Timestamp time.Time           `json:"timestamp"` // when it happened
	Data      payloadData         `json:"data"`
}

type payloadData struct {
	Purchase    string         `json:"purchase"`
	Reference   string         `json:"reference"`
	Environment string         `json:"environment"`
	Mode        string         `json:"mode"`
	Account     string         `json:"account,omitempty"`
	State       purchase.State `json:"state"`
	Cause       purchase.Cause `json:"cause,omitempty"`
	Event       string         `json:"event,omitempty"`
	EventName   string         `json:"event_name,omitempty"`
	Money       *amountJSON    `json:"money,omitempty"`
	Price       *amountJSON    `json:"price,omitempty"`
	Paid        *amountJSON    `json:"paid,omitempty"`
}

type amountJSON struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
	Minor    int64  `json:"minor"`
}

func amountOf(m purchase.Money) *amountJSON {
	if !m.Known() {
		return nil
	}
	return &amountJSON{Amount: m.Decimal(), Currency: m.Currency, Minor: m.Minor}
}

func (h *hook) payload(n purchase.Notice) ([]byte, error) {
	mode := "sandbox"
	if h.live[n.Purchase.Environment] {
		mode = "live"
	}
	return json.Marshal(payload{Type: n.Kind, Timestamp: n.At.UTC(), Data: payloadData{
		Purchase: n.Purchase.ID, Reference: bridge.ShortReference(n.Purchase), Environment: n.Purchase.Environment, Mode: mode, Account: n.Account,
		State: n.State, Cause: n.Cause, Event: n.Event, EventName: n.EventName,
		Money: amountOf(n.Money), Price: amountOf(n.Price), Paid: amountOf(n.Paid),
	}})
}

// sign is the value of webhook-signature: one for each key, so that the receiver may change its secret when it likes.
func (h *hook) sign(id string, at time.Time, body []byte) string {
	signatures := make([]string, 0, len(h.keys))
	for _, key := range h.keys {
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%d.%s", id, at.Unix(), body)
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(signatures, " ")
}

// send tells the other system of one notice: one try.
func (h *hook) send(ctx context.Context, n purchase.Notice) result {
	body, err := h.payload(n)
	if err != nil {
		return never("unwritable")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return never("bad_url")
	}
	at := h.now()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "paybridge")
	req.Header.Set("Webhook-Id", n.Key)
	req.Header.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	req.Header.Set("Webhook-Signature", h.sign(n.Key, at, body))
	resp, err := h.client.Do(req)
	if err != nil {
		return away(whyNot(err))
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	return judgeHook(resp, h.now())
}

// judgeHook: any 2xx is taken; 410 is for good; everything else may be mended over there, and is tried again.
func judgeHook(resp *http.Response, now time.Time) result {
	word := fmt.Sprintf("http_%d", resp.StatusCode)
	switch {
	case resp.StatusCode >= 200 && resp.StatusCode < 300:
		return sent()
	case resp.StatusCode == http.StatusGone:
		return never(word)
	}
	r := again(word)
	r.after = min(retryAfter(resp.Header.Get("Retry-After"), now), time.Hour)
	return r
}

// retryAfter reads seconds or a date; 0 for anything else.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(text); err == nil && seconds > 0 && seconds < 1<<30 {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}

// reach opens and closes a connection, for the doctor: nothing is told.
func (h *hook) reach(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodOptions, h.url, nil)
	if err != nil {
		return errors.New("bad_url")
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return errors.New(whyNot(err))
	}
	return resp.Body.Close()
}
