package main

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// A trouble is something that goes wrong for a while, or at one moment.
type trouble struct {
	Number int           `json:"number"`
	Kind   troubleKind   `json:"kind"`
	At     time.Duration `json:"at"`
	For    time.Duration `json:"for,omitempty"`
	How    string        `json:"how,omitempty"`   // of outages: refuse, hang, drop; of the deaf: hang, or "" for lost
	Where  string        `json:"where,omitempty"` // a provider; "" for whoever it concerns
	Node   int           `json:"node,omitempty"`
	Share  float64       `json:"share,omitempty"` // of the calls that it hits, 0 for all
	Count  int           `json:"count,omitempty"`
	By     time.Duration `json:"by,omitempty"` // how far a clock is off
}

type troubleKind string

// heldUp is an answer that comes after the caller gave up: everything was done, and the caller runs into its time-out.
const heldUp = "hang"

// The troubles.
const (
	dynamicsOutage   troubleKind = "dynamics_outage"   // Dynamics cannot be reached
	dynamicsDeaf     troubleKind = "dynamics_deaf"     // Dynamics works, and its answers are lost or held up
	dynamicsSlow     troubleKind = "dynamics_slow"     // Dynamics takes its time
	dynamicsThrottle troubleKind = "dynamics_throttle" // Dynamics refuses so many requests as too many
	dynamicsCommits  troubleKind = "dynamics_commits"  // Dynamics registers, and then says that it failed
	dynamicsRefuses  troubleKind = "dynamics_refuses"  // Dynamics takes no token for a while
	entraOutage      troubleKind = "entra_outage"      // nobody can sign in
	providerOutage   troubleKind = "provider_outage"   // a provider's API cannot be reached
	providerDeaf     troubleKind = "provider_deaf"     // a provider works, and its answers are lost or held up
	endpointOutage   troubleKind = "endpoint_outage"   // nobody reaches our public address
	postLost         troubleKind = "post_lost"         // notifications are lost
	postLate         troubleKind = "post_late"         // notifications come late
	storeAway        troubleKind = "store_away"        // the store cannot be reached
	storeFull        troubleKind = "store_full"        // the store has no room: it reads, and takes nothing
	storeSlow        troubleKind = "store_slow"        // the store takes its time
	storeRestored    troubleKind = "store_restored"    // the store is put back as it was
	nodeCrash        troubleKind = "node_crash"        // a node dies at the Count-th boundary from now
	nodeFreeze       troubleKind = "node_freeze"       // a node stands still, longer than its leases
	nodeSkew         troubleKind = "node_skew"         // a node's clock is wrong
	nodeRedeploy     troubleKind = "node_redeploy"     // a node ends with grace and comes back
	certificateTurn  troubleKind = "certificate_turn"  // PayPal signs with another certificate
)

func troubleKinds() []troubleKind {
	return []troubleKind{dynamicsOutage, dynamicsDeaf, dynamicsSlow, dynamicsThrottle, dynamicsCommits, dynamicsRefuses, entraOutage, providerOutage, providerDeaf,
		endpointOutage, postLost, postLate, storeAway, storeFull, storeSlow, storeRestored, nodeCrash, nodeFreeze, nodeSkew, nodeRedeploy, certificateTurn}
}

// drawTroubles draws up to a dozen, of any kind, anywhere in the sale.
func drawTroubles(chance *rand.Rand, p plan) []trouble {
	var all []trouble
	span := p.Window * 16 / 10
	for n := range 2 + chance.IntN(11) {
		t := trouble{Number: n + 1, Kind: pick(chance, drawn...), At: time.Duration(chance.Int64N(int64(span))), Node: chance.IntN(p.Nodes),
			For: time.Duration(chance.ExpFloat64() * float64(5*time.Minute)), How: pick(chance, "refuse", "hang", "drop"), Share: pick(chance, 0, 0.5, 0.2)}
		t.Count = 1 + chance.IntN(40)
		t.By = time.Duration((chance.Float64() - 0.5) * float64(20*time.Second))
		t.Where = pick(chance, p.Providers...)
		if t.Kind == nodeFreeze {
			t.For += 3 * time.Minute
		}
		t.For = min(t.For, 40*time.Minute)
		all = append(all, t.trimmed())
	}
	return all
}

const restoreStream = 0x726573746f7265

