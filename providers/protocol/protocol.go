// Package protocol is what the protocols of payment providers have in common: how a delivery's headers, fields and amounts are read,
// how the account's own calls are made, and how the ids of Dynamics travel. An adapter is made of these parts and of what only its
// provider does.
package protocol

import (
	"context"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
)

// A Section is a provider's part of an account's settings, and the maker of the account.
type Section interface {
	// Validate notes everything that is wrong with the section. It calls nobody.
	Validate(p *field.Problems, live bool)
	// Secrets are the secret references of the section, set or not.
	Secrets() []field.Secret
	// ReferenceFields are the fields of the provider's payments that can carry the organiser's ids.
	ReferenceFields() []string
	// Open makes the account from a section that was validated. It reads the files that the section names and calls nobody.
	Open(o Options) (Account, error)
}

// A Reserver is a section that knows whether its account can reserve money first, take it later and give it back. Others cannot.
type Reserver interface{ Reserves() bool }

// An Account reads deliveries; its other powers are found by type assertion. It is the bridge's Provider.
type Account interface {
	Read(ctx context.Context, d purchase.Delivery) (purchase.Reading, error)
}

// Options are what an account needs beside its section.
type Options struct {
	Account     string // its name, for the log
	Environment string // what its purchases belong to
	Live        bool
	Callback    string // our public address for the account's notifications
	// Seals seal what travels with an order and open what comes back. They are the environment's.
	Seals purchase.Seals
	// Locate reads references that are not ours. Nil: there are none.
	Locate Locate
	// Now is our time. Nil: time.Now.
	Now func() time.Time
	// Chance in [0,1) spreads repeats. Nil: the system's.
	Chance func() float64
	// HTTP makes the requests. Nil: the system's proxy and authorities, or the section's ca_file.
	HTTP http.RoundTripper
	// Log is told what nobody is there to return it to. Nil: nothing is logged.
	Log *zap.Logger
	// Metrics are told of every request. Nil: nothing is measured.
	Metrics Metrics
}

// Locate finds the organiser's ids in a payment whose fields it is handed a reader for. A field that is not there reads "".
type Locate func(field func(name string) string) purchase.Reference

// Filled are the options with the defaults in place.
func (o Options) Filled() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Metrics == nil {
		o.Metrics = unmeasured{}
	}
	return o
}

// Received is when a delivery came, so that one that is read again later is judged the same.
func (o Options) Received(d purchase.Delivery) time.Time {
	if d.Received.IsZero() {
		return o.Now()
	}
	return d.Received
}

// Mode is the account's mode in a word.
func (o Options) Mode() string {
	if o.Live {
		return "live"
	}
	return "sandbox"
}
