package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/paybridge/paybridge/bridge"
)

// Who is being answered when a node dies hears of it at once, and not from what is left of the node.
func TestADeadNodeAnswersNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held, end := make(chan struct{}), func() {}
		n := &node{killed: make(chan struct{}), end: end, program: &program{public: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			<-held
			w.WriteHeader(http.StatusServiceUnavailable)
		})}}
		gone := make(chan any, 1)
		go func() {
			defer func() { gone <- recover() }()
			n.serve(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/pay/x", http.NoBody))
		}()
		synctest.Wait()
		n.die()
		n.die() // as often as anything of it comes by a boundary
		synctest.Wait()
		select {
		case what := <-gone:
			if what != http.ErrAbortHandler {
				t.Errorf("%v", what)
			}
		default:
			t.Error("the caller still waits")
		}
		close(held)
		synctest.Wait()
	})
}

// Whatever of a dead node wakes stops where it stands.
func TestADeadNodeDoesNotWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &berth{stage: &stage{clock: wallClock{}}}
		n := &node{berth: p, killed: make(chan struct{}), end: func() {}}
		var clock bridge.Clock = unhurried{localClock{wallClock{}, p}, n}
		woke, ended := false, make(chan struct{})
		go func() {
			defer close(ended)
			_ = clock.Sleep(t.Context(), glance)
			woke = true
		}()
		synctest.Wait()
		n.die()
		<-ended
		if woke {
			t.Error("it went on")
		}
	})
}
