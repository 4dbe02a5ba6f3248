package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// An eavesdropper reads what the nodes log, and knows what must never stand there: the secrets of their settings, what they sign in
// with, the tokens of return addresses, and how people are named and reached.
type eavesdropper struct {
	mu    sync.Mutex
	known map[uint64][]secret // by how they begin
	sieve [1 << 10]uint64     // a bit for each of them, so that nearly nothing is looked up
	heard bytes.Buffer        // not searched yet
	last  []byte              // heard before that: a token may be logged a moment before it is carried for the first time
	found []string
}

// A secret is a text that is not to be logged, and what it is.
type secret struct{ text, what string }

// beginning is how much of a secret tells whether it is worth looking closer; shorter ones cannot be searched for.
const beginning = 8

// personal are parts of what the simulated buyers are called and reached by.
var personal = []string{"@example.org", "%40example.org", "Lovelace"}

func newEavesdropper() *eavesdropper {
	e := &eavesdropper{known: map[uint64][]secret{}}
	for _, text := range personal {
		e.learn("personal detail", text)
	}
	return e
}

// learn adds a secret, as it is and as addresses and JSON write it. Of one in several lines, such as a key, each counts.
func (e *eavesdropper) learn(what, text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		for _, form := range []string{line, url.QueryEscape(line), strings.Trim(strconv.Quote(line), `"`)} {
			e.add(secret{text: form, what: what})
		}
	}
}

// add adds one form of a secret. Held: mu.
func (e *eavesdropper) add(s secret) {
	if len(s.text) < beginning || strings.HasPrefix(s.text, "-----") {
		return
	}
	start := binary.LittleEndian.Uint64([]byte(s.text))
	if slices.ContainsFunc(e.known[start], func(other secret) bool { return other.text == s.text }) {
		return
	}
	e.known[start] = append(e.known[start], s)
	bit := sieveBit(start)
	e.sieve[bit/64] |= 1 << (bit % 64)
}

func sieveBit(start uint64) uint64 { return start * 0x9e3779b97f4a7c15 >> 48 }

// settings adds the secrets of the nodes' settings.
func (e *eavesdropper) settings(path string) error {
	c, err := loadConfig(path)
	if err != nil {
		return err
	}
	for _, ref := range c.Secrets() {
		value, err := ref.Reveal()
		if err != nil {
			return err
		}
		if len(value) < beginning {
			return fmt.Errorf("the secret %s is too short to be searched for", ref)
		}
		e.learn("secret of the settings", value)
	}
	return nil
}

// carried adds what a call signs in with: a node at Dynamics and providers, and a provider at a node.
func (e *eavesdropper) carried(req *http.Request) {
	if _, credential, ok := strings.Cut(req.Header.Get("Authorization"), " "); ok {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.add(secret{text: credential, what: "credential of a call"})
	}
}

// Write implements zapcore.WriteSyncer.
func (e *eavesdropper) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.heard.Write(p)
}

// Sync implements zapcore.WriteSyncer.
func (e *eavesdropper) Sync() error { return nil }

// leaks searches what was heard, and tells all that was found until now.
func (e *eavesdropper) leaks() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.search(e.last)
	e.search(e.heard.Bytes())
	e.last = append(e.last[:0], e.heard.Bytes()...)
	e.heard.Reset()
	return e.found
}

// search looks for every secret that is known at once. Held: mu.
func (e *eavesdropper) search(text []byte) {
	for at := 0; at+beginning <= len(text); at++ {
		start := binary.LittleEndian.Uint64(text[at:])
		if bit := sieveBit(start); e.sieve[bit/64]&(1<<(bit%64)) == 0 {
			continue
		}
		for _, s := range e.known[start] {
			if bytes.HasPrefix(text[at:], []byte(s.text)) {
				e.tell(s, text, at)
			}
		}
	}
}

// tell notes a leak by the phrase of its line, without the secret. Held: mu.
func (e *eavesdropper) tell(s secret, text []byte, at int) {
	line := text[bytes.LastIndexByte(text[:at], '\n')+1:]
	_, phrase, _ := bytes.Cut(line, []byte(`"msg":"`))
	phrase, _, _ = bytes.Cut(phrase, []byte(`"`))
	told := fmt.Sprintf("a %s is in the log: %q", s.what, strings.ReplaceAll(string(phrase), s.text, "…"))
	if !slices.Contains(e.found, told) {
		e.found = append(e.found, told)
	}
}
