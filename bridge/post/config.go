// Package post tells people and other systems what the facts prove: mails to payers and to the organiser, and signed webhooks. The store
// keeps what is to be told; post sends it, at least once, and each thing under one key by which a repeat is known.
package post

import (
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"maps"
	"net"
	"net/mail"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
)

// Config is the messages section. Without it nobody is told anything: Dynamics may send mails of its own.
type Config struct {
	// From is the sender of all mails: "Contoso Events <tickets@example.org>".
	From string `yaml:"from,omitempty"`
	// ReplyTo is where answers go; default: the sender.
	ReplyTo string `yaml:"reply_to,omitempty"`
	// Organiser are the addresses that are told of the desk. None: nobody is.
	Organiser []string `yaml:"organiser,omitempty"`
	// Language of mails where the buyer's is not known, and of those to the organiser: fr or en. Default: both in one mail.
	Language string `yaml:"language,omitempty"`
	// Templates is a folder with texts of your own, KIND.LANGUAGE.txt, which take the place of the built-in ones.
	Templates string `yaml:"templates,omitempty"`
	// Off are the kinds that are never mailed, because Dynamics sends its own.
	Off []purchase.NoticeKind `yaml:"off,omitempty"`
	// GiveUpAfter is how old a message may become before it is given up. Default: 72h
	GiveUpAfter field.Duration `yaml:"give_up_after,omitempty"`
	// SMTP is the mail server. None: no mails.
	SMTP SMTP `yaml:"smtp,omitempty"`
	// Webhooks are other systems that are told, by a name of your choice. Nothing personal is told to them.
	Webhooks map[string]Webhook `yaml:"webhooks,omitempty"`
	// Accounts says what is different for single accounts.
	Accounts map[string]Account `yaml:"accounts,omitempty"`
}

// SMTP is the mail server.
type SMTP struct {
	// Host and Port of the server. Default port: 587, with implicit TLS 465.
	Host string `yaml:"host,omitempty"`
	Port int    `yaml:"port,omitempty"`
	// TLS is starttls (required, the default), implicit, or none: in clear, with sandbox environments only.
	TLS string `yaml:"tls,omitempty"`
	// Username and Password sign in. None: no sign-in.
	Username string       `yaml:"username,omitempty"`
	Password field.Secret `yaml:"password,omitempty"`
	// Timeout of each exchange. Default: 30s
	Timeout field.Duration `yaml:"timeout,omitempty"`
	// CAFile is a PEM file with the authorities to trust instead of the system's: for a mail server of your own.
	CAFile string `yaml:"ca_file,omitempty"`
}

// Webhook is another system. It is told by Standard Webhooks 1.0.
type Webhook struct {
	// URL is told by POST; https only. Redirects are not followed.
	URL string `yaml:"url"`
	// Secrets sign, each beside the others, so that they can be changed: whsec_ and 24 to 64 bytes in base64.
	Secrets []field.Secret `yaml:"secrets"`
	// Off are the kinds that it is not told.
	Off []purchase.NoticeKind `yaml:"off,omitempty"`
	// Timeout of each call. Default: 15s
	Timeout field.Duration `yaml:"timeout,omitempty"`
	// CAFile is a PEM file with the authorities to trust instead of the system's.
	CAFile string `yaml:"ca_file,omitempty"`
}

// Account is what is different for one account.
type Account struct {
	// Off are the kinds that are not mailed to its payers.
	Off []purchase.NoticeKind `yaml:"off,omitempty"`
	// Language of its mails where the buyer's is not known.
	Language string `yaml:"language,omitempty"`
}

// IsZero tells whether there is no mail server.
func (s SMTP) IsZero() bool { return s.Host == "" }

const (
	tlsStart    = "starttls"
	tlsImplicit = "implicit"
	tlsNone     = "none"

	usualGiveUp  = 72 * time.Hour
	usualTimeout = 30 * time.Second
	usualHook    = 15 * time.Second
)

// Secrets are all secret references that are set.
func (c Config) Secrets() []field.Secret {
	secrets := []field.Secret{c.SMTP.Password}
	for _, name := range slices.Sorted(maps.Keys(c.Webhooks)) {
		secrets = append(secrets, c.Webhooks[name].Secrets...)
	}
	return slices.DeleteFunc(secrets, field.Secret.IsZero)
}

// Validate notes everything that is wrong with the section, mistakes in the organiser's own texts too. Live tells whether any
// environment is live.
func (c Config) Validate(p *field.Problems, live bool) {
	checkKinds(p, "off", c.Off)
	checkLanguage(p, c.Language)
	if c.GiveUpAfter < 0 {
		p.Add("give_up_after", "is negative; write how old a message may become, for example 72h")
	}
	c.validateMail(p, live)
	for _, name := range slices.Sorted(maps.Keys(c.Webhooks)) {
		c.Webhooks[name].validate(p.At("webhooks."+name), live)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Accounts)) {
		at := p.At("accounts." + name)
		checkKinds(at, "off", c.Accounts[name].Off)
		checkLanguage(at, c.Accounts[name].Language)
	}
	for _, mistake := range CheckTemplates(c.Templates) {
		p.Add("templates", "%v", mistake)
	}
}

