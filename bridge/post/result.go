package post

import (
	"time"

	"github.com/paybridge/paybridge/bridge"
)

// A result is what became of one try to send a message.
type result struct {
	state bridge.MessageState // MessagePending: try again
	word  string              // a closed word for people: "smtp_550", "http_503"
	after time.Duration       // not before, if the other side said so
	away  bool                // it is the other side that is away or does not want us at all, and not this message
}

func sent() result               { return result{state: bridge.MessageSent, word: "sent"} }
func again(word string) result   { return result{state: bridge.MessagePending, word: word} }
func away(word string) result    { return result{state: bridge.MessagePending, word: word, away: true} }
func never(word string) result   { return result{state: bridge.MessageGivenUp, word: word} }
func dropped(word string) result { return result{state: bridge.MessageDropped, word: word} }
