package post

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A mailer is one connection to the mail server, made when it is needed and kept for the messages that follow at once. One goroutine
// uses it at a time.
type mailer struct {
	client  *gomail.Client
	conn    *smtp.Client // nil: none
	from    *mail.Address
	replyTo string
	now     func() time.Time
}

func newMailer(c Config, now func() time.Time) (*mailer, error) {
	options, err := c.SMTP.options()
	if err != nil {
		return nil, err
	}
	from, err := sender(c.From)
	if err != nil {
		return nil, err
	}
	client, err := gomail.NewClient(c.SMTP.Host, options...)
	if err != nil {
		return nil, fmt.Errorf("make the client of the mail server: %w", err)
	}
	return &mailer{client: client, from: from, replyTo: c.ReplyTo, now: now}, nil
}

func (s SMTP) options() ([]gomail.Option, error) {
	roots, err := authorities(s.CAFile)
	if err != nil {
		return nil, err
	}
	options := []gomail.Option{
		gomail.WithTimeout(s.Timeout.Or(usualTimeout)),
		gomail.WithTLSConfig(&tls.Config{ServerName: s.Host, RootCAs: roots, MinVersion: tls.VersionTLS12}),
		gomail.WithPort(s.port()),
	}
	switch cmp.Or(s.TLS, tlsStart) {
	case tlsImplicit:
		options = append(options, gomail.WithSSL())
	case tlsNone:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.Username != "" {
		password, err := s.Password.Reveal()
		if err != nil {
			return nil, fmt.Errorf("password of the mail server: %w", err)
		}
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.Username), gomail.WithPassword(password))
	}
	return options, nil
}

func (s SMTP) port() int {
	if s.Port == 0 && s.TLS == tlsImplicit {
		return 465
	}
	return cmp.Or(s.Port, 587)
}

// connect makes the connection if there is none. The error is one of the closed words.
func (m *mailer) connect(ctx context.Context) error {
	if m.conn != nil {
		return nil
	}
	conn, err := m.client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return errors.New(whyNot(err))
	}
	m.conn = conn
	return nil
}

// whyNot tells in one word why there is no connection: what the server itself writes may name people.
func whyNot(err error) string {
	var answer *textproto.Error
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var verify *tls.CertificateVerificationError
	var timeout net.Error
	switch {
	case errors.As(err, &answer) && answer.Code == 535:
		return "sign_in_refused"
	case errors.As(err, &answer):
		return fmt.Sprintf("smtp_%d", answer.Code)
	case errors.As(err, &unknown), errors.As(err, &name), errors.As(err, &verify):
		return "certificate_not_trusted"
	case strings.Contains(err.Error(), "STARTTLS"):
		return "no_starttls"
	case errors.Is(err, gomail.ErrNoSupportedAuthDiscovered), errors.Is(err, smtp.ErrUnencrypted), strings.Contains(err.Error(), "AUTH"):
		return "no_sign_in_method"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	}
	return "no_connection"
}

// close ends the connection politely if it can.
func (m *mailer) close() {
	if m.conn == nil {
		return
	}
	if err := m.client.CloseWithSMTPClient(m.conn); err != nil {
		_ = m.conn.Close() // it is gone
	}
	m.conn = nil
}

// A mailing is one mail.
type mailing struct {
	to     purchase.Address
	key    string // the same for each try, so that mail systems see doubles
	letter letter
}

// send sends one mail: one try.
func (m *mailer) send(ctx context.Context, what mailing) result {
	msg, err := m.compose(what)
	if err != nil {
		return never("bad_address")
	}
	if err := m.connect(ctx); err != nil {
		return away(err.Error())
	}
	err = m.client.SendWithSMTPClient(m.conn, msg)
	if err == nil || msg.IsDelivered() {
		if err != nil { // it was taken, and what came after failed
			m.close()
		}
		return sent()
	}
	m.close()
	return judgeMail(err)
}

// judgeMail: what the server turns down for good is given up; everything else is tried again, an unknown outcome too. A sender that is
// turned down is nothing that this message is to blame for.
func judgeMail(err error) result {
	var e *gomail.SendError
	if !errors.As(err, &e) || e.ErrorCode() == 0 {
		return away("no_answer")
	}
	word := fmt.Sprintf("smtp_%d", e.ErrorCode())
	switch {
	case e.Reason == gomail.ErrSMTPMailFrom:
		return away(word)
	case e.ErrorCode() >= 500:
		return never(word)
	}
	return again(word)
}

// compose writes the mail: plain text, and marked as written by a machine, so that nobody's machine answers it.
func (m *mailer) compose(what mailing) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(m.from)
	if err := msg.To(what.to.Reveal()); err != nil {
		return nil, errors.New("not an address")
	}
	if m.replyTo != "" {
		if err := msg.ReplyTo(m.replyTo); err != nil {
			return nil, errors.New("not an address to reply to")
		}
	}
	_, domain, _ := strings.Cut(m.from.Address, "@")
	msg.SetMessageIDWithValue(what.key + "@" + domain)
	msg.SetDateWithValue(m.now())
	msg.Subject(what.letter.subject)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetBodyString(gomail.TypeTextPlain, what.letter.body)
	return msg, nil
}
