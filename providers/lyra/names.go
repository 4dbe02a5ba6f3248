package lyra

import "regexp"

// sessions are the order ids of our own pay pages: the purchase, and a mark that tells its pages apart.
var sessions = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-[0-9a-z]{10}$`)

const idLength = 36

func isSession(orderID string) bool { return sessions.MatchString(orderID) }

// names are what payments are called by. One of ours is called by its order id. Other pages may use an order id again, so their
// payments are called by the first of their debits in alphabetical order, which is the same whoever lists them.
type names struct {
	usual  string
	ours   bool
	debits map[uuid]bool
}

func namesOf(orderID string, all []transaction) names {
	if isSession(orderID) {
		return names{usual: orderID, ours: true}
	}
	n := names{debits: map[uuid]bool{}}
	for _, t := range all {
		if t.credit() || !t.UUID.ok() {
			continue
		}
		n.debits[t.UUID] = true
		if n.usual == "" || string(t.UUID) < n.usual {
			n.usual = string(t.UUID)
		}
	}
	return n
}

// of is what the payment of a transaction is called by. A refund alone says what it gives back; where it does not, its payment is not
// known.
func (n names) of(t transaction) (payment string, known bool) {
	parent := t.Details.Parent
	switch {
	case t.credit() && !n.ours && parent.ok() && !n.debits[parent]:
		return string(parent), true
	case n.usual != "":
		return n.usual, true
	}
	return string(t.UUID), false
}
