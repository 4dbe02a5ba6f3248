package main

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
	"github.com/paybridge/paybridge/providers/providersim"
)

// A play is one case while it happens.
type play struct {
	*stage
	story    story
	t        *testing.T
	purchase string
	price    string
	leads    string // where Dynamics sends the buyer
	born     time.Time
	at       *shop // where the buyer is
	page     webPage
	home     string            // the return page, once the buyer has one
	closed   bool              // the buyer's browser
	slow     time.Duration     // how long the buyer stays at the provider after paying
	abroad   *dataversesim.Sim // another organisation that sells, nobody of ours
	payments []paid            // in the order in which they were made
	saw      string            // what the buyer read last
}

// paid is one payment that somebody began.
type paid struct {
	shop *shop
	id   string
}

const (
	caseWindow = 50 * time.Minute
	settling   = 2 * time.Hour // after its deadline a purchase has long come to rest
)

// breath is between two lines: what the daemon does at once is done by then, so that no two things happen at the same instant.
const breath = time.Second

// A verb is a line of a script: its first words, and what it does. What it returns is what the buyer reads, "" for nothing new.
type verb struct {
	words string
	do    func(*play, context.Context, string) (string, error)
}

// verbs are the language of the cases; the longest words that fit are meant.
func verbs() []verb {
	return []verb{
		{"register", (*play).registers},
		{"open", (*play).opens},
		{"pay", presses("pay")},
		{"decline", presses("decline")},
		{"pend", presses("pend")},
		{"cancel", presses("cancel")},
		{"look", (*play).looks},
		{"register elsewhere", (*play).registersElsewhere},
		{"the buyer comes back", (*play).dawdles},
		{"back office takes", func(p *play, _ context.Context, value string) (string, error) {
			return "", p.at.Simulator.(interface{ Take(id, value string) error }).Take(p.last().id, value)
		}},
		{"the buyer closes the browser", func(p *play, _ context.Context, _ string) (string, error) { p.closed = true; return "", nil }},
		{"buy", (*play).buys},
		{"settle", (*play).settles},
		{"refund", gives(false)},
		{"chargeback", gives(true)},
		{"forge", (*play).forges},
		{"wait", (*play).waits},
		{"notifications", (*play).posts},
		{"dynamics", (*play).dynamicsFails},
		{"dynamics charges", (*play).reprices},
		{"dynamics recovers", func(p *play, _ context.Context, _ string) (string, error) { p.dynamics.ClearFaults(); return "", nil }},
		{"provider", (*play).providerFails},
		{"provider recovers", func(p *play, _ context.Context, _ string) (string, error) { p.at.ClearFaults(); return "", nil }},
		{"the organiser registers by hand", func(p *play, _ context.Context, _ string) (string, error) { return "", p.dynamics.Seat(p.purchase) }},
		{"the reservation lapses", (*play).lapses},
		{"desk", (*play).decides},
		{"crash at", (*play).crashes},
		{"crash", func(p *play, _ context.Context, _ string) (string, error) { p.daemon().die(); return "", nil }},
	}
}

// perform plays every line, and says what the buyer read at each.
func (p *play) perform(ctx context.Context) (told []string) {
	all := verbs()
	for _, line := range p.story.Lines {
		var found verb
		for _, v := range all {
			if (line == v.words || strings.HasPrefix(line, v.words+" ")) && len(v.words) > len(found.words) {
				found = v
			}
		}
		if found.do == nil {
			p.t.Fatalf("nobody knows how to %q", line)
		}
		saw, err := found.do(p, ctx, strings.TrimSpace(strings.TrimPrefix(line, found.words)))
		if err != nil {
			p.t.Fatalf("%s: %v", line, err)
		}
		if saw != "" {
			line = fmt.Sprintf("%-44s -> %s", line, saw)
			if !strings.HasPrefix(line, "desk") {
				p.saw = saw
			}
		}
		told = append(told, line)
		_ = p.clock.Sleep(ctx, breath)
	}
	return told
}

