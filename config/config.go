// Package config is the settings file: it reads it, refuses unknown keys, and reports every problem at once. Each section is owned
// by the package that uses it.
package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/bridge/post"
	"github.com/paybridge/paybridge/bridge/reconcile"
	"github.com/paybridge/paybridge/bridge/web"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/dataverse"
	"github.com/paybridge/paybridge/providers"
)

// Config is the whole settings file, version 1.
type Config struct {
	// Version of the file's shape: 1.
	Version int `yaml:"version"`
	// Server is the public face: what buyers and providers reach.
	Server web.Config `yaml:"server"`
	// Operations is the face for metrics and health checks. It is not for the public.
	Operations web.Operations `yaml:"operations"`
	// Store is where everything is kept: the path of an SQLite file on a local disk. It is made if it is not there.
	Store string `yaml:"store"`
	// Control is the path of the socket at which the daemon takes the decisions of paybridge desk. Only the daemon's own user can open it.
	// Without it: the store's path and ".control".
	Control string `yaml:"control"`
	// SealKeys seal what travels through a provider. The first seals, all verify: put a new one in front, and drop the old one when
	// the last payment under it is over.
	SealKeys []field.Secret `yaml:"seal_keys"`
	// Environments are the Dynamics organisations, by a name of your choice.
	Environments map[string]Environment `yaml:"environments"`
	// Accounts are the merchant accounts, by a name of your choice, which ends the callback address: /callback/NAME.
	Accounts map[string]Account `yaml:"accounts"`
	// Messages says who is told what, by mail and by webhook. Without it nobody is.
	Messages post.Config `yaml:"messages,omitempty"`
}

// Environment is one Dynamics organisation.
type Environment struct {
	// Mode is sandbox or live. A sandbox account never touches a live environment, and the reverse.
	Mode string `yaml:"mode"`
	// Dataverse says where the organisation is and how to sign in.
	Dataverse dataverse.Config `yaml:"dataverse"`
}

// Live tells whether real money is meant.
func (e Environment) Live() bool { return e.Mode == "live" }

// Account is one merchant account at one provider.
type Account struct {
	// Environment names the Dynamics organisation that the account sells for; the account is of its mode.
	Environment string `yaml:"environment"`
	// Capture says when the money is taken. before_registration: at once, then the registration is finalized; a seat that is refused
	// then leaves money to give back. after_registration: it is only reserved, and taken once the registration is final; nobody is
	// charged without a seat, but a capture that fails leaves a seat without its money.
	Capture string `yaml:"capture"`
	// Late says what becomes of money that came too late for a seat, after Dynamics was asked once more: desk (a person decides, the
	// default) or refund (it goes back by itself). Money that is only reserved always goes back.
	Late string `yaml:"late"`
	// Surplus says what becomes of money beside the payment that has the seat, such as a second payment: desk (a person decides, the
	// default) or refund (it goes back by itself).
	Surplus string `yaml:"surplus"`
	// Event is the ReadableEventId of an account that sells one event only.
	Event string `yaml:"event"`
	// Reference says where notifications carry the ids, when the organiser's own page starts the payments (callback only).
	Reference providers.Reference `yaml:"reference"`
	// Settlement says how the provider's settlement files are laid out, for reconcile.
	Settlement reconcile.Format `yaml:"settlement"`
	// One section named after the provider follows.
	providers.Config `yaml:",inline"`
}

// SeatFirst tells whether the money is only reserved until the registration is final.
func (a Account) SeatFirst() bool { return a.Capture == "after_registration" }

