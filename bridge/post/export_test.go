package post

import (
	"context"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// Turn lets each channel send once what is due, and says how long the longest of them wants to be left alone.
func (p *Post) Turn(ctx context.Context) (pause time.Duration) {
	for _, l := range p.lanes {
		_, wants := p.turn(ctx, l)
		pause = max(pause, wants)
	}
	return pause
}

// Write renders a text as it would be sent.
func Write(n purchase.Notice, language string) (subject, body string, err error) {
	all, _ := readTexts("")
	l, err := all.write(n.Kind, language, func(language string) Text { return textOf(n, "Contoso Events", language) })
	return l.subject, l.body, err
}

// Sign is the signature header of a webhook with these keys.
func Sign(keys [][]byte, id string, at time.Time, body []byte) string {
	return (&hook{keys: keys}).sign(id, at, body)
}

// HookKey reads a secret.
var HookKey = hookKey
