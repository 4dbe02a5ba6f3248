package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
	"github.com/paybridge/paybridge/providers/providersim"
)

// A holding is one payment as its provider holds it, in minor units.
type holding struct {
	shop                         string
	purchase                     string
	payment                      providersim.Payment
	captured, refunded, reserved int64
}

func (h holding) net() int64 { return h.captured - h.refunded }

// An ending is what both sides hold once a case has come to rest.
type ending struct {
	dynamics dataversesim.Purchase
	holdings []holding
	rows     []bridge.Row // of the daemon: the purchase, and what else it lists
	machine  int          // refunds that the machine made by itself
	accepted bool         // a person accepted the difference
	settled  bool         // a person said that nothing more is to be done
}

func (p *play) ending() ending {
	e := ending{accepted: p.story.has("desk accept"), settled: p.story.has("desk close")}
	e.dynamics, _ = p.stage.dynamics.Purchase(p.purchase)
	for _, pay := range p.payments {
		held, _ := pay.shop.Payment(pay.id)
		h := holding{shop: pay.shop.Name, purchase: p.purchase, payment: held, captured: minor(held.Captured), refunded: minor(held.Refunded)}
		if held.Status == "authorised" {
			h.reserved = minor(held.Value)
		}
		e.holdings = append(e.holdings, h)
	}
	for _, s := range p.shops {
		if p.story.has("desk refund") {
			break // a person ordered it
		}
		for _, r := range s.Requests() {
			if r.Operation == "refund" && r.Status < 300 {
				e.machine++
			}
		}
	}
	e.rows, _, _ = p.daemon().program.store.List(p.t.Context(), bridge.Query{Limit: 100})
	slices.SortFunc(e.rows, func(a, b bridge.Row) int {
		return cmp.Or(cmp.Compare(b2i(a.Key.ID != p.purchase), b2i(b.Key.ID != p.purchase)), a.Created.Compare(b.Created), strings.Compare(a.Key.ID, b.Key.ID))
	})
	return e
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (e ending) seated() bool {
	return len(e.dynamics.Seats) >= len(e.dynamics.Attendees) && len(e.dynamics.Seats) > 0
}

// onDesk tells whether a person sees any of it.
func (e ending) onDesk() bool {
	return slices.ContainsFunc(e.rows, func(r bridge.Row) bool { return r.Summary.Cause != purchase.CauseNone })
}

// limbo is the money that is neither a seat's, nor given back, nor on the desk or taken from it by a person, in minor units.
func (e ending) limbo() (n int64) {
	if e.onDesk() || e.settled {
		return 0
	}
	for _, h := range e.holdings {
		n += h.net() + h.reserved
	}
	if e.seated() {
		n -= minor(e.dynamics.Amount)
	}
	return max(n, 0)
}

// broken are the laws that the ending breaks, as both sides of the simulation see it. No golden file can excuse them.
func (e ending) broken() (laws []string) {
	say := func(is bool, law string, args ...any) {
		if is {
			laws = append(laws, fmt.Sprintf(law, args...))
		}
	}
	net, price := int64(0), minor(e.dynamics.Amount)
	for _, h := range e.holdings {
		net += h.net()
		say(h.refunded > h.captured, "more went back than was taken: %s of %s", h.payment.Refunded, h.payment.Captured)
	}
	seats := len(e.dynamics.Seats)
	say(seats > len(e.dynamics.Attendees), "%d seats for %d attendees", seats, len(e.dynamics.Attendees))
	say(e.limbo() > 0, "%d in limbo", e.limbo())
	say(seats > 0 && net < price && !e.onDesk() && !e.accepted, "a seat for %d of %d, and nobody is told", net, price)
	say(seats > 0 && e.machine > 0 && net < price, "the machine gave a seat and the money back")
	say(seats > 0 && !e.seated() && !e.onDesk(), "seats for some attendees only, and nobody is told")
	return laws
}

// report writes the ending as the golden file shows it.
func (e ending) report(p *play) string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "    %-9s %s\n", name, fmt.Sprintf(format, args...))
	}
	if e.dynamics.ID != "" {
		line("dynamics", "%s, %d of %d seats, price %s %s", e.dynamics.Status, len(e.dynamics.Seats), len(e.dynamics.Attendees), e.dynamics.Amount, e.dynamics.Currency)
	}
	for _, h := range e.holdings {
		line("money", "%s", h)
	}
	line("buyer", "%s", cmp.Or(p.saw, "sees nothing"))
	for _, r := range e.rows {
		name := "state"
		if r.Key.ID != p.purchase {
			name = "also"
		}
		line(name, "%s", stateText(r.Summary.State))
		if r.Summary.Cause != purchase.CauseNone {
			line("desk", "%s; a person may %s", r.Summary.Cause, p.actions(r.Key))
		}
	}
	if len(e.rows) == 0 {
		line("state", "unknown to paybridge")
	}
	line("limbo", "%d", e.limbo())
	return b.String()
}

// String says where the money of a payment is.
func (h holding) String() string {
	var parts []string
	add := func(n int64, what string) {
		if n != 0 {
			parts = append(parts, purchase.Money{Minor: n, Currency: "EUR"}.Decimal()+" "+h.payment.Currency+" "+what)
		}
	}
	add(h.captured, "taken")
	add(h.refunded, "given back")
	add(h.reserved, "reserved")
	if len(parts) == 0 {
		parts = append(parts, fmt.Sprintf("nothing taken, %s", h.payment.Status))
	}
	return h.shop + ": " + strings.Join(parts, ", ")
}

// actions are what a person may decide.
func (p *play) actions(key purchase.Key) string {
	_, facts, _ := p.daemon().program.store.Find(p.t.Context(), key)
	var all []string
	for _, a := range p.daemon().program.bridge.Actions(purchase.Fold(key, facts, p.daemon().program.bridge.Policy(key.Environment))) {
		all = append(all, string(a))
	}
	return strings.Join(all, ", ")
}
