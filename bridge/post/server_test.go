package post_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// A mailServer is a real SMTP server on loopback, with a certificate, an account, and moods.
type mailServer struct {
	host string
	port int
	ca   string // file

	mu       sync.Mutex
	received []received
	greylist map[string]int      // how often a recipient is put off
	refuse   map[string]int      // recipients that are turned away, with the code
	senders  int                 // code for every sender
	drop     int                 // how many mails are taken and not answered
	after    func(mail received) // runs when a mail was taken, before the answer
	slow     time.Duration
	over     chan struct{} // closed when the test is
	logins   int
	open     bool // nobody need sign in
}

type received struct {
	from, to string
	message  *mail.Message
	body     string
	secure   bool
}

const mailPassword = "s3cret-of-the-mailbox"

// newMailServer listens; implicit speaks TLS from the first byte, plain has no TLS at all.
func newMailServer(t *testing.T, kind string) *mailServer {
	t.Helper()
	s := &mailServer{over: make(chan struct{}), greylist: map[string]int{}, refuse: map[string]int{}, open: kind == "plain"}
	certificate, ca := selfSigned(t)
	s.ca = ca
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{server: s, conn: c}, nil }))
	server.Domain, server.ReadTimeout, server.WriteTimeout = "localhost", 10*time.Second, 10*time.Second
	server.ErrorLog = quiet{}
	if kind != "plain" {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
	} else {
		server.AllowInsecureAuth = true
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.host = "127.0.0.1"
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	s.port, _ = strconv.Atoi(port)
	if kind == "implicit" {
		listener = tls.NewListener(listener, server.TLSConfig)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() {
		close(s.over)
		_ = server.Close()
	})
	return s
}

// hesitate makes the client wait, but not the end of the test.
func (s *mailServer) hesitate() {
	select {
	case <-time.After(s.slow):
	case <-s.over:
	}
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func selfSigned(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, path
}

func (s *mailServer) mails() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received{}, s.received...)
}

// set changes the server's mood.
func (s *mailServer) set(change func(*mailServer)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

type session struct {
	server   *mailServer
	conn     *smtp.Conn
	from, to string
	known    bool
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != "paybridge" || password != mailPassword {
			return smtp.ErrAuthFailed
		}
		s.known = true
		s.server.set(func(m *mailServer) { m.logins++ })
		return nil
	}), nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.hesitate()
	switch {
	case !s.known && !s.server.open:
		return smtp.ErrAuthRequired
	case s.server.senders > 0:
		return &smtp.SMTPError{Code: s.server.senders, Message: "sender camille@example.org is not welcome"}
	}
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if code := s.server.refuse[to]; code > 0 {
		return &smtp.SMTPError{Code: code, Message: to + " is not known here"}
	}
	if s.server.greylist[to] > 0 {
		s.server.greylist[to]--
		return &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 2, 0}, Message: to + " is greylisted, come back later"}
	}
	s.to = to
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	body, err := io.ReadAll(message.Body)
	if err != nil {
		return err
	}
	_, secure := s.conn.TLSConnectionState()
	got := received{s.from, s.to, message, string(body), secure}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.received = append(s.server.received, got)
	if s.server.after != nil {
		s.server.after(got)
	}
	if s.server.drop > 0 {
		s.server.drop--
		_ = s.conn.Conn().Close()
		return errors.New("gone")
	}
	return nil
}
