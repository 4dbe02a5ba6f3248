package store

import (
	"slices"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/paybridge/paybridge/bridge/purchase"
)

const (
	recalled    = 256 // purchases whose facts are at hand
	recalledFew = 128 // one with more facts is read anew each time
)

// A recall holds the facts of the purchases that are worked on, so that they need not be read again for every step. It cannot be
// stale: a head is made of all facts before it, so who has the head of now has the facts of now.
type recall struct {
	ledgers *lru.Cache[purchase.Key, recalledLedger]
}

type recalledLedger struct {
	head  string
	facts []purchase.Fact
}

func newRecall() recall {
	ledgers, err := lru.New[purchase.Key, recalledLedger](recalled)
	if err != nil { // only of a size below one
		panic(err)
	}
	return recall{ledgers}
}

// find returns the facts up to the head, oldest first; false if they are not at hand. They are everybody's: who hands them out of the
// store hands out a copy.
func (r recall) find(key purchase.Key, head string) ([]purchase.Fact, bool) {
	l, ok := r.ledgers.Get(key)
	if !ok || l.head != head {
		return nil, false
	}
	return l.facts, true
}

// put remembers the facts up to the head.
func (r recall) put(key purchase.Key, head string, facts []purchase.Fact) {
	if head == "" || len(facts) > recalledFew {
		return
	}
	r.ledgers.Add(key, recalledLedger{head, slices.Clip(facts)})
}
