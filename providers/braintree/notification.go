package braintree

import (
	"slices"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// A notification is what a payload says: what happened when, and to what.
type notification struct {
	at      time.Time
	kind    string
	subject *element
}

func readNotification(payload []byte) (notification, error) {
	root, err := parse(payload)
	if err != nil || root.name != "notification" || root.doubled() {
		return notification{}, protocol.NotUnderstood("the payload is not a notification")
	}
	at, err := time.Parse(time.RFC3339, root.get("timestamp"))
	if err != nil {
		return notification{}, protocol.NotUnderstood("the time of a notification")
	}
	n := notification{at: at, kind: root.get("kind"), subject: root.in("subject")}
	if n.kind == "" || n.subject.doubled() {
		return notification{}, protocol.NotUnderstood("the subject of a notification")
	}
	return n, nil
}

// unmoving are kinds about transactions that tell nothing of money: a review has its own subject.
var unmoving = []string{"transaction_reviewed"}

// tell goes by the kind. One of a family that is not about payments tells nothing.
//
// Source: Braintree, webhook reference, notification kinds.
func (b *Braintree) tell(n notification) ([]purchase.Fact, error) {
	family, _, _ := strings.Cut(n.kind, "_")
	switch {
	case slices.Contains(unmoving, n.kind):
		return nil, nil
	case family == "transaction" || family == "refund":
		return b.transactionFacts(n.subject.in("transaction"))
	case family == "dispute":
		return b.disputeFacts(n.subject.in("dispute"))
	}
	return nil, nil
}

// elsewhere tells whether the merchant account is one that sells for somebody else.
func (b *Braintree) elsewhere(account string) bool {
	return len(b.config.MerchantAccounts) > 0 && !slices.Contains(b.config.MerchantAccounts, account)
}
