package purchase_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/paybridge/paybridge/bridge/purchase"
)

const (
	seedsFile = "testdata/moves.json" // seeds of sales that together make every move of the table
	searched  = 50000                 // seeds looked through by -update
)

func TestEveryMoveOfTheTableIsMadeAndNoOther(t *testing.T) {
	t.Parallel()
	if *update {
		writeSeeds(t)
	}
	raw, err := os.ReadFile(seedsFile)
	if err != nil {
		t.Fatal(err)
	}
	var seeds []uint64
	if err := json.Unmarshal(raw, &seeds); err != nil {
		t.Fatal(err)
	}
	table, made := map[move]bool{}, map[move]bool{}
	for _, m := range purchase.Moves() {
		table[move{m.From, m.To}] = true
	}
	for _, n := range seeds {
		for m := range newSale(seed(n), false).run().oracle.moves {
			if made[m] = true; !table[m] {
				t.Errorf("sale %d moves from %s to %s, which is not in the table", n, m.from, m.to)
			}
		}
	}
	for m := range table {
		if !made[m] {
			t.Errorf("no sale moves from %s to %s; look for one with -update", m.from, m.to)
		}
	}
}

// writeSeeds looks for few sales that make every move: the rarest moves first.
func writeSeeds(t *testing.T) {
	makers := map[move][]uint64{}
	for n := range uint64(searched) {
		for m := range newSale(seed(n), false).run().oracle.moves {
			makers[m] = append(makers[m], n)
		}
	}
	var moves []move
	for m := range makers {
		moves = append(moves, m)
	}
	slices.SortFunc(moves, func(a, b move) int { return len(makers[a]) - len(makers[b]) })
	var seeds []uint64
	for _, m := range moves {
		if !slices.ContainsFunc(seeds, func(n uint64) bool { return slices.Contains(makers[m], n) }) {
			seeds = append(seeds, makers[m][0])
		}
	}
	slices.Sort(seeds)
	raw, err := json.Marshal(seeds)
	if err == nil {
		err = os.WriteFile(seedsFile, append(raw, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