// registers: "register", "register 3 people".
func (p *play) registers(_ context.Context, how string) (string, error) {
	people := 1
	if first, _, ok := strings.Cut(how, " "); ok {
		people, _ = strconv.Atoi(first)
	}
	var attendees []dataversesim.Attendee
	for i := range people {
		attendees = append(attendees, dataversesim.Attendee{FirstName: "Camille", LastName: fmt.Sprint("Case-", i), Email: fmt.Sprintf("c%d@example.org", i), PassID: p.event.Passes[0].ID})
	}
	id, leads, err := p.dynamics.Register(p.event.ReadableID, attendees, "")
	if err != nil {
		return "", err
	}
	q, err := url.Parse(leads)
	if err != nil {
		return "", err
	}
	p.purchase, p.leads, p.born = id, p.public+"/pay/"+p.at.account()+"?purchaseId="+id+"&lang=en", p.clock.Now()
	if q.Query().Get("purchaseId") == "" && !p.outbound {
		return "", errors.New("Dynamics names no purchase")
	}
	made, _ := p.dynamics.Purchase(id)
	p.price = made.Amount
	return "", nil
}

// registersElsewhere is a registration at an organisation that is not in the settings.
func (p *play) registersElsewhere(ctx context.Context, how string) (string, error) {
	ours := p.dynamics
	p.abroad = dataversesim.New(dataversesim.Config{Now: p.clock.Now, Window: caseWindow, Events: []dataversesim.Event{p.event},
		OrganizationID: "11111111-2222-4333-8444-555555555555"})
	p.dynamics = p.abroad
	defer func() { p.dynamics = ours }()
	return p.registers(ctx, how)
}

// dawdles: "the buyer comes back 10s later".
func (p *play) dawdles(_ context.Context, how string) (string, error) {
	d, err := time.ParseDuration(strings.TrimSuffix(how, " later"))
	p.slow = d
	return "", err
}

// opens: "open", "open at stripe".
func (p *play) opens(ctx context.Context, where string) (string, error) {
	if name, ok := strings.CutPrefix(where, "at "); ok {
		p.at = p.shop(name)
	}
	address, err := url.Parse(p.leads)
	if err != nil {
		return "", err
	}
	address.Path = "/pay/" + p.at.account()
	page, err := p.browse(ctx, address.String(), nil, nil)
	switch {
	case err != nil:
		return "no answer", nil
	case page.Payment == "":
		return p.read(ctx, page.Address.String())
	}
	p.page, p.closed = page, false
	again := slices.ContainsFunc(p.payments, func(o paid) bool { return o.id == page.Payment })
	switch {
	case page.Action == "":
		return "a pay page of " + p.at.Name + " that has ended", nil
	case again:
		return "the same pay page of " + p.at.Name, nil
	}
	p.paidAt(page.Payment)
	return "a pay page of " + p.at.Name, nil
}

func (p *play) paidAt(id string) {
	p.payments = append(p.payments, paid{p.at, id})
	p.at.pays(id, p.purchase)
}

// presses is a button of the pay page; the buyer then reads whatever page that leads to.
func presses(button string) func(*play, context.Context, string) (string, error) {
	return func(p *play, ctx context.Context, _ string) (string, error) {
		stop := func(u *url.URL) bool { return u.Host == stageHost }
		back, err := p.browse(ctx, p.page.Action, url.Values{"action": {button}}, stop)
		switch {
		case err != nil:
			return "no answer", nil
		case back.Address.Host != stageHost:
			if back.Payment != "" {
				return "the pay page again", nil
			}
			return fmt.Sprintf("%s says no (%d)", p.at.Name, back.Status), nil
		case p.closed:
			return "", nil
		}
		if err := p.clock.Sleep(ctx, p.slow); err != nil {
			return "", err
		}
		p.home = back.Address.String()
		return p.read(ctx, p.home)
	}
}

func (p *play) looks(ctx context.Context, _ string) (string, error) {
	if p.home == "" {
		return "nothing", nil
	}
	return p.read(ctx, p.home)
}

var heading = regexp.MustCompile(`<h1>([^<]*)</h1>`)

