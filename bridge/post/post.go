package post

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
)

// Options is what Post is made of.
type Options struct {
	Config       Config
	Outbox       bridge.Outbox
	Environments []bridge.Environment
	Clock        bridge.Clock
	Chance       bridge.Chance
	Owner        string // names this node in leases
	Log          *zap.Logger
	Registerer   prometheus.Registerer
}

// A Post sends what the outbox holds, a goroutine for each channel: one that is slow or away holds up no other.
type Post struct {
	Options
	texts      texts
	registrars map[string]bridge.Registrar
	live       map[string]bool
	lanes      []*lane
	metrics    *metrics
}

const (
	batch  = 8
	lease  = 10 * time.Minute // outlasts a batch of which each message takes as long as it may
	rest   = time.Second
	enough = time.Minute // a message whose lease ends sooner is left to the next claim
)

// New makes a Post; it asks nobody anything yet. The settings must be valid.
func New(o Options) (*Post, error) {
	all, mistakes := readTexts(o.Config.Templates)
	if err := errors.Join(mistakes...); err != nil {
		return nil, fmt.Errorf("read the texts of the messages: %w", err)
	}
	p := &Post{Options: o, texts: all, registrars: map[string]bridge.Registrar{}, live: map[string]bool{}, metrics: newMetrics(o.Registerer, o.Outbox)}
	for _, e := range o.Environments {
		p.registrars[e.Name], p.live[e.Name] = e.Registrar, e.Live
	}
	for _, channel := range o.Config.channels() {
		l, err := p.lane(channel)
		if err != nil {
			return nil, fmt.Errorf("channel %s: %w", channel, err)
		}
		p.lanes = append(p.lanes, l)
	}
	return p, nil
}

// A lane is one channel and how far it is.
type lane struct {
	channel string
	mailer  *mailer
	hook    *hook
	outages int // in a row
}

func (p *Post) lane(channel string) (l *lane, err error) {
	l = &lane{channel: channel}
	if name, ok := strings.CutPrefix(channel, bridge.WebhookPrefix); ok {
		l.hook, err = newHook(p.Config.Webhooks[name], p.live, p.Clock.Now)
		return l, err
	}
	l.mailer, err = newMailer(p.Config, p.Clock.Now)
	return l, err
}

// Run sends until the context is done; the message in hand is finished, the others are given back.
func (p *Post) Run(ctx context.Context) error {
	var lanes sync.WaitGroup
	for _, l := range p.lanes {
		lanes.Go(func() { p.runLane(ctx, l) })
	}
	lanes.Wait()
	return nil
}

func (p *Post) runLane(ctx context.Context, l *lane) {
	for ctx.Err() == nil {
		n, pause := p.turn(ctx, l)
		if n == batch && pause == 0 {
			continue
		}
		_ = p.Clock.Sleep(ctx, max(pause, rest))
	}
}

// turn claims some messages of a channel and sends them. It says how many there were, and how long to leave the channel alone.
func (p *Post) turn(ctx context.Context, l *lane) (n int, pause time.Duration) {
	began := p.Clock.Now()
	messages, err := p.Outbox.ClaimMessages(ctx, p.Owner, l.channel, batch, lease)
	if err != nil {
		if ctx.Err() == nil {
			p.Log.Error("claiming messages failed", zap.Error(err))
		}
		return 0, 0
	}
	if l.mailer != nil {
		defer l.mailer.close()
	}
	ending := ctx
	ctx = context.WithoutCancel(ctx)
	for _, m := range messages {
		if pause > 0 || ending.Err() != nil || p.Clock.Now().After(began.Add(lease-enough)) {
			p.settle(ctx, m, result{state: bridge.MessagePending, word: m.Result, after: pause})
			continue
		}
		r := p.send(ctx, l, m)
		if pause = l.outage(r); pause > 0 {
			p.complain(l, r, pause)
			r.after = pause
		}
		p.conclude(ctx, m, r)
	}
	return len(messages), pause
}

// outage says how long to leave a channel alone whose other side is away: 5, 10, 20 … seconds up to five minutes.
func (l *lane) outage(r result) time.Duration {
	if !r.away {
		l.outages = 0
		return 0
	}
	l.outages++
	return min(5*time.Second<<min(l.outages-1, 6), 5*time.Minute)
}

// complain: what is only away comes back by itself; who turns us away wants other settings.
func (p *Post) complain(l *lane, r result, pause time.Duration) {
	log := p.Log.With(zap.String("step", l.channel), zap.String("cause", r.word), zap.Duration("after", pause))
	switch r.word {
	case "no_connection", "no_answer", "timeout":
		log.Warn("messages cannot be sent and will be tried again")
	default:
		log.Error("messages are turned away; somebody must look at the settings")
	}
}

