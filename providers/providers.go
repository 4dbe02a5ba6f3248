// Package providers is the one list of payment providers: what an account's section may be, and how an account is made from it. A new
// provider is a package beside this file and a line in Config.
package providers

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/adyen"
	"github.com/paybridge/paybridge/providers/braintree"
	"github.com/paybridge/paybridge/providers/generic"
	"github.com/paybridge/paybridge/providers/ingenico"
	"github.com/paybridge/paybridge/providers/invoice"
	"github.com/paybridge/paybridge/providers/lyra"
	"github.com/paybridge/paybridge/providers/mollie"
	"github.com/paybridge/paybridge/providers/monetico"
	"github.com/paybridge/paybridge/providers/paypal"
	"github.com/paybridge/paybridge/providers/protocol"
	"github.com/paybridge/paybridge/providers/redsys"
	"github.com/paybridge/paybridge/providers/sips"
	"github.com/paybridge/paybridge/providers/stripe"
)

// Config is the provider's section of an account, under the provider's name. There is exactly one. The key is the provider's name in
// settings, metrics and the console.
type Config struct {
	PayPal    *paypal.Config    `yaml:"paypal,omitempty"`    // REST app (Orders v2 and webhooks), or IPN
	Stripe    *stripe.Config    `yaml:"stripe,omitempty"`    // Checkout Sessions and PaymentIntents
	Monetico  *monetico.Config  `yaml:"monetico,omitempty"`  // Monetico Paiement, Crédit Mutuel and CIC
	Sips      *sips.Config      `yaml:"sips,omitempty"`      // Worldline Sips 2.0, Mercanet: payment page and Sips Office
	Redsys    *redsys.Config    `yaml:"redsys,omitempty"`    // form to the pay page and signed notifications
	Braintree *braintree.Config `yaml:"braintree,omitempty"` // signed webhooks only
	Adyen     *adyen.Config     `yaml:"adyen,omitempty"`     // standard webhook and payment links
	Lyra      *lyra.Config      `yaml:"lyra,omitempty"`      // PayZen, Systempay, Sogecommerce, Scellius and other banks' names
	Mollie    *mollie.Config    `yaml:"mollie,omitempty"`    // payments, by classic webhooks or signed events
	Generic   *generic.Config   `yaml:"generic,omitempty"`   // signed notifications of any provider, by settings
	Ingenico  *ingenico.Config  `yaml:"ingenico,omitempty"`  // Worldline Direct, Worldline Connect, Ogone e-Commerce
	Invoice   *invoice.Config   `yaml:"invoice,omitempty"`   // on invoice, paid later by a bank transfer; nobody outside
}

// sections are the sections by their keys, those that are not there as well: then the Section is nil.
func (c Config) sections() map[string]protocol.Section {
	all := map[string]protocol.Section{}
	v := reflect.ValueOf(c)
	for i := range v.NumField() {
		key, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		all[key] = nil
		if !v.Field(i).IsNil() {
			all[key] = v.Field(i).Interface().(protocol.Section)
		}
	}
	return all
}

// Kinds are the names of the providers there are.
func Kinds() []string { return slices.Sorted(maps.Keys(Config{}.sections())) }

// present are the names of the sections that are there.
func (c Config) present() []string {
	sections := c.sections()
	maps.DeleteFunc(sections, func(_ string, s protocol.Section) bool { return s == nil })
	return slices.Sorted(maps.Keys(sections))
}

// Kind is the name of the provider whose section there is, "" if there is none or more than one.
func (c Config) Kind() string {
	if names := c.present(); len(names) == 1 {
		return names[0]
	}
	return ""
}

// section is the one that is there.
func (c Config) section() protocol.Section { return c.sections()[c.Kind()] }

// Secrets are the section's secret references that are set.
func (c Config) Secrets() []field.Secret {
	if c.section() == nil {
		return nil
	}
	return slices.DeleteFunc(c.section().Secrets(), field.Secret.IsZero)
}

// ReferenceFields are the fields of the provider's payments that can carry the organiser's ids.
func (c Config) ReferenceFields() []string {
	if c.section() == nil {
		return nil
	}
	return c.section().ReferenceFields()
}

// Reserves tells whether the account can reserve money first, take it once the seat is there, and give it back where there is none.
func (c Config) Reserves() bool {
	r, ok := c.section().(protocol.Reserver)
	return ok && r.Reserves()
}

// Terms are how the account sells on invoice; ok is false for accounts that do not.
func (c Config) Terms() (t purchase.Terms, ok bool) {
	if c.Kind() != "invoice" {
		return purchase.Terms{}, false
	}
	return c.Invoice.Terms(), true
}

// Validate notes everything that is wrong with the section.
func (c Config) Validate(p *field.Problems, live bool) {
	switch names := c.present(); len(names) {
	case 0:
		p.Add("", "names no provider; add one section of %s", strings.Join(Kinds(), ", "))
	case 1:
		c.section().Validate(p.At(c.Kind()), live)
	default:
		p.Add("", "names %s; an account is of one provider", strings.Join(names, " and "))
	}
}

// Options are what an account needs beside its section.
type Options struct {
	protocol.Options
	Seals     purchase.Seals // of the whole installation
	Reference Reference
	Metrics   *Metrics // nil: nothing is measured
}

// Open makes the account. It reads the files that the section names and calls nobody.
func Open(c Config, o Options) (bridge.Provider, error) {
	section := c.section()
	if section == nil {
		return nil, errors.New("the account names no provider, or more than one")
	}
	locate, err := o.Reference.compile()
	if err != nil {
		return nil, err
	}
	of := o.Options
	of.Seals, of.Locate = o.Seals.For(of.Environment), locate
	if o.Metrics != nil {
		of.Metrics = o.Metrics.account(c.Kind(), of.Account)
	}
	account, err := section.Open(of)
	if err != nil {
		return nil, fmt.Errorf("open the account at %s: %w", c.Kind(), err)
	}
	return account, nil
}