// drawRestore lets one sale of eight lose what its store learned for a while. Chance that is its own leaves the others as they are.
func drawRestore(p plan) []trouble {
	chance := rand.New(rand.NewPCG(p.Seed, restoreStream))
	if chance.IntN(8) > 0 {
		return nil
	}
	at := time.Minute + time.Duration(chance.Int64N(int64(p.Window*14/10)))
	lost := time.Second + time.Duration(chance.ExpFloat64()*float64(10*time.Minute))
	return []trouble{{Number: len(p.Troubles) + 1, Kind: storeRestored, At: at, For: min(lost, at*9/10)}}
}

// drawn are the kinds that chance draws from; what nodes do is drawn more often.
var drawn = []troubleKind{dynamicsOutage, dynamicsDeaf, dynamicsSlow, dynamicsThrottle, dynamicsCommits, dynamicsRefuses, entraOutage, providerOutage, providerDeaf,
	endpointOutage, postLost, postLate, storeAway, storeFull, storeSlow, nodeCrash, nodeCrash, nodeCrash, nodeCrash, nodeFreeze, nodeSkew, nodeRedeploy, certificateTurn}

// trimmed leaves only what the kind has.
func (t trouble) trimmed() trouble {
	keep := trouble{Number: t.Number, Kind: t.Kind, At: t.At}
	switch t.Kind {
	case dynamicsOutage, entraOutage:
		keep.For, keep.How, keep.Share = t.For, t.How, t.Share
	case providerOutage:
		keep.For, keep.How, keep.Share, keep.Where = t.For, t.How, t.Share, t.Where
	case providerDeaf:
		keep.For, keep.How, keep.Share, keep.Where = t.For, t.heldUp(), t.Share, t.Where
	case dynamicsDeaf:
		keep.For, keep.How, keep.Share = t.For, t.heldUp(), t.Share
	case endpointOutage:
		keep.For, keep.How = t.For, t.How
	case dynamicsThrottle, postLost, postLate:
		keep.For, keep.Share = t.For, t.Share
	case dynamicsSlow, storeAway, storeFull, storeSlow, storeRestored:
		keep.For = t.For
	case dynamicsCommits, dynamicsRefuses:
		keep.Count = t.Count
	case nodeCrash:
		keep.Node, keep.Count = t.Node, t.Count
	case nodeFreeze:
		keep.Node, keep.For = t.Node, t.For
	case nodeSkew:
		keep.Node, keep.By, keep.For = t.Node, t.By, t.For
	case nodeRedeploy:
		keep.Node = t.Node
	}
	return keep
}

// heldUp is how the answers of the deaf do not come: what drops and refuses calls loses answers.
func (t trouble) heldUp() string {
	if t.How == heldUp {
		return heldUp
	}
	return ""
}

// during tells whether the trouble lasts at an instant.
func (t trouble) during(at time.Duration) bool { return at >= t.At && at < t.At+t.For }

// span is from when to when something is wrong. What was learned before the store is put back is gone, and for a while after it everything is
// looked at again.
func (t trouble) span() (from, to time.Duration) {
	if t.Kind == storeRestored {
		return t.At - t.For, t.At + restart + looksAgain
	}
	return t.At, t.At + t.For
}

// looksAgain is how long what may have been done before the store was put back may not show.
const looksAgain = 5 * time.Minute

// String is the trouble in a story.
func (t trouble) String() string {
	text := string(t.Kind)
	add := func(is bool, format string, args ...any) {
		if is {
			text += fmt.Sprintf(format, args...)
		}
	}
	add(t.Where != "", " of %s", t.Where)
	add(t.Kind == nodeCrash || t.Kind == nodeFreeze || t.Kind == nodeSkew || t.Kind == nodeRedeploy, " of node %d", t.Node)
	add(t.Kind == storeRestored, " as it was %s ago", t.For.Round(time.Second))
	add(t.For > 0 && t.Kind != storeRestored, " for %s", t.For.Round(time.Second))
	whose := "calls"
	if t.Kind == dynamicsDeaf || t.Kind == providerDeaf {
		whose = "answers"
	}
	add(t.How != "", ", %s %s", whose, t.How)
	add(t.Share > 0, ", %.0f%% of them", t.Share*100)
	add(t.Kind == nodeCrash, " at the boundary %d from here", t.Count)
	add(t.Count > 0 && t.Kind != nodeCrash, ", %d times", t.Count)
	add(t.By != 0, ", %s wrong", t.By.Round(time.Millisecond))
	return text
}
