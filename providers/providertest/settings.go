package providertest

import (
	"strings"
	"testing"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Mistakes are the keys of a section in which something is wrong, each once, in their order. No problem may show one of the secrets.
func Mistakes(t testing.TB, s protocol.Section, live bool, secrets ...string) string {
	t.Helper()
	var p field.Problems
	s.Validate(&p, live)
	named := map[string]bool{}
	var keys []string
	for _, problem := range p.List() {
		for _, secret := range secrets {
			if strings.Contains(strings.ToLower(problem.Message), strings.ToLower(secret)) {
				t.Errorf("a secret shows: %s", problem)
			}
		}
		if !named[problem.Key] {
			keys = append(keys, problem.Key)
		}
		named[problem.Key] = true
	}
	return strings.Join(keys, " ")
}

// Final tells whether an error is one that no repetition mends.
func Final(err error) bool {
	_, again := purchase.Retry(err)
	return err != nil && !again
}
