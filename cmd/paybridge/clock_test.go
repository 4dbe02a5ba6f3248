package main

import "testing"

func TestAWayBackIsNobodysToGuess(t *testing.T) {
	t.Parallel()
	const bits = 5 // of a character of base 32
	seen := map[string]bool{}
	for range 1000 {
		token := realChance{}.Token()
		if len(token)*bits < 128 || seen[token] {
			t.Fatalf("a token of %d bits, seen before: %v", len(token)*bits, seen[token])
		}
		seen[token] = true
	}
}