// read is the headline of a page.
func (p *play) read(ctx context.Context, address string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	resp, err := p.browser.Do(req)
	if err != nil {
		return "no answer", nil
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	m := heading.FindSubmatch(raw)
	if m == nil {
		return fmt.Sprintf("no page (%d)", resp.StatusCode), nil
	}
	return `"` + html.UnescapeString(string(m[1])) + `"`, nil
}

// buys on the organiser's own page: "buy 45.00 EUR", with "pending ECHECK", "for nothing", "for a stranger" behind.
func (p *play) buys(_ context.Context, how string) (string, error) {
	words := strings.Fields(how)
	if len(words) < 2 {
		return "", errors.New("say how much")
	}
	pay := providersim.ButtonPayment{Purchase: p.purchase, Value: words[0], Currency: words[1]}
	rest := strings.Join(words[2:], " ")
	switch {
	case strings.HasPrefix(rest, "pending "):
		pay.Pending = strings.TrimPrefix(rest, "pending ")
	case rest == "for nothing":
		pay.Purchase = ""
	case rest == "for a stranger":
		pay.Purchase = strangeID(1, 1)
	}
	id, err := p.at.Button(pay)
	if err != nil {
		return "", err
	}
	p.paidAt(id)
	return "", nil
}

// last is the payment that was begun last.
func (p *play) last() paid { return p.payments[len(p.payments)-1] }

func (p *play) settles(_ context.Context, how string) (string, error) {
	return "", p.last().shop.Settle(p.last().id, how == "paid")
}

// gives is money that goes back in the merchant's back office, or by the payer's bank: "refund", "refund 5.00", "refund the first".
func gives(reversal bool) func(*play, context.Context, string) (string, error) {
	return func(p *play, _ context.Context, how string) (string, error) {
		pay := p.last()
		if how == "the first" {
			pay, how = p.payments[0], ""
		}
		return "", pay.shop.GiveBack(pay.id, how, reversal)
	}
}

// forges sends everything that an attacker can make, and says whether anything was taken for true.
func (p *play) forges(ctx context.Context, _ string) (string, error) {
	b := &buyer{world: p.world, shop: p.at, purchase: p.purchase, price: p.price}
	if err := b.forge(ctx); err != nil {
		return "", err
	}
	if sent, accepted := p.forgeries(); accepted > 0 || sent == 0 {
		return "", fmt.Errorf("%d of %d forgeries were taken", accepted, sent)
	}
	return "", nil
}

// waits: "wait 5m", "wait until 10s before the deadline", "wait until 1m after the deadline".
func (p *play) waits(ctx context.Context, how string) (string, error) {
	var d time.Duration
	var err error
	switch words := strings.Fields(how); {
	case len(words) == 1:
		d, err = time.ParseDuration(words[0])
	case len(words) == 5 && words[0] == "until":
		d, err = time.ParseDuration(words[1])
		if words[2] == "before" {
			d = -d
		}
		d = p.born.Add(caseWindow).Add(d).Sub(p.clock.Now())
	default:
		err = errors.New("say how long")
	}
	if err != nil {
		return "", err
	}
	return "", p.clock.Sleep(ctx, d)
}

// posts: "notifications are lost", "notifications come 20m late", "notifications come in time".
func (p *play) posts(_ context.Context, how string) (string, error) {
	words := strings.Fields(how)
	switch {
	case how == "are lost":
		p.post.set(true, 0)
	case how == "come in time":
		p.post.set(false, usualDelay)
	case strings.HasPrefix(how, "are repeated"):
		for _, pay := range p.payments {
			pay.shop.Shape(pay.id, providersim.Shape{Repeats: 3, Reorder: true})
		}
	case len(words) == 3 && words[2] == "late":
		d, err := time.ParseDuration(words[1])
		p.post.set(false, d)
		return "", err
	default:
		return "", errors.New("how?")
	}
	return "", nil
}

// dynamicsFails: "dynamics finalize commit-then-502", and how often: "3 times", "always". The operation may be any.
func (p *play) dynamicsFails(_ context.Context, how string) (string, error) {
	operation, kind, times, err := fault(how)
	if err != nil {
		return "", err
	}
	delay := time.Duration(0)
	if kind == string(dataversesim.KindLateCommit) || kind == string(dataversesim.KindSlow) {
		delay = 90 * time.Second
	}
	return "", p.dynamics.AddFault(dataversesim.Fault{Operation: operation, Kind: dataversesim.Kind(kind), Times: times, Delay: delay})
}

func (p *play) providerFails(_ context.Context, how string) (string, error) {
	operation, kind, times, err := fault(how)
	if err != nil {
		return "", err
	}
	if times < 0 {
		times = 1 << 30
	}
	p.at.AddFault(providersim.Fault{Operation: operation, Kind: providersim.FaultKind(kind), Times: times})
	return "", nil
}

// lapses lets the bank let go of what the payment reserves.
func (p *play) lapses(context.Context, string) (string, error) {
	return "", p.at.Simulator.(interface{ Expire(string) error }).Expire(p.last().id)
}

// fault reads what fails and how: "finalize unavailable", with "3 times" or "always" behind.
func fault(how string) (operation, kind string, times int, err error) {
	words := strings.Fields(how)
	if len(words) < 2 {
		return "", "", 0, errors.New("say what fails, and how")
	}
	operation, kind = words[0], words[1]
	if operation == "any" {
		operation = ""
	}
	switch {
	case len(words) == 3 && words[2] == "always":
		times = -1
	case len(words) == 4 && words[3] == "times":
		times, err = strconv.Atoi(words[2])
	}
	return operation, kind, times, err
}

func (p *play) reprices(_ context.Context, price string) (string, error) {
	p.price = price
	return "", p.dynamics.Reprice(p.purchase, price)
}

// decides is a person at the desk: "desk retry", "desk refund 5.00", "desk seats all". It is about what waits there, else about the
// purchase. An orphan is tied to the purchase.
func (p *play) decides(ctx context.Context, how string) (string, error) {
	words := strings.Fields(how)
	if len(words) == 0 {
		return "", errors.New("decide what?")
	}
	d := bridge.Decision{Key: purchase.Key{Environment: demoEnvironment, ID: p.purchase}, Action: purchase.Action(words[0]), By: "Camille", Reason: "as the case says"}
	for _, r := range p.ending().rows {
		if r.Summary.Cause != purchase.CauseNone {
			d.Key = r.Key
			break
		}
	}
	switch {
	case d.Action == purchase.ActTie:
		d.Purchase = p.purchase
	case d.Action == purchase.ActSeats && len(words) == 2:
		d.Seats = purchase.Seats(words[1])
	case d.Action == purchase.ActRefund && strings.HasPrefix(how, "refund the last"):
		d.Account, d.Payment = p.last().shop.account(), p.named(ctx, d.Key, p.last())
	case d.Action == purchase.ActRefund && len(words) == 2:
		var err error
		if d.Money, err = purchase.ParseMoney(words[1], "EUR"); err != nil {
			return "", err
		}
	}
	if err := p.daemon().program.bridge.Decide(ctx, d); err != nil {
		return err.Error(), nil
	}
	return "", nil
}

// named is what the daemon calls a payment.
func (p *play) named(ctx context.Context, key purchase.Key, which paid) string {
	held, _ := which.shop.Payment(which.id)
	names := append(slices.Collect(maps.Values(held.Names)), which.id)
	_, facts, _ := p.daemon().program.store.Find(ctx, key)
	for _, f := range facts {
		if slices.Contains(names, f.Payment) {
			return f.Payment
		}
	}
	return which.id
}

// crashes: "crash at finalize after the intent, before the call".
func (p *play) crashes(_ context.Context, how string) (string, error) {
	step, at, _ := strings.Cut(how, " ")
	if !slices.Contains([]moment{beforeIntent, beforeCall, beforeOutcome, afterOutcome}, moment(at)) {
		return "", fmt.Errorf("there is no moment %q", at)
	}
	p.doomed(doom{step: purchase.Step(step), at: moment(at)})
	return "", nil
}
