package purchase

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
)

// hearsay is a digest of what was heard of a payment and no proof answers yet. The buyer's return counts: it asks to look, unless the
// payment is known to be under way, paid or over. One that failed is not over, for the buyer may have paid with another card; where nobody
// can be asked, only who came back to pay since then may have.
func hearsay(facts []*Fact, objects map[string]*object, p Payment) string {
	known := p.Lapsed || p.Pending != "" || p.Authorised || len(p.moved) > 0
	unaskable := p.Opened != nil && p.Opened.Detail.Unaskable
	var open []string
	for i := range facts {
		f := facts[i]
		settled := known || unaskable && p.Failed && !f.agreed().After(p.failedAt)
		if f.Kind != Returned {
			settled = answered(f, facts, objects[f.Object])
		}
		if f.Standing == Heard && !settled {
			open = append(open, f.ID)
		}
	}
	if len(open) == 0 {
		return ""
	}
	slices.Sort(open)
	return digest(open...)
}

// answered tells whether proof says at least as much as the hearsay about the same thing.
func answered(f *Fact, facts []*Fact, o *object) bool {
	if f.Kind == Approved || f.Kind == Lapsed {
		return slices.ContainsFunc(facts, func(g *Fact) bool {
			return g.Standing == Proved && (g.Kind == f.Kind || g.Kind == Lapsed || progress[g.Kind] >= progress[Pending])
		})
	}
	return o != nil && o.proof != nil && (further(o.proof, f) || (!further(f, o.proof) && sameWay(f, o.proof)))
}

// askable is the object to name when a payment is asked about: the furthest that proof or hearsay named.
func askable(objects map[string]*object) string {
	var best *Fact
	for _, id := range sortedKeys(objects) {
		for _, f := range append(slices.Clone(objects[id].heard), objects[id].proof) {
			if f != nil && (f.Kind == Captured || f.Kind == Pending || f.Kind == Failed || f.Kind == Authorised) &&
				(best == nil || further(f, best)) {
				best = f
			}
		}
	}
	if best == nil {
		return ""
	}
	return best.Object
}

func sortedKeys[V any](m map[string]V) []string { return slices.SortedFunc(maps.Keys(m), cmp.Compare) }

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:10])
}
