package ingenico

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"sync"

	"github.com/paybridge/paybridge/providers/protocol"
)

const (
	idempotenceHeader = "X-Gcs-Idempotence-Key"
	mostTurns         = 1000
)

var errKey = errors.New("the payment or the key cannot be used")

// turns count, by our keys, the tries that the provider said had no effect and must be made under another key. After a restart such a
// try is answered as it was before, and the next has its turn.
type turns struct {
	mu sync.Mutex
	of map[string]int
}

// header is the provider's idempotence key for one of ours: at most 40 characters.
func (t *turns) header(key string) http.Header {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := t.of[key]; n > 0 {
		key += " " + strconv.Itoa(n)
	}
	sum := sha256.Sum256([]byte(key))
	return http.Header{idempotenceHeader: {hex.EncodeToString(sum[:16])}}
}

func (t *turns) next(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of == nil || len(t.of) >= mostTurns {
		t.of = map[string]int{}
	}
	t.of[key]++
}

// once makes a call that has its effect once under a key of ours.
func (w *Worldline) once(ctx context.Context, what protocol.Call, key string, into any) error {
	what.Header = w.turns.header(key)
	err := w.Call(ctx, what, into)
	var said *protocol.Error
	if errors.As(err, &said) && protocol.HasWord(err, retriable) {
		w.turns.next(key)
		return w.Unusable(what.Operation, said.Status, errors.New("the provider had a fault and did nothing"))
	}
	return err
}
