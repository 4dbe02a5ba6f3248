package main

import (
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/providers/providersim"
)

// lawsOf is a lawbook of a simulation of which only the simulators of some providers are there.
func lawsOf(t *testing.T, p plan, names ...string) *lawbook {
	t.Helper()
	w := &world{}
	for _, name := range names {
		sim, err := providersim.New(name, providersim.Config{Chaos: providersim.Chaos{Off: true}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(sim.Close)
		w.shops = append(w.shops, &shop{Simulator: sim, Name: name, paid: map[string]string{}})
	}
	began := time.Now()
	j := newJournal(false)
	return &lawbook{simulation: &simulation{plan: p, stage: &stage{world: w}, climate: newClimate(p, wallClock{}, j), journal: j, began: began}}
}

// A forgery may be taken only while its own provider is out of reach, and for a little while after that.
func TestAForgeryIsExcusedByItsOwnProviderAndMomentOnly(t *testing.T) {
	t.Parallel()
	l := lawsOf(t, plan{Troubles: []trouble{{Kind: providerOutage, Where: "paypal", At: 10 * time.Minute, For: 5 * time.Minute},
		{Kind: dynamicsOutage, At: 0, For: time.Hour}, {Kind: providerDeaf, Where: "stripe", At: 30 * time.Minute, For: time.Minute}}})
	for _, c := range []struct {
		provider string
		at       time.Duration
		unsure   bool
	}{
		{"paypal", 9 * time.Minute, false}, {"paypal", 11 * time.Minute, true}, {"paypal", 19 * time.Minute, true}, {"paypal", 21 * time.Minute, false},
		{"paypal", 30 * time.Minute, false}, {"stripe", 11 * time.Minute, false}, {"stripe", 30 * time.Minute, true}, {"mollie", 11 * time.Minute, false},
	} {
		if got := l.unsure(deceit{provider: c.provider, at: l.began.Add(c.at)}); got != c.unsure {
			t.Errorf("%s after %s: %v", c.provider, c.at, got)
		}
	}
}

// Of one payment goes back one sum, beside what the back office and banks give back; and none of what pays for a seat.
func TestASecondRefundAndOneBesideASeatAreNoticed(t *testing.T) {
	t.Parallel()
	for _, provider := range []string{"paypal", "stripe", "mollie", "adyen"} {
		for _, c := range []struct {
			parts      []string
			reversal   bool
			backOffice bool
			seats      int
			broken     string
		}{
			{parts: []string{"45.00"}},
			{parts: []string{"5.00", "5.00"}, broken: "refunded twice"},
			{parts: []string{"5.00", "5.00"}, reversal: true},
			{parts: []string{"5.00", "40.00"}, backOffice: true},
			{parts: []string{"5.00", "5.00", "5.00"}, backOffice: true, broken: "refunded twice"},
			{parts: []string{"5.00"}, seats: 1, broken: "seat and refund"},
			{parts: []string{"5.00"}, seats: 1, backOffice: true},
			{parts: []string{"5.00"}, seats: 1, reversal: true},
		} {
			l := lawsOf(t, plan{}, provider, "sips")
			s := l.shops[0]
			id, err := s.Button(providersim.ButtonPayment{Purchase: "p", Value: "45.00", Currency: "EUR"})
			if err != nil {
				t.Fatal(err)
			}
			s.pays(id, "p")
			f := fate{Provider: provider, Purchase: "p", payment: id, Seats: c.seats, Price: 4500, Captured: 4500}
			for _, part := range c.parts {
				if err := s.GiveBack(id, part, c.reversal); err != nil {
					t.Fatalf("%s: %v", provider, err)
				}
				f.Refunded += minor(part)
			}
			if c.backOffice {
				f.returned = time.Now()
			}
			l.fates = []fate{f}
			l.oneRefund()
			if got := strings.Join(l.said, "; "); lawOf(append(l.said, "")) != c.broken || len(l.said) > 1 {
				t.Errorf("%s: %+v: %q", provider, c, got)
			}
		}
	}
}
