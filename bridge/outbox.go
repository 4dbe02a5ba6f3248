package bridge

import (
	"context"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// An Outbox is what a Store keeps of messages. What a fold newly proves is put into it by Keep, in the same transaction: a crash loses
// no message and sends none about what was not kept. It is sent at least once; whoever is sent the same twice knows it by its key.
//
// Nothing is sent about the past: neither what a route was switched on too late for, nor what older facts prove under newer rules.
type Outbox interface {
	// ClaimMessages takes back what a lease let go and hands out up to n messages of the channel that are due, each to one owner until the
	// lease ends. Of one purchase the earlier message is first: the next one is handed out only when it is settled for good.
	ClaimMessages(ctx context.Context, owner, channel string, n int, lease time.Duration) ([]Message, error)

	// SettleMessage says what became of a claimed message; Pending is for another try at s.Due. ErrLost means that the claim was no
	// longer ours and nothing was changed.
	SettleMessage(ctx context.Context, m Message, s MessageSettlement) error

	// Messages lists the outbox, latest first.
	Messages(ctx context.Context, q MessageQuery) ([]Message, error)

	// MessageBacklog sums up what is not settled, by channel. It reads, never locks.
	MessageBacklog(ctx context.Context) ([]MessageBacklog, error)

	// FindContact returns how the payer of the purchase can be reached; ErrNotFound if nobody said, and ErrErased if somebody did and it
	// was erased since.
	FindContact(ctx context.Context, key purchase.Key) (KnownContact, error)

	// KeepContact remembers how the payer can be reached. What Dynamics says stays where a provider says otherwise; what was erased
	// stays erased.
	KeepContact(ctx context.Context, key purchase.Key, c KnownContact) error

	// EraseContact forgets an address, the messages that wait to be sent to it, and every settled delivery that holds it or its payment.
	// ErrNotFound if nothing is known of the purchase, or of the address.
	EraseContact(ctx context.Context, e Erasure) (Erased, error)
}

// A Route says that notices of a kind, about purchases of an account, are told over a channel. Account "" is for those of no known account.
type Route struct {
	Environment string
	Account     string
	Kind        purchase.NoticeKind
	Channel     string
}

// The channels. A webhook's name follows its prefix.
const (
	MailToPayer     = "mail:payer"
	MailToOrganiser = "mail:organiser"
	WebhookPrefix   = "webhook:"
)

// A Message is a notice on its way over one channel.
type Message struct {
	Notice   purchase.Notice
	Channel  string
	Language string // the buyer's, as the redirect leg knew it; "" where nobody said
	// EventName is what the event is called as far as is known now, for people; the notice may be older than that.
	EventName string
	State     MessageState
	Result    string // of the last try: a closed word, never an address or a text of the other side
	Created   time.Time
	Due       time.Time
	Settled   time.Time // zero until it is settled for good
	Owner     string
	Attempt   int // counts claims; with Owner it fences SettleMessage
}

// MessageState says how far a message is.
type MessageState string

// The states of a message. Sent, GivenUp and Dropped are for good: the other side took it; it never did; nobody wants it any more.
const (
	MessagePending MessageState = "pending"
	MessageClaimed MessageState = "claimed"
	MessageSent    MessageState = "sent"
	MessageGivenUp MessageState = "given_up"
	MessageDropped MessageState = "dropped"
)

// A MessageSettlement ends a claim of a message.
type MessageSettlement struct {
	State  MessageState
	Result string
	Due    time.Time // MessagePending: not before
}

// A MessageQuery selects messages. Empty fields select everything.
type MessageQuery struct {
	Purchase string
	States   []MessageState
	Limit    int // 0: 100
}

// A MessageBacklog is what waits on one channel.
type MessageBacklog struct {
	Channel string
	Waiting int
	Oldest  time.Time
}

// A KnownContact is a contact and where it is from.
type KnownContact struct {
	purchase.Contact
	Source ContactSource
}

// ContactSource is who said how a payer can be reached.
type ContactSource string

// The sources of an address.
const (
	ContactOfDynamics ContactSource = "dynamics"
	ContactOfProvider ContactSource = "provider"
)

// An Erasure names what is to be forgotten: the payer of one purchase, or one address wherever it is kept.
type Erasure struct {
	Purchase purchase.Key
	Address  purchase.Address
}

// Erased is what was forgotten.
type Erased struct {
	Contacts   int // addresses
	Messages   int // that were still to be sent
	Deliveries int // bodies of notifications, quarantined ones too
	Waiting    int // deliveries that hold the address and still wait to be read; erase again when they are
}
