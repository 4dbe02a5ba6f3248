// Package history tells what happened to a purchase in plain words, in French and English: for support, who must answer "I paid and have
// no ticket". It is pure: the facts in, a story out. It says no more than the facts prove.
package history

import (
	"cmp"
	"slices"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// Text is something to read, in both languages.
type Text struct {
	Fr string `json:"fr"`
	En string `json:"en"`
}

// In is the text in a language: "fr", else English.
func (t Text) In(lang string) string {
	if lang == "fr" {
		return t.Fr
	}
	return t.En
}

// Mark says how a moment looks: done, gone wrong, still to come, or a limit in time.
type Mark string

// The marks.
const (
	Done   Mark = "o"
	Wrong  Mark = "x"
	Coming Mark = "."
	Limit  Mark = "|"
)

// A Moment is one line of the story.
type Moment struct {
	At   time.Time     `json:"at"`
	Gap  time.Duration `json:"gap_ns"` // since the moment before; 0 for the first
	Mark Mark          `json:"mark"`
	Text Text          `json:"text"`
}

// A History is the story of one purchase.
type History struct {
	Order      Text     `json:"order"`      // the order's status, as order histories call it
	Registered bool     `json:"registered"` // every attendee has a seat
	State      Text     `json:"state"`      // what is being done about it
	Moments    []Moment `json:"moments"`
	Answer     Text     `json:"answer"` // to send to the buyer
}

// Tell tells the story of a purchase from its facts, up to now. next is when it is looked at again; zero where that is not before
// something new comes.
func Tell(p purchase.Purchase, facts []purchase.Fact, now, next time.Time) History {
	s := &story{p: p}
	for _, f := range inOrder(facts) {
		s.fact(f)
	}
	s.limits(now, next)
	return History{Order: Order(p), Registered: p.Registered(), State: stateText(p.State()), Moments: s.told(), Answer: Answer(p)}
}

// inOrder is by when we learned of each; own facts by their number, since one clock counted them.
func inOrder(facts []purchase.Fact) []purchase.Fact {
	facts = slices.Clone(facts)
	slices.SortStableFunc(facts, func(a, b purchase.Fact) int {
		return cmp.Or(a.Seen.Compare(b.Seen), cmp.Compare(a.Number, b.Number), cmp.Compare(a.ID, b.ID))
	})
	return facts
}

// A story is a history being told.
type story struct {
	p       purchase.Purchase
	moments []Moment
	price   purchase.Money
	born    bool
	same    string // the last question, while nothing else happened
	times   int
}

func (s *story) add(at time.Time, mark Mark, text Text) {
	s.same, s.times = "", 0
	s.moments = append(s.moments, Moment{At: at, Mark: mark, Text: text})
}

// ask tells of a question; the same one again and again is one line.
func (s *story) ask(at time.Time, what string, text func(times int) Text) {
	if s.same == what {
		s.times++
		last := &s.moments[len(s.moments)-1]
		last.At, last.Text = at, text(s.times)
		return
	}
	s.add(at, Done, text(1))
	s.same, s.times = what, 1
}

// limits adds the deadline, where it is known and matters, and what comes next.
func (s *story) limits(now, next time.Time) {
	if d := s.p.Deadline; !d.At.IsZero() && !s.p.Key.Orphaned() {
		s.add(d.At, Limit, deadline(d))
	}
	if !next.IsZero() && next.After(now) {
		s.add(next, Coming, Text{"Prochain contrôle", "Next look"})
	}
}

// told is the story in the order of time, with the gaps.
func (s *story) told() []Moment {
	slices.SortStableFunc(s.moments, func(a, b Moment) int { return a.At.Compare(b.At) })
	for i := 1; i < len(s.moments); i++ {
		s.moments[i].Gap = s.moments[i].At.Sub(s.moments[i-1].At)
	}
	return s.moments
}
