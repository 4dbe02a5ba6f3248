package dataverse

import (
	"sync"
	"time"
)

const (
	memoryMost = 10_000
	memoryLife = 10 * time.Minute
)

// A memory keeps for a while what need not be read again. It is bounded; full, it forgets everything.
type memory[V any] struct {
	mu    sync.Mutex
	known map[string]kept[V]
}

type kept[V any] struct {
	value V
	until time.Time
}

func (m *memory[V]) get(key string, now time.Time) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, ok := m.known[key]
	return k.value, ok && now.Before(k.until)
}

func (m *memory[V]) put(key string, value V, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil || len(m.known) >= memoryMost {
		m.known = map[string]kept[V]{}
	}
	m.known[key] = kept[V]{value: value, until: now.Add(memoryLife)}
}