// send is one try to send one message.
func (p *Post) send(ctx context.Context, l *lane, m bridge.Message) result {
	switch l.channel {
	case bridge.MailToPayer:
		return p.mailPayer(ctx, l.mailer, m)
	case bridge.MailToOrganiser:
		return p.mailOrganiser(ctx, l.mailer, m)
	}
	return l.hook.send(ctx, m.Notice)
}

// conclude settles a message by what became of the try, and says so.
func (p *Post) conclude(ctx context.Context, m bridge.Message, r result) {
	log := p.Log.With(zap.String("environment", m.Notice.Purchase.Environment), zap.String("purchase", m.Notice.Purchase.ID),
		zap.String("step", string(m.Notice.Kind)), zap.Int("attempt", m.Attempt), zap.String("cause", r.word))
	if r.state == bridge.MessagePending && !p.Clock.Now().Before(m.Created.Add(p.Config.GiveUpAfter.Or(usualGiveUp))) {
		r.state = bridge.MessageGivenUp
	}
	switch r.state {
	case bridge.MessageSent:
		log.Info("message sent")
	case bridge.MessageGivenUp:
		log.Error("message is given up; tell the person by another way")
	case bridge.MessageDropped:
		log.Info("message is not sent: nobody is there to read it")
	}
	if !r.away {
		r.after = max(r.after, p.backoff(m))
	}
	if p.settle(ctx, m, r) {
		p.metrics.concluded(m, r.state)
	}
}

// backoff is half the age of the message, from 30 seconds up to an hour, and spread over a fifth. Claims that came to nothing because the
// whole channel was away do not count.
func (p *Post) backoff(m bridge.Message) time.Duration {
	pause := min(max(p.Clock.Now().Sub(m.Created)/2, 30*time.Second), time.Hour)
	return pause + time.Duration(float64(pause)*p.Chance.Float64()/5)
}

func (p *Post) settle(ctx context.Context, m bridge.Message, r result) bool {
	err := p.Outbox.SettleMessage(ctx, m, bridge.MessageSettlement{State: r.state, Result: r.word, Due: p.Clock.Now().Add(r.after)})
	if err != nil {
		p.Log.Warn("a message could not be settled; it may be sent again", zap.String("purchase", m.Notice.Purchase.ID),
			zap.String("step", string(m.Notice.Kind)), zap.Error(err))
	}
	return err == nil
}

func (p *Post) mailPayer(ctx context.Context, via *mailer, m bridge.Message) result {
	contact, not := p.payer(ctx, m)
	if not != nil {
		return *not
	}
	written, err := p.write(m, cmp.Or(m.Language, contact.Language, p.Config.Accounts[m.Notice.Account].Language, p.Config.Language), via)
	if err != nil {
		return p.unwritten(m, err)
	}
	return via.send(ctx, mailing{to: contact.Address, key: m.Notice.Key, letter: written})
}

// mailOrganiser writes to each address by itself: one that is dead keeps the others from nothing. It is sent when anybody took it.
func (p *Post) mailOrganiser(ctx context.Context, via *mailer, m bridge.Message) result {
	written, err := p.write(m, p.Config.Language, via)
	if err != nil {
		return p.unwritten(m, err)
	}
	verdict := never("no_address")
	for _, address := range p.Config.Organiser {
		r := via.send(ctx, mailing{to: addressOf(address), key: m.Notice.Key, letter: written})
		switch {
		case r.state == bridge.MessageSent:
			verdict = r
		case verdict.state != bridge.MessageSent && r.state != bridge.MessageGivenUp:
			verdict = r
		case verdict.word == "no_address":
			verdict = r
		}
	}
	return verdict
}

// unwritten: a text of the organiser's own that cannot be filled in is mended by a person, and then tried again.
func (p *Post) unwritten(m bridge.Message, err error) result {
	p.Log.Error("the text of a message cannot be filled in; correct it and start again", zap.String("step", string(m.Notice.Kind)), zap.Error(err))
	return again("bad_text")
}

// write writes the mail. What is no real sale says so.
func (p *Post) write(m bridge.Message, language string, via *mailer) (letter, error) {
	m.Notice.EventName = cmp.Or(m.Notice.EventName, m.EventName)
	l, err := p.texts.write(m.Notice.Kind, language, func(language string) Text { return textOf(m.Notice, via.from.Name, language) })
	if !p.live[m.Notice.Purchase.Environment] {
		l.subject = "[TEST] " + l.subject
	}
	return l, err
}
