// Package invoice is an account that sells on invoice: the buyer asks for one on a page of ours and pays it later by a bank transfer,
// which a person sees and says. There is no provider outside; nobody sends us anything, and nobody can be asked.
package invoice

import (
	"slices"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Config is the section "invoice" of an account.
type Config struct {
	// Finalize says what the request for an invoice is worth: at_once, the registration is finalized before the invoice is paid (the
	// default); on_approval, when a person has approved it with paybridge invoice approve. An approval that comes after Dynamics' time is
	// for the desk.
	Finalize string `yaml:"finalize,omitempty"`
	// Due is how long after the request the invoice is to be paid. Default: 30d.
	Due field.Days `yaml:"due,omitempty"`
	// Grace is how long after that an invoice that is not paid waits before a person sees it on the desk. Default: 7d.
	Grace field.Days `yaml:"grace,omitempty"`
	// Reminders are when the payer is reminded, counted from the request. Default: 14d and 30d.
	Reminders []field.Days `yaml:"reminders,omitempty"`
}

const (
	atOnce     = "at_once"
	onApproval = "on_approval"

	day          = 24 * time.Hour
	defaultDue   = 30 * day
	defaultGrace = 7 * day
	mostDays     = 366 * day
)

// Terms are the settings with the defaults filled in.
func (c *Config) Terms() purchase.Terms {
	t := purchase.Terms{AtOnce: c.Finalize != onApproval, Due: c.Due.Or(defaultDue), Grace: c.Grace.Or(defaultGrace)}
	for _, r := range c.Reminders {
		t.Reminders = append(t.Reminders, time.Duration(r))
	}
	if c.Reminders == nil {
		t.Reminders = []time.Duration{14 * day, 30 * day}
	}
	t.Reminders = slices.DeleteFunc(t.Reminders, func(d time.Duration) bool { return d >= t.Due+t.Grace }) // a person has it by then
	return t
}

// Validate notes everything that is wrong with the section.
func (c *Config) Validate(p *field.Problems, _ bool) {
	if !slices.Contains([]string{"", atOnce, onApproval}, c.Finalize) {
		p.Add("finalize", "is %q; write at_once or on_approval", c.Finalize)
	}
	for _, d := range []struct {
		key   string
		value field.Days
	}{{"due", c.Due}, {"grace", c.Grace}} {
		if d.value < 0 || time.Duration(d.value) > mostDays {
			p.Add(d.key, "must be between 1d and 366d")
		}
	}
	before := field.Days(0)
	for _, r := range c.Reminders {
		if r <= before || time.Duration(r) > mostDays {
			p.Add("reminders", "must be in ascending order, each between 1d and 366d; write them like [14d, 30d]")
			return
		}
		before = r
	}
}

// Secrets: there are none.
func (c *Config) Secrets() []field.Secret { return nil }

// ReferenceFields: nothing is notified.
func (c *Config) ReferenceFields() []string { return nil }

// Open makes the account.
func (c *Config) Open(protocol.Options) (protocol.Account, error) { return account{}, nil }
