package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
)

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// A postbox is a mail server and a webhook receiver.
type postbox struct {
	port int
	hook *httptest.Server

	mu    sync.Mutex
	mails []string // recipient and subject
	calls []call
}

type call struct {
	header http.Header
	body   []byte
}

func newPostbox(t *testing.T) *postbox {
	t.Helper()
	p := &postbox{}
	p.hook = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.calls = append(p.calls, call{r.Header.Clone(), body})
	}))
	t.Cleanup(p.hook.Close)
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailSession{box: p}, nil }))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	p.port, _ = strconv.Atoi(port)
	var serves sync.WaitGroup
	serves.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() {
		_ = server.Close()
		_ = listener.Close() // the server does not know it yet if it had no time to begin
		serves.Wait()
	})
	return p
}

type mailSession struct {
	box *postbox
	to  string
}

func (s *mailSession) Reset()                                    {}
func (s *mailSession) Logout() error                             { return nil }
func (s *mailSession) Mail(string, *smtp.MailOptions) error      { return nil }
func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error { s.to = to; return nil }
func (s *mailSession) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	s.box.mails = append(s.box.mails, s.to+" "+subject)
	return err
}

// withMessages adds a messages section to the settings of the town.
func (c *town) withMessages(p *postbox) string {
	c.t.Helper()
	path, secret := filepath.Join(c.dir, "paybridge.yaml"), filepath.Join(c.dir, "hook")
	settings, err := os.ReadFile(path)
	if err != nil {
		c.t.Fatal(err)
	}
	section := fmt.Sprintf(`
messages:
  from: Demo <tickets@demo.example>
  organiser: [desk@demo.example]
  language: en
  smtp: {host: 127.0.0.1, port: %d, tls: none}
  webhooks: {crm: {url: "%s", secrets: ["file:%s"]}}
`, p.port, p.hook.URL, secret)
	for file, content := range map[string]string{path: string(settings) + section, secret: hookSecret} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			c.t.Fatal(err)
		}
	}
	return path
}

func TestABuyerAndOtherSystemsAreToldOverRealWires(t *testing.T) {
	t.Parallel()
	c, p := newTown(t, t.TempDir()), newPostbox(t)
	c.withMessages(p)
	c.open()
	id, _ := c.register()
	if _, err := c.paypal.Button(providersim.ButtonPayment{Purchase: id, Value: "45.00", Currency: "EUR"}); err != nil {
		t.Fatal(err)
	}
	c.await(id, purchase.StateFinalized)
	c.told(p, 2)
	for _, want := range []string{"a@example.org [TEST] Payment received", "a@example.org [TEST] Participation confirmed"} {
		if !strings.Contains(strings.Join(p.mails, "\n"), want) {
			t.Errorf("%q lacks %q", p.mails, want)
		}
	}
	check, err := standardwebhooks.NewWebhook(hookSecret)
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range p.calls {
		if err := check.Verify(call.body, call.header); err != nil || bytes.Contains(call.body, []byte("@")) {
			t.Errorf("%v: %s", err, call.body)
		}
	}
	out, code := c.paybridge("", "messages", "list", "--purchase", strings.ToUpper(id), "-o", "json")
	var listed struct{ Messages []messageRow }
	if err := json.Unmarshal([]byte(out), &listed); err != nil || code != 0 || len(listed.Messages) != 4 || strings.Contains(out, "@") {
		t.Errorf("%d: %s (%v)", code, out, err)
	}
	if out, code := c.paybridge("", "messages", "list", "--state", "lost"); code != exitUsage || !strings.Contains(out, "the states are pending") {
		t.Errorf("%d: %s", code, out)
	}
	c.erased(id)
}

// told waits until so many mails and webhooks came.
func (c *town) told(p *postbox, n int) {
	c.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		p.mu.Lock()
		done := len(p.mails) >= n && len(p.calls) >= n
		p.mu.Unlock()
		if done {
			return
		}
	}
	c.t.Fatalf("%q, %d webhooks", p.mails, len(p.calls))
}

// erased erases the payer beside the daemon, and looks for what is left of the address in the files of the store.
func (c *town) erased(id string) {
	c.t.Helper()
	out, code := c.paybridge("", "contact", "erase", id)
	if code != 0 || !strings.HasPrefix(out, "erased: 1 addresses, 0 mails that waited, ") {
		c.t.Errorf("%d: %s", code, out)
	}
	files, err := os.ReadDir(filepath.Join(c.dir, "data"))
	if err != nil {
		c.t.Fatal(err)
	}
	for _, f := range files {
		raw, _ := os.ReadFile(filepath.Join(c.dir, "data", f.Name()))
		for _, personal := range []string{"a@example.org", "payer@example.org", "Lovelace"} {
			if bytes.Contains(raw, []byte(personal)) {
				c.t.Errorf("%s holds %s", f.Name(), personal)
			}
		}
	}
	if out, code := c.paybridge("", "contact", "erase", "nobody@example.org"); code != exitNotFound || !strings.Contains(out, "nothing is known") {
		c.t.Errorf("%d: %s", code, out)
	}
	if out, code := c.paybridge("", "contact", "erase", "nobody"); code != exitUsage {
		c.t.Errorf("%d: %s", code, out)
	}
}

func TestMistakesInTheTextsAreFoundByConfigCheck(t *testing.T) {
	t.Parallel()
	c, p := newTown(t, t.TempDir()), newPostbox(t)
	settings := c.withMessages(p)
	texts := filepath.Join(c.dir, "texts")
	if err := os.MkdirAll(texts, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := loadConfig(settings); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	for file, content := range map[string]string{settings: string(raw) + "  templates: " + texts + "\n",
		filepath.Join(texts, "refunded.fr.txt"): "Subject: Remboursement\n\nBonjour {{.Prenom}}\n"} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err = loadConfig(settings)
	if err == nil || !strings.Contains(err.Error(), "messages.templates: "+filepath.Join(texts, "refunded.fr.txt")+":3:") {
		t.Errorf("%v", err)
	}
}
