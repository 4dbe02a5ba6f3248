// Package redsys is a merchant terminal at Redsys: it leads buyers to the pay page by a signed form, and reads the signed
// notifications that Redsys posts. It asks for nothing and changes nothing at Redsys: money is given back in the merchant portal.
package redsys

import (
	"context"
	"crypto/cipher"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Redsys is one terminal. It is safe for concurrent use.
type Redsys struct {
	protocol.Options
	config Config
	key    cipher.Block // of the terminal; the keys of orders are made with it
	page   string       // where the form is posted
}

// New makes the account from a section that was validated. It reads the key and calls nobody.
func New(c Config, o protocol.Options) (*Redsys, error) {
	key, err := c.key(o.Live)
	if err != nil {
		return nil, err
	}
	page, err := c.page(o.Live)
	if err != nil {
		return nil, err
	}
	return &Redsys{Options: o.Filled(), config: c, key: key, page: page}, nil
}

// Read authenticates a notification and says what it means. The parameters are signed whole, so what they say is proof; the name of
// the scheme beside them is not signed and must be the one that is known here, and further fields are not looked at. The mode is
// proved by the key: test and live have different ones. A notification that comes again tells what it told before.
//
// Redsys says when something happened by the minute and without a zone, so facts have no time, and a notification does not grow old.
// It tells of no chargebacks. It is not said to repeat a notification that nobody took: what is lost shows in the merchant portal only.
func (r *Redsys) Read(_ context.Context, d purchase.Delivery) (purchase.Reading, error) {
	if err := protocol.Sized(d); err != nil {
		return purchase.Reading{}, err
	}
	p, err := r.check(d.Body)
	if err != nil {
		return purchase.Reading{}, err
	}
	facts, err := r.facts(p)
	return purchase.Reading{Facts: facts}, err
}
