package adyen

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A payment of ours goes by the merchantReference that we give to its link, because that is what is signed in messages and shown by the
// link: our sealed reference, and after it what tells it from the purchase's other payments. The same purchase has the same seal.
//
//	SEAL.pXXXXXX  a link
//	SEAL.rXXXXXX  a link by which the money is only reserved, until we capture it
//	SEAL.mXXXXXX  a modification of ours
const (
	maxReference = 80
	markSize     = 8
	maxSeal      = maxReference - markSize // the seal with the contact fits in exactly

	pays     = "p"
	reserves = "r"
	modifies = "m"
)

var references = regexp.MustCompile(`^([A-Za-z0-9_-]{51,72})\.([prm])[0-9a-f]{6}$`)

// A mark is what a reference of ours tells by its looks. Of a reference that is not ours it is empty.
type mark struct{ seal, kind string }

func markOf(reference string) mark {
	if m := references.FindStringSubmatch(reference); m != nil {
		return mark{m[1], m[2]}
	}
	return mark{}
}

// ours tells whether it is a link of ours.
func (m mark) ours() bool { return m.kind == pays || m.kind == reserves }

// newReference makes the reference of what goes by the key.
func newReference(seal, kind, key string) string {
	sum := sha256.Sum256([]byte(key))
	if seal == "" { // a payment of the organiser's page
		return "paybridge." + kind + hex.EncodeToString(sum[:16])
	}
	return seal + "." + kind + hex.EncodeToString(sum[:3])
}

// linkReference is that of a link for an order. A repeat of the order with another way back is another link.
func linkReference(seals purchase.Seals, o purchase.Order) (string, error) {
	seal, err := seals.Seal(o.Reference, maxSeal)
	if err != nil {
		return "", err
	}
	kind := pays
	if o.Reserve {
		kind = reserves
	}
	return newReference(seal, kind, o.Key+" "+o.Return), nil
}