func (c Config) validateMail(p *field.Problems, live bool) {
	c.SMTP.validate(p.At("smtp"), live)
	p.Require("from", c.From != "" || c.SMTP.IsZero(), "write the sender of the mails: Contoso Events <tickets@example.org>")
	for _, key := range []struct{ name, address string }{{"from", c.From}, {"reply_to", c.ReplyTo}} {
		if key.address != "" && purchase.ParseAddress(key.address) == "" {
			p.Add(key.name, "is not an address; write it like Contoso Events <tickets@example.org>")
		}
	}
	for i, address := range c.Organiser {
		if purchase.ParseAddress(address) == "" {
			p.Add(fmt.Sprintf("organiser[%d]", i), "is not an address; write it like desk@example.org")
		}
	}
	if c.SMTP.IsZero() && (c.From != "" || len(c.Organiser) > 0) {
		p.Add("smtp", "is missing; nobody can be mailed: write smtp.host, or remove from and organiser")
	}
}

func (s SMTP) validate(p *field.Problems, live bool) {
	switch {
	case s.IsZero() && s != (SMTP{}):
		p.Add("host", "is required; write the name of the mail server")
	case !slices.Contains([]string{"", tlsStart, tlsImplicit, tlsNone}, s.TLS):
		p.Add("tls", "is %q; write starttls, implicit, or none for a sandbox", s.TLS)
	case s.TLS == tlsNone && live:
		p.Add("tls", "is none and an environment is live; addresses must not travel in clear: write starttls or implicit")
	}
	if s.Port < 0 || s.Port > 65535 {
		p.Add("port", "is %d; write a port, or leave it out", s.Port)
	}
	if (s.Username == "") != s.Password.IsZero() {
		p.Add("password", "and username belong together; write both or none")
	}
	checkSecret(p, "password", s.Password)
	checkAuthorities(p, s.CAFile)
}

func (h Webhook) validate(p *field.Problems, live bool) {
	u, err := url.Parse(h.URL)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || (u.Scheme != "https" && u.Scheme != "http"):
		p.Add("url", "is not an address that can be called; write https://host/path, without user and password")
	case u.Scheme == "http" && (live || !loopback(u.Hostname())):
		p.Add("url", "is not https; plain http is for this machine and sandbox environments only")
	}
	p.Require("secrets", len(h.Secrets) > 0, "make one with: echo whsec_$(openssl rand -base64 32) > secret, and write file:secret")
	for i, ref := range h.Secrets {
		text, err := ref.Reveal()
		if err == nil {
			_, err = hookKey(text)
		}
		if err != nil {
			p.Add(fmt.Sprintf("secrets[%d]", i), "%v", err)
		}
	}
	checkKinds(p, "off", h.Off)
	checkAuthorities(p, h.CAFile)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// hookKey is the key in a secret of Standard Webhooks. Source: Standard Webhooks 1.0, signature scheme, symmetric.
func hookKey(secret string) ([]byte, error) {
	text, ok := strings.CutPrefix(secret, "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(key) < 24 || len(key) > 64 {
		return nil, fmt.Errorf("is not a webhook secret; make one with: echo whsec_$(openssl rand -base64 32)")
	}
	return key, nil
}

func checkKinds(p *field.Problems, key string, kinds []purchase.NoticeKind) {
	for _, kind := range kinds {
		if !slices.Contains(kindNames(), string(kind)) {
			p.Add(key, "names %q; the kinds are %s", kind, strings.Join(kindNames(), ", "))
		}
	}
}

func kindNames() []string {
	var names []string
	for _, row := range purchase.NoticeKinds() {
		names = append(names, string(row.Kind))
	}
	return names
}

func checkLanguage(p *field.Problems, language string) {
	if language != "" && language != "fr" && language != "en" {
		p.Add("language", "is %q; write fr or en, or leave it out for both", language)
	}
}

func checkSecret(p *field.Problems, key string, ref field.Secret) {
	if _, err := ref.Reveal(); !ref.IsZero() && err != nil {
		p.Add(key, "%v", err)
	}
}

func checkAuthorities(p *field.Problems, path string) {
	if _, err := authorities(path); err != nil {
		p.Add("ca_file", "%v", err)
	}
}

// authorities are the system's where no file is named.
func authorities(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the trusted authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(raw) {
		return nil, fmt.Errorf("%s holds no certificate; write a PEM file", path)
	}
	return pool, nil
}

// addressOf is the bare address of a configured one.
func addressOf(address string) purchase.Address { return purchase.ParseAddress(address) }

// sender is the name and the bare address of a configured one.
func sender(address string) (*mail.Address, error) {
	a, err := mail.ParseAddress(address)
	if err != nil {
		return nil, fmt.Errorf("read the sender: %w", err)
	}
	return a, nil
}
