//go:build linux

package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

const (
	crashWindow  = 30 * time.Second
	crashPatient = 60 * time.Second // far more than any crash costs
	crashLog     = 300_000          // bytes of log that are folded into the database: several times in a sale
)

// A crashSale is a small sale whose daemon is killed once.
type crashSale struct {
	*sale
	t       *testing.T
	dir     string
	store   crashStore
	release string
	dying   string
	script  []scene
	box     *postbox
}

// crashScript takes the money first at one provider and the seat first at another, by both ways; sends money back by itself and by a
// person; and leaves one for the desk.
func crashScript() []scene {
	script := []scene{
		{Turn: turnRedirect, Provider: "paypal", Page: true}, {Turn: turnButton, Provider: "paypal"},
		{Turn: turnRedirect, Provider: "stripe", Page: true}, {Turn: turnButton, Provider: "stripe"},
		{Turn: turnDouble, Provider: "paypal"}, {Turn: turnDecided, Provider: "paypal"}, {Turn: turnWrongAmount, Provider: "paypal"},
	}
	for i := range script {
		s := &script[i]
		s.Number, s.Begin, s.Pays = i+1, time.Duration(i)*60*time.Millisecond, 150*time.Millisecond
		s.Passes = []int{i % demoPasses, 0}[:1+i%2]
		s.Allowed = allowed(s.Turn, terms{window: crashWindow, refunds: true}, true)
	}
	return script
}

func openCrashSale(t *testing.T, p crashPrograms, store crashStore) *crashSale {
	t.Helper()
	dir, err := os.MkdirTemp("", "pb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	o := demoOptions{seed: 1, window: crashWindow, dialect: "realtime", providers: []string{"paypal", "stripe"}, capture: "before_registration",
		sendsBack: true, db: store.dsn(dir)}
	w, err := startWorld(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.stop)
	if err := w.dynamics.SetBehaviour(dataversesim.SecondFinalize, "duplicate-seats"); err != nil { // else a second one would not be seen
		t.Fatal(err)
	}
	s := &crashSale{sale: &sale{demoOptions: o, world: w, decided: map[string]bool{}}, t: t, dir: dir, store: store, release: p.release, dying: p.mortal,
		script: crashScript(), box: newPostbox(t)}
	s.settings()
	log, err := os.OpenFile(filepath.Join(dir, "daemon.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	s.daemon = &daemon{program: p.release, config: filepath.Join(dir, "paybridge.yaml"), ready: "http://" + w.operations + "/readyz", log: log}
	t.Cleanup(s.cleanUp)
	return s
}

// settings: the seat comes first at the second provider, nothing is waited for long, and other systems are told.
func (s *crashSale) settings() {
	s.t.Helper()
	path := (&town{t: s.t, dir: s.dir}).withMessages(s.box)
	raw, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	first, second, ok := strings.Cut(string(raw), "  "+accountOf("stripe")+":\n")
	changed := strings.NewReplacer("quiet: 5s", "quiet: 3s", "timeout: 5s", "timeout: 2s").Replace(first) + "  " + accountOf("stripe") + ":\n" +
		strings.Replace(second, "capture: before_registration", "capture: after_registration", 1)
	if !ok || !strings.Contains(changed, "quiet: 3s") || !strings.Contains(changed, "after_registration") {
		s.t.Fatalf("the settings are not as expected:\n%s", raw)
	}
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *crashSale) cleanUp() {
	s.daemon.mu.Lock()
	running := s.daemon.process
	s.daemon.mu.Unlock()
	if running != nil {
		s.daemon.kill()
	}
	if s.t.Failed() {
		if raw, err := os.ReadFile(s.daemon.log.Name()); err == nil {
			s.t.Logf("the daemon's log:\n%s", raw)
		}
	}
	s.daemon.log.Close()
}

// mortal makes the next daemon one that kills itself.
func (s *crashSale) mortal(env ...string) {
	s.daemon.program = s.dying
	s.daemon.env = append(env, boundVariable+"="+strconv.Itoa(crashLog))
}

// play runs the whole sale with the daemon as it is set up, and ends it well.
func (s *crashSale) play(ctx context.Context) {
	s.t.Helper()
	if err := s.daemon.start(ctx); err != nil {
		s.t.Fatal(err)
	}
	s.crowd(ctx).Wait()
	s.settle(ctx)
	s.daemon.end(syscall.SIGTERM)
}

// crowd lets the buyers come.
func (s *crashSale) crowd(ctx context.Context) *sync.WaitGroup {
	s.fates = make([]fate, len(s.script))
	began := time.Now()
	var crowd sync.WaitGroup
	for i, sc := range s.script {
		crowd.Go(func() { s.fates[i] = s.scene(ctx, sc, began) })
	}
	return &crowd
}

// settle judges until nothing moves any more and everybody who is to be told was told.
func (s *crashSale) settle(ctx context.Context) {
	s.t.Helper()
	for until := time.Now().Add(crashPatient); time.Now().Before(until) && s.look(ctx) > 0; {
		_ = sleepUntil(ctx, time.Now().Add(200*time.Millisecond))
	}
}

// look judges, and counts what moves still.
func (s *crashSale) look(ctx context.Context) int {
	s.t.Helper()
	listed, err := s.listed(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	moving := s.world.judge(s.fates, listed, s.window, func(i int) []end { return s.script[i].Allowed })
	return moving + s.decide(ctx) + s.untold()
}

// decide is the person at the desk: who was not told that it is done looks again, and tries again where the purchase waits still.
func (s *crashSale) decide(ctx context.Context) (waiting int) {
	for _, f := range s.fates {
		if f.Turn != turnDecided || f.Desk != string(purchase.CauseAmount) {
			continue
		}
		waiting++
		_, _ = s.daemon.ask(ctx, "desk", "refund", f.Purchase, "--by", "demo", "--reason", "paid too little", "--yes")
	}
	return waiting
}

// untold counts the seats of which the other system has not heard.
func (s *crashSale) untold() (n int) {
	for _, f := range s.fates {
		if f.End == endSeat && !s.box.heardOf(f.Purchase, "participation_confirmed") {
			n++
		}
	}
	return n
}
