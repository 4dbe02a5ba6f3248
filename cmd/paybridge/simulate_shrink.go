package main

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// shrink makes a failing plan smaller as long as it breaks the same law: first whole halves of the troubles and scenes go, then one
// after the other.
func shrink(ctx context.Context, p plan, broken []string, says io.Writer) plan {
	law := lawOf(broken)
	play := func(a assignment) (answer, error) { return once(ctx, a) }
	if law == retold {
		play = func(a assignment) (answer, error) {
			return twice(ctx, a, func(a assignment) (answer, error) { return once(ctx, a) })
		}
	}
	fails := func(q plan) bool {
		r, err := play(assignment{Plan: &q})
		if err != nil {
			return ctx.Err() == nil && lawOf([]string{err.Error()}) == law
		}
		return lawOf(r.Outcome.Broken) == law
	}
	p.Troubles = without(p.Troubles, func(left []trouble) bool { q := p; q.Troubles = left; return fails(q) })
	p.Scenes = without(p.Scenes, func(left []scene) bool { q := p; q.Scenes = left; return fails(q) })
	p.Troubles = without(p.Troubles, func(left []trouble) bool { q := p; q.Troubles = left; return fails(q) })
	for p.Nodes > 1 {
		q := p
		q.Nodes--
		if !fails(q) {
			break
		}
		p = q
	}
	fmt.Fprintf(says, "shrunk to %d purchases and %d troubles\n", len(p.Scenes), len(p.Troubles))
	return p
}

// lawOf is the law that a list of breaches begins with.
func lawOf(broken []string) string {
	if len(broken) == 0 {
		return ""
	}
	law, _, _ := strings.Cut(broken[0], ":")
	return law
}

// without leaves out as much of a list as it can while the rest still fails: big pieces first.
func without[T any](list []T, fails func([]T) bool) []T {
	for size := (len(list) + 1) / 2; size > 0; {
		gone := false
		for at := 0; at < len(list); {
			end := min(at+size, len(list))
			left := append(append([]T{}, list[:at]...), list[end:]...)
			if fails(left) {
				list, gone = left, true
				continue
			}
			at = end
		}
		if size > 1 {
			size = (size + 1) / 2
		} else if !gone {
			break
		}
	}
	return list
}
