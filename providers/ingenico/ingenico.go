// Package ingenico is a merchant account at Ingenico, which is Worldline today, in all its generations: Worldline Direct, Worldline
// Connect (GlobalCollect) and Ogone e-Commerce. Direct and Connect sign webhooks and take JSON calls under the same two schemes; Ogone
// takes a signed form from the buyer's browser and answers with signed feedback.
package ingenico

import (
	"github.com/paybridge/paybridge/providers/protocol"
)

// The generations, as settings name them.
const (
	direct  = "direct"
	connect = "connect"
	ogone   = "ogone"
)

// Open makes the account: a *Worldline, a *DirectLink, or, at Ogone without credentials for DirectLink, an *Ogone, which hears proof
// only and cannot be asked.
func (c *Config) Open(o protocol.Options) (protocol.Account, error) {
	switch {
	case c.generation() != ogone:
		return NewWorldline(*c, o)
	case c.APIUser != "":
		return NewDirectLink(*c, o)
	}
	return NewOgone(*c, o)
}
