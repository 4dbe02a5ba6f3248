// Package providers is the one list of payment providers: what an account's section may be, and how an account is made from it. A new
// provider is a package beside this file and a line in it.
package providers

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/paypal"
)

// The providers, as settings, metrics and the console name them.
const PayPal = "paypal"

// Kinds are the providers there are.
func Kinds() []string { return []string{PayPal} }

// Config is the provider's section of an account, under the provider's name. There is exactly one.
type Config struct {
	// PayPal: REST app (Orders v2 and webhooks), or IPN.
	PayPal *paypal.Config `yaml:"paypal"`
}

// Kind is the name of the provider whose section there is, "" if there is none.
func (c Config) Kind() string {
	if c.PayPal != nil {
		return PayPal
	}
	return ""
}

// Secrets are the section's secret references that are set.
func (c Config) Secrets() []field.Secret {
	if c.PayPal != nil && c.PayPal.ClientSecret.IsSet() {
		return []field.Secret{c.PayPal.ClientSecret}
	}
	return nil
}

// Validate notes everything that is wrong with the section.
func (c Config) Validate(p *field.Problems, live bool) {
	if c.PayPal == nil {
		p.Add("", "names no provider; add a paypal section")
		return
	}
	c.PayPal.Validate(p.At(PayPal), live)
}

// Options are what an account needs beside its section.
type Options struct {
	Account     string // its name
	Environment string // the name of the Dynamics environment that it sells for
	Live        bool
	Reference   Reference
	Seals       purchase.Seals   // of the whole installation
	Now         func() time.Time // nil: time.Now
	HTTP        http.RoundTripper
	Log         *zap.Logger
	Metrics     *Metrics // nil: nothing is measured
}

// Open makes the account. It reads the files that the section names and calls nobody.
func Open(c Config, o Options) (bridge.Provider, error) {
	locate, err := o.Reference.compile()
	if err != nil {
		return nil, err
	}
	if c.PayPal == nil {
		return nil, errors.New("the account names no provider")
	}
	options := paypal.Options{Account: o.Account, Environment: o.Environment, Live: o.Live, Now: o.Now, HTTP: o.HTTP,
		Seals: o.Seals.For(o.Environment), Locate: locate, Log: o.Log}
	if o.Metrics != nil {
		options.Metrics = o.Metrics.account(PayPal, o.Account)
	}
	account, err := paypal.New(*c.PayPal, options)
	if err != nil {
		return nil, fmt.Errorf("open the account at paypal: %w", err)
	}
	return account, nil
}
