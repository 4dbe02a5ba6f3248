package providersim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"time"
)

// A Request is one API call, remembered.
type Request struct {
	At        time.Time   `json:"at"`
	Operation string      `json:"operation"`
	Method    string      `json:"method"`
	Path      string      `json:"path"`
	Query     string      `json:"query,omitempty"`
	Key       string      `json:"key,omitempty"` // idempotency
	Header    http.Header `json:"-"`
	Body      string      `json:"body,omitempty"`
	Status    int         `json:"status"`
	Fault     FaultKind   `json:"fault,omitempty"`
}

// Requests are the API calls so far.
func (t *till) Requests() []Request {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.requests)
}

// A reply is an answer that is not written yet, so that a fault can still spoil it.
type reply struct {
	status int
	header map[string]string
	body   any // JSON, or
	raw    []byte
	kind   string // content type of raw
}

// done is a JSON answer of 200.
func done(body any) reply { return reply{status: http.StatusOK, body: body} }

// An api is how a provider's calls are framed.
type api struct {
	*till
	signedIn func(r *http.Request, body []byte) bool // nil: everybody may
	stranger reply                                   // what who is not signed in is answered
	limited  reply                                   // what who asks too often is answered
	key      string                                  // header of the idempotency key, "" where there is none
	again    func(first reply) reply                 // what a repeat under a key is answered; nil: the same
	conflict *reply                                  // what another body under a key is answered; nil: as the first was
	dress    func(w http.ResponseWriter)             // headers that every answer has
}

// answered is what a call under an idempotency key was answered, and what it was.
type answered struct {
	body  string
	reply reply
}

const maxBody = 1 << 20

// handle serves one call: who asks, whether it was asked before under the same key, and whether a fault waits. do is called with mu
// held.
func (a *api) handle(mux *http.ServeMux, pattern, operation string, do func(r *http.Request, body []byte) reply) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		seen := a.remember(r, operation, a.key, body)
		if a.dress != nil {
			a.dress(w)
		}
		if err != nil || a.signedIn != nil && !a.signedIn(r, body) {
			a.write(w, seen, a.stranger)
			return
		}
		f := a.misfortune(operation)
		if f != nil && !f.Kind.after() && a.spoil(w, r, f, seen, a.limited) {
			return
		}
		answer := a.once(r, body, do)
		if f != nil && f.Kind.after() && a.spoil(w, r, f, seen, a.limited) {
			return
		}
		a.write(w, seen, answer)
	})
}

// once answers a call under a key that was seen before as it was answered then.
func (a *api) once(r *http.Request, body []byte, do func(*http.Request, []byte) reply) reply {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := ""
	if a.key != "" && r.Method == http.MethodPost {
		key = r.Header.Get(a.key)
	}
	if key == "" {
		return do(r, body)
	}
	name := key + " " + r.URL.Path
	was, ok := a.answers[name]
	switch {
	case ok && a.conflict != nil && was.body != string(body):
		return *a.conflict
	case ok && a.again != nil:
		return a.again(was.reply)
	case ok:
		return was.reply
	}
	answer := do(r, body)
	if answer.status < http.StatusBadRequest {
		a.answers[name] = answered{string(body), answer}
	}
	return answer
}

// remember keeps a request and returns its place.
func (t *till) remember(r *http.Request, operation, keyHeader string, body []byte) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := ""
	if keyHeader != "" {
		key = r.Header.Get(keyHeader)
	}
	t.requests = append(t.requests, Request{At: t.cfg.Now(), Operation: operation, Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery,
		Key: key, Header: r.Header.Clone(), Body: string(body)})
	return len(t.requests) - 1
}

func (t *till) write(w http.ResponseWriter, seen int, a reply) {
	t.mu.Lock()
	t.requests[seen].Status = a.status
	t.mu.Unlock()
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	raw, kind := a.raw, a.kind
	if raw == nil && a.body != nil {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(a.body) // maps, strings and numbers
		raw, kind = b.Bytes(), "application/json"
	}
	if kind != "" {
		w.Header().Set("Content-Type", kind)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(raw) // the caller went away
}

// put adds what is not empty.
func put(m map[string]any, key, value string) {
	if value != "" {
		m[key] = value
	}
}