var slug = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$`)

// Validate notes everything that is wrong.
func (c *Config) Validate(p *field.Problems) {
	if c.Version != 1 {
		p.Add("version", "is %d; this program reads version 1", c.Version)
	}
	c.Server.Validate(p.At("server"))
	c.Operations.Validate(p.At("operations"))
	c.validateStore(p)
	if len(c.Control) > controlUpTo {
		p.Add("control", "is longer than a socket's path may be (%d bytes); write a shorter one", controlUpTo)
	}
	p.Require("seal_keys", len(c.SealKeys) > 0, "make one with: openssl rand -hex 32 > seal, and write file:seal")
	for _, key := range c.SealKeys {
		checkSecret(p, "seal_keys", key)
	}
	p.Require("environments", len(c.Environments) > 0, "name at least one Dynamics organisation")
	for _, name := range slices.Sorted(maps.Keys(c.Environments)) {
		c.validateEnvironment(p.At("environments."+name), name)
	}
	p.Require("accounts", len(c.Accounts) > 0, "name at least one merchant account")
	for _, name := range slices.Sorted(maps.Keys(c.Accounts)) {
		c.validateAccount(p.At("accounts."+name), name)
	}
	c.validateMessages(p.At("messages"))
}

func (c *Config) validateMessages(p *field.Problems) {
	live := false
	for _, e := range c.Environments {
		live = live || e.Live()
	}
	c.Messages.Validate(p, live)
	for _, name := range slices.Sorted(maps.Keys(c.Messages.Accounts)) {
		if _, ok := c.Accounts[name]; !ok {
			p.Add("accounts."+name, "is not among the accounts")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Messages.Webhooks)) {
		if !slug.MatchString(name) {
			p.Add("webhooks."+name, "the name may have small letters, digits and hyphens only")
		}
	}
}

// controlUpTo leaves room within the 107 bytes of a socket's path, which Linux allows, for the name under which it is made.
const controlUpTo = 80

// ControlSocket is where the daemon takes decisions.
func (c *Config) ControlSocket() string {
	if c.Control != "" {
		return c.Control
	}
	return strings.TrimPrefix(c.Store, "sqlite:") + ".control"
}

func (c *Config) validateStore(p *field.Problems) {
	switch {
	case c.Store == "":
		p.Add("store", "is required; write the path of an SQLite file on a local disk, for example paybridge.db")
	case strings.HasPrefix(c.Store, "postgres:"), strings.HasPrefix(c.Store, "postgresql:"):
		p.Add("store", "PostgreSQL is not supported by this version; write the path of an SQLite file")
	}
}

func (c *Config) validateEnvironment(p *field.Problems, name string) {
	e := c.Environments[name]
	if !slug.MatchString(name) {
		p.Add("", "the name may have small letters, digits and hyphens only")
	}
	if e.Mode != "sandbox" && e.Mode != "live" {
		p.Add("mode", "is %q; write sandbox or live", e.Mode)
	}
	e.Dataverse.Validate(p.At("dataverse"), e.Live())
}

func (c *Config) validateAccount(p *field.Problems, name string) {
	a := c.Accounts[name]
	if !slug.MatchString(name) {
		p.Add("", "the name ends an address: small letters, digits and hyphens only")
	}
	e, ok := c.Environments[a.Environment]
	if !ok {
		p.Add("environment", "names %q, which is not among the environments", a.Environment)
	}
	switch {
	case a.Capture == "after_registration" && !a.Config.Reserves():
		p.Add("capture", "is after_registration; %s cannot reserve money first here: write before_registration", a.Config.Kind())
	case a.Capture != "" && a.Capture != "before_registration" && a.Capture != "after_registration":
		p.Add("capture", "is %q; write before_registration or after_registration", a.Capture)
	}
	validateReturn(p, "late", a.Late, a.Config.Reserves())
	validateReturn(p, "surplus", a.Surplus, a.Config.Reserves())
	a.Config.Validate(p, e.Live())
	problems := a.Settlement.Problems()
	for _, key := range slices.Sorted(maps.Keys(problems)) {
		p.Add("settlement."+key, "%s", problems[key])
	}
	a.Reference.Validate(p.At("reference"), a.Config.ReferenceFields())
}

// validateReturn: money goes back by itself only where we are able to move it at all.
func validateReturn(p *field.Problems, key, policy string, able bool) {
	switch {
	case policy == "refund" && !able:
		p.Add(key, "is refund; this account cannot send money back by itself: write desk")
	case policy != "" && policy != "desk" && policy != "refund":
		p.Add(key, "is %q; write desk or refund", policy)
	}
}

func checkSecret(p *field.Problems, key string, s field.Secret) {
	if _, err := s.Reveal(); err != nil {
		p.Add(key, "%v", err)
	}
}

// Secrets are all secret references that are set.
func (c *Config) Secrets() []field.Secret {
	secrets := slices.Clone(c.SealKeys)
	for _, e := range c.Environments {
		secrets = append(secrets, e.Dataverse.ClientSecret, e.Dataverse.ClientCertificate)
	}
	for _, a := range c.Accounts {
		secrets = append(secrets, a.Config.Secrets()...)
	}
	secrets = append(secrets, c.Messages.Secrets()...)
	return slices.DeleteFunc(secrets, field.Secret.IsZero)
}
