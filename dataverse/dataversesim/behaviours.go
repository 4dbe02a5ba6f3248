package dataversesim

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
)

// The names of the behaviours. Each stands for a question that Microsoft's documents leave open.
const (
	OutputNames        = "output-names"
	Numbers            = "numbers"
	InfoRefusal        = "info-refusal"
	FinalizeStatus     = "finalize-status"
	FinalizeRefusal    = "finalize-refusal"
	SecondFinalize     = "second-finalize"
	OutboundReadBack   = "outbound-readback"
	OutboundCreated    = "outbound-created"
	RealtimeAnswer     = "realtime-answer"
	RealtimeReadBack   = "realtime-readback"
	RealtimeLate       = "realtime-late"
	RowVisibility      = "row-visibility"
	RedirectParameters = "redirect-parameters"
	Privileges         = "privileges"
	MissingAction      = "missing-action"
	Discovery          = "discovery"
	Metadata           = "metadata"
	Contacts           = "contacts"
)

// Behaviour is one open question and the answers the simulator can give to it.
type Behaviour struct {
	Name     string   `json:"name"`
	Question string   `json:"question"`
	Variants []string `json:"variants"` // the first is the default, the working assumption
	// Blinding are the variants under which even a faultless client cannot bring a sale to its end by itself: no currency
	// to check, no answer to understand, nothing to read back. A person ends such a sale.
	Blinding []string `json:"blinding,omitempty"`
}

// Behaviours lists every behaviour, in a fixed order.
func Behaviours() []Behaviour {
	return []Behaviour{
		{
			Name: OutputNames, Question: "what the purchase-info actions call and how they wrap their outputs (iso-missing: real-time too)",
			Variants: []string{"pascal-case", "camel-case", "prefixed", "json-string", "amount-string", "attendees-string", "iso-missing"},
			Blinding: []string{"iso-missing"},
		},
		{
			Name: Numbers, Question: "how many decimals a money value is written with",
			Variants: []string{"padded", "plain", "long", "short"},
		},
		{
			Name: InfoRefusal, Question: "what the purchase-info actions say to an unknown or expired purchase",
			Variants: []string{"plugin-error", "not-found", "empty"},
		},
		{
			Name: FinalizeStatus, Question: "what the outbound finalize answers",
			Variants: []string{"success", "nested-json", "capitalised", "no-content", "html", "unknown-word"},
			Blinding: []string{"no-content", "html", "unknown-word"},
		},
		{
			Name: FinalizeRefusal, Question: "how a finalize of an expired, an unknown or another event's purchase is refused",
			Variants: []string{"failing-status", "plugin-error", "not-found", "server-error"},
		},
		{
			Name: SecondFinalize, Question: "what a finalize of a purchase that has its seats does",
			Variants: []string{"failing-status", "no-op", "duplicate-seats", "plugin-error"},
		},
		{
			Name: OutboundReadBack, Question: "what can be read of a purchase in outbound",
			Variants: []string{"none", "purchase-row", "registrations"},
		},
		{
			Name: OutboundCreated, Question: "whether the creation time of an outbound purchase can be read",
			Variants: []string{"hidden", "readable"},
		},
		{
			Name: RealtimeAnswer, Question: "what the real-time finalize answers when it is content",
			Variants: []string{"204", "200"},
		},
		{
			Name: RealtimeReadBack, Question: "when the purchase row shows what a real-time finalize did",
			Variants: []string{"normal", "lag", "paid-first", "forbidden"},
			Blinding: []string{"forbidden"},
		},
		{
			Name: RealtimeLate, Question: "what a real-time finalize after the time-out or after Cancelled does",
			Variants: []string{"plugin-error", "no-effect", "seat"},
		},
		{
			Name: RowVisibility, Question: "whether the real-time purchase row is there when the buyer arrives",
			Variants: []string{"at-once", "delayed"},
		},
		{
			Name: RedirectParameters, Question: "how the outbound redirect hands the ids to the payment page",
			Variants: []string{"query", "other-casing", "form-post", "script"},
		},
		{
			Name: Privileges, Question: "what the application user may do",
			Variants: []string{"ok", "readback-forbidden", "intermittent"},
			Blinding: []string{"readback-forbidden"},
		},
		{
			Name: MissingAction, Question: "which code and which punctuation a missing action is refused with",
			Variants: []string{"8006088a-dot", "8006088a", "80060888-dot", "80060888"},
		},
		{
			Name: Discovery, Question: "whether solutions, messages, custom APIs and workflows can be read",
			Variants: []string{"forbidden", "readable"},
		},
		{
			Name: Metadata, Question: "whether $metadata lists the real-time finalize, a custom API that may be private",
			Variants: []string{"complete", "private-absent"},
		},
		{
			Name: Contacts, Question: "whether the application user may read contacts, and with them the addresses of buyers",
			Variants: []string{"readable", "forbidden"},
		},
	}
}

// BehavioursBySeed picks one variant of every behaviour; the same seed picks the same.
func BehavioursBySeed(seed uint64) map[string]string {
	chance := rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))
	picked := map[string]string{}
	for _, b := range Behaviours() {
		picked[b.Name] = b.Variants[chance.IntN(len(b.Variants))]
	}
	return picked
}

// DefaultBehaviours are the working assumptions.
func DefaultBehaviours() map[string]string {
	defaults := map[string]string{}
	for _, b := range Behaviours() {
		defaults[b.Name] = b.Variants[0]
	}
	return defaults
}

func checkBehaviour(name, variant string) error {
	for _, b := range Behaviours() {
		if b.Name != name {
			continue
		}
		if !slices.Contains(b.Variants, variant) {
			return fmt.Errorf("behaviour %s has no variant %q; choose one of %q", name, variant, b.Variants)
		}
		return nil
	}
	return fmt.Errorf("behaviour %q is unknown", name)
}

// SetBehaviour switches one behaviour, from the next request on.
func (s *Sim) SetBehaviour(name, variant string) error {
	if err := checkBehaviour(name, variant); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behaviours[name] = variant
	return nil
}

// Chosen says which variant of every behaviour is switched on.
func (s *Sim) Chosen() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.behaviours)
}

func initialBehaviours(c Config) map[string]string {
	if c.Behaviours == nil && c.Seed != 0 {
		return BehavioursBySeed(c.Seed)
	}
	chosen := DefaultBehaviours()
	maps.Copy(chosen, c.Behaviours)
	return chosen
}
