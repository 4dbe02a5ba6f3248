package purchase

import (
	"errors"
	"time"
)

// A Registration is what Dynamics lists of one purchase, or of one of its seats: a purchase may be listed once for each.
type Registration struct {
	Purchase   string    // PurchaseId, as ParseID writes it
	Price      Money     // unknown where the list does not say
	Registered bool      // it has its seats
	Seats      int       // how many, where the list says
	Created    time.Time // when the temporary registration was made, or the seat; Dynamics' own clock
}

// ErrUnlisted is wrapped where an environment does not let its registrations be listed, ever.
var ErrUnlisted = errors.New("registrations cannot be listed")
