package post_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/post"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/store"
	"github.com/paybridge/paybridge/bridge/store/storetest"
	"github.com/paybridge/paybridge/config/field"
)

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// A town is a store, a mail server, a webhook receiver, an address book, and the post between them, under a clock of its own.
type town struct {
	t        *testing.T
	path     string
	clock    *storetest.Clock
	store    *store.Store
	mail     *mailServer
	hook     *receiver
	book     *book
	config   post.Config
	post     *post.Post
	registry *prometheus.Registry
	logs     *observer.ObservedLogs
}

// book is a Registrar that knows addresses.
type book struct {
	bridge.Registrar
	mu      sync.Mutex
	known   map[string]purchase.Contact
	away    bool
	asked   int
	onAsked func()
}

func (b *book) Contact(_ context.Context, key purchase.Key) (purchase.Contact, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	if b.onAsked != nil {
		b.onAsked()
	}
	if b.away {
		return purchase.Contact{}, errors.New("dynamics is away")
	}
	return b.known[key.ID], nil
}

type half struct{}

func (half) Float64() float64 { return 0.5 }
func (half) Token() string    { return "token" }

// A receiver is another system that is told by webhooks.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []call
	answer func(n int, w http.ResponseWriter) // of the n-th call
}

type call struct {
	header http.Header
	body   []byte
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.got = append(r.got, call{req.Header.Clone(), body})
		n, answer := len(r.got), r.answer
		r.mu.Unlock()
		if answer != nil {
			answer(n, w)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) calls() []call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]call{}, r.got...)
}

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func newTown(t *testing.T, change func(*town)) *town {
	t.Helper()
	c := &town{t: t, path: filepath.Join(t.TempDir(), "bridge.db"), clock: &storetest.Clock{}, mail: newMailServer(t, "starttls"), hook: newReceiver(t),
		book: &book{known: map[string]purchase.Contact{}}}
	for opening := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC); c.clock.Now().Before(opening); {
		c.clock.Move(opening.Sub(c.clock.Now())) // at most 292 years at a time
	}
	c.config = post.Config{From: "Contoso Events <tickets@contoso.example>", Organiser: []string{"desk@contoso.example"}, Language: "en",
		SMTP: post.SMTP{Host: c.mail.host, Port: c.mail.port, Username: "paybridge", Password: field.NewSecret("file:" + file(t, "password", mailPassword)),
			Timeout: field.Duration(2 * time.Second), CAFile: c.mail.ca},
		Webhooks: map[string]post.Webhook{"crm": {URL: c.hook.URL, Secrets: []field.Secret{field.NewSecret("file:" + file(t, "secret", hookSecret))}}}}
	c.config.Webhooks["crm"] = withCA(t, c.config.Webhooks["crm"], c.hook.Server)
	if change != nil {
		change(c)
	}
	c.open()
	t.Cleanup(func() { _ = c.store.Close() })
	return c
}

// open opens the store and makes the post, as a start of the daemon does.
func (c *town) open() {
	c.t.Helper()
	var err error
	c.store, err = store.Open(context.Background(), c.path, store.Options{Clock: c.clock, Policy: storetest.Policy, Rules: purchase.Rules,
		Routes: c.config.Routes(map[string]string{"shop": "main"})})
	if err != nil {
		c.t.Fatal(err)
	}
	c.post = c.node("a")
}

func (c *town) node(owner string) *post.Post {
	c.t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	c.registry, c.logs = prometheus.NewRegistry(), logs
	p, err := post.New(post.Options{Config: c.config, Outbox: c.store, Environments: []bridge.Environment{{Name: "main", Live: true, Registrar: c.book}},
		Clock: c.clock, Chance: half{}, Owner: owner, Log: zap.New(core), Registerer: c.registry})
	if err != nil {
		c.t.Fatal(err)
	}
	return p
}

// crash ends everything without a word and starts again.
func (c *town) crash() {
	c.t.Helper()
	_ = c.store.Close() // it may be closed
	c.open()
}

const buyer = "camille@example.org"

func keyOf(id string) purchase.Key { return purchase.Key{Environment: "main", ID: id} }

func (c *town) keep(f purchase.Fact) {
	c.t.Helper()
	f.At = c.clock.Now()
	if _, err := c.store.Keep(c.t.Context(), bridge.Keeping{Facts: []purchase.Fact{f}}); err != nil {
		c.t.Fatal(err)
	}
}

// pays is a payment of 45 euros whose provider says who paid.
func (c *town) pays(id string, payer purchase.Address) {
	c.t.Helper()
	c.keep(purchase.Fact{Purchase: keyOf(id), Kind: purchase.Captured, Standing: purchase.Proved, Account: "shop", Payment: "payment-" + id, Object: "capture-" + id,
		Money: purchase.Money{Minor: 4500, Currency: "EUR"}, Payer: payer})
}

// seats makes the registration known.
func (c *town) seats(id string) {
	c.t.Helper()
	c.keep(purchase.Fact{Purchase: keyOf(id), Kind: purchase.ReadBack, Standing: purchase.Own, Detail: purchase.Detail{Seats: purchase.SeatsAll}})
}

// turn lets the post work for so long, a look every five seconds, or ten minutes where it is for days.
func (c *town) turn(d time.Duration) {
	c.t.Helper()
	step := 5 * time.Second
	if d > 24*time.Hour {
		step = 10 * time.Minute
	}
	for end := c.clock.Now().Add(d); !c.clock.Now().After(end); {
		c.clock.Move(max(c.post.Turn(c.t.Context()), step))
	}
}

// outbox is "kind channel state result" of everything, oldest first.
func (c *town) outbox() []string {
	c.t.Helper()
	list, err := c.store.Messages(c.t.Context(), bridge.MessageQuery{})
	if err != nil {
		c.t.Fatal(err)
	}
	var lines []string
	for i := range list {
		m := list[len(list)-1-i]
		lines = append(lines, strings.Join([]string{string(m.Notice.Kind), m.Channel, string(m.State), m.Result}, " "))
	}
	return lines
}
