package main

import (
	"context"
	"fmt"
)

// retold is the breach of what every other law rests on: what happened cannot be looked at again.
const retold = "another story"

// twice plays an assignment in two processes. If they tell two stories, that is a breach.
func twice(ctx context.Context, a assignment, play func(assignment) (answer, error)) (answer, error) {
	a.Story = true
	first, err := play(a)
	if err != nil {
		return first, err
	}
	again, err := once(ctx, a)
	if err != nil {
		return again, err
	}
	if o := first.Outcome; o.Digest != again.Outcome.Digest {
		o.Broken = append(o.Broken, fmt.Sprintf("%s: %s and then %s: %s", retold, o.Digest, again.Outcome.Digest, parting(first.Story, again.Story)))
	}
	first.Story = nil
	return first, nil
}

// parting is where two stories part.
func parting(first, again []string) string {
	for i := range max(len(first), len(again)) {
		if a, b := line(first, i), line(again, i); a != b {
			return fmt.Sprintf("at line %d, %q and then %q", i+1, a, b)
		}
	}
	return "by less than a millisecond"
}

// line is a line of a story, or that there are no more.
func line(story []string, i int) string {
	if i < len(story) {
		return story[i]
	}
	return "the end"
}
