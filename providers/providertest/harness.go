// Package providertest holds what every payment provider's adapter must do, whatever its protocol. An adapter's test fills in a Harness
// with deliveries that are genuine by its own rules and calls Run.
package providertest

import (
	"context"
	"fmt"
	"testing"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// A Harness is one adapter under test.
type Harness struct {
	// New makes a fresh account; the suite makes one for each law.
	New func() (bridge.Provider, error)
	// Environment is the one that the account sells for.
	Environment string
	// Genuine are authentic deliveries. The first must be a usual one that tells a fact.
	Genuine []purchase.Delivery
	// Foreign are deliveries that are authentic elsewhere: another mode, merchant or account.
	Foreign []purchase.Delivery
	// Bad are deliveries that must be refused for the one reason that each names: stale, from the future, of the wrong mode or
	// merchant, with a parameter twice, cut.
	Bad map[string]Bad
	// Signed are the headers of which every byte is signed or pinned, and which are needed.
	Signed []string
	// Unsigned tells whether byte i of a genuine delivery's payload, changed by by, is outside what is authenticated: a field that the
	// signature does not cover, or the case of a hexadecimal digit. The payload is the body, or the query of a delivery without one.
	// Nil: every byte is inside. In forms, changes that decode to the same fields are left out by themselves.
	Unsigned func(d purchase.Delivery, i int, by byte) bool
	// Form tells that the payload is a form.
	Form bool
	// Sign makes a delivery genuine whose payload was made up, so that fuzzing gets behind the signature. Nil: it does not.
	Sign func(d *purchase.Delivery)
	// Stride is the distance between the bytes that are forged, for adapters that ask over the network. Default 1: every byte.
	Stride int
	// Known are payments that the provider knows, Unknown is one that it does not. They are for adapters that can be asked.
	Known   []purchase.Ref
	Unknown purchase.Ref
	// Secrets must not be in any error.
	Secrets []string
	// Allocations is the most that reading Genuine[0] may take; 0 is not measured.
	Allocations float64
}

// Bad is a delivery that must be refused, and why.
type Bad struct {
	Delivery purchase.Delivery
	Why      purchase.Refusal
}

// Refused is a delivery that must be refused for this reason.
func Refused(d purchase.Delivery, why purchase.Refusal) Bad { return Bad{Delivery: d, Why: why} }

// A law is one thing that every adapter does; it returns how the adapter breaks it.
type law struct {
	name  string
	check func(ctx context.Context, h Harness, p bridge.Provider) []string
}

var laws = []law{
	{"genuine deliveries are read", genuineIsRead},
	{"it listens to the methods by which genuine deliveries come", listens},
	{"the same bytes say the same", sameSaysSame},
	{"one changed byte of the payload is refused", forgedPayload},
	{"one changed byte of a signed header is refused", forgedHeader},
	{"a missing or doubled header is refused", headersOnce},
	{"what is too large is refused", oversize},
	{"what is genuine elsewhere is refused", foreign},
	{"each bad delivery is refused for its own reason", bad},
	{"junk is refused and does not panic", junk},
	{"what is nested without an end is read without harm", deep},
	{"what is refused is not answered as what is kept", saidApart},
	{"who cannot be asked hears only proof", onlyProof},
	{"the back office is told in both languages", instructed},
	{"asking twice proves the same", askTwice},
	{"the list tells what asking proves", asListed},
	{"no secret is in an error", noSecrets},
	{"many may read at once", together},
}

// Run holds the adapter to every law, each in a subtest. Not from a parallel test where allocations are measured.
func Run(t *testing.T, h Harness) {
	t.Helper()
	for _, l := range laws {
		t.Run(l.name, func(t *testing.T) {
			for _, fault := range h.holds(t.Context(), l) {
				t.Error(fault)
			}
		})
	}
	t.Run("reading takes few allocations", func(t *testing.T) { allocations(t, h) })
}

// Faults returns how the adapter breaks which law, for checking the suite itself.
func Faults(ctx context.Context, h Harness) map[string][]string {
	faults := make(map[string][]string)
	for _, l := range laws {
		if found := h.holds(ctx, l); len(found) > 0 {
			faults[l.name] = found
		}
	}
	return faults
}

// holds checks one law on a fresh account. A panic is a fault too.
func (h Harness) holds(ctx context.Context, l law) (faults []string) {
	defer func() {
		if r := recover(); r != nil {
			faults = append(faults, fmt.Sprintf("panic: %v", r))
		}
	}()
	p, err := h.New()
	if err != nil {
		return []string{"make the account: " + err.Error()}
	}
	h.Genuine, h.Foreign = copies(h.Genuine), copies(h.Foreign)
	return l.check(ctx, h, p)
}

// copies keep what an adapter does to one delivery away from the other laws.
func copies(deliveries []purchase.Delivery) []purchase.Delivery {
	out := make([]purchase.Delivery, 0, len(deliveries))
	for _, d := range deliveries {
		out = append(out, changed(d, func(*purchase.Delivery) {}))
	}
	return out
}

func (h Harness) stride() int { return max(1, h.Stride) }

func allocations(t *testing.T, h Harness) {
	if h.Allocations == 0 {
		t.Skip("not measured")
	}
	p, err := h.New()
	if err != nil {
		t.Fatal(err)
	}
	got := testing.AllocsPerRun(20, func() {
		if _, err := p.Read(t.Context(), h.Genuine[0]); err != nil {
			t.Fatal(err)
		}
	})
	if got > h.Allocations {
		t.Errorf("reading takes %.0f allocations, more than %.0f", got, h.Allocations)
	}
}
