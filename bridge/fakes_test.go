package bridge_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/store"
)

// wallClock is real time: the engine's own tests run for seconds.
type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }
func (wallClock) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

type chance struct{}

func (chance) Float64() float64 { return 0.5 }
func (chance) Token() string    { return rand.Text() }

// dynamics is a Registrar with memory. Its zero behaviours are those of an environment that works and can be read back.
type dynamics struct {
	mu        sync.Mutex
	purchases map[string]*registration
	finalizes int
	// onFinalize, if set, decides the outcome; effect says whether the seat is made.
	onFinalize func(n int, r *registration) (outcome purchase.Outcome, effect bool)
	releases   int
	onRelease  func(n int) (outcome purchase.Outcome, effect bool)
	priceErr   error
	unsaid     bool
	prices     int // how often one was asked for
}

type registration struct {
	price   purchase.Money
	event   string
	created time.Time
	seats   int
	// released: the seat is somebody else's.
	released bool
}

func newDynamics() *dynamics { return &dynamics{purchases: map[string]*registration{}} }

func (d *dynamics) register(price purchase.Money, created time.Time) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	id := fmt.Sprintf("%08d-0000-4000-8000-000000000001", len(d.purchases)+1)
	d.purchases[id] = &registration{price: price, event: "EVENT1", created: created}
	return id
}

func (d *dynamics) seats(id string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.purchases[id].seats
}

func (d *dynamics) Price(_ context.Context, key purchase.Key) (purchase.Offer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.prices++
	if d.priceErr != nil {
		return purchase.Offer{}, d.priceErr
	}
	r, ok := d.purchases[key.ID]
	if !ok {
		return purchase.Offer{}, purchase.ErrNoPurchase
	}
	return purchase.Offer{Money: r.price, Event: r.event, EventName: "An event", Created: r.created, Attendees: 1}, nil
}

// asked is how often a price was asked for.
func (d *dynamics) asked() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.prices
}

func (d *dynamics) Finalize(_ context.Context, call purchase.Final) purchase.Outcome {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.finalizes++
	r := d.purchases[call.Key.ID]
	outcome, effect := purchase.Outcome{Result: purchase.Acknowledged}, true
	if d.onFinalize != nil {
		outcome, effect = d.onFinalize(d.finalizes, r)
	}
	if effect {
		r.seats++
	}
	return outcome
}

func (d *dynamics) ReadBack(_ context.Context, key purchase.Key) (purchase.Seats, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.unsaid:
		return purchase.SeatsUnsaid, nil
	case d.purchases[key.ID].seats > 0:
		return purchase.SeatsAll, nil
	}
	return purchase.SeatsNone, nil
}

func (d *dynamics) Release(_ context.Context, key purchase.Key, _ time.Time) purchase.Outcome {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.releases++
	outcome, effect := purchase.Outcome{Result: purchase.Acknowledged}, true
	if d.onRelease != nil {
		outcome, effect = d.onRelease(d.releases)
	}
	d.purchases[key.ID].released = d.purchases[key.ID].released || effect
	return outcome
}

// psp is a provider with memory: deliveries are JSON notes signed by a word, the truth is in payments.
type psp struct {
	mu       sync.Mutex
	payments map[string]payment
	opened   map[string]string // order key to payment
	blind    bool              // the check is out of reach
	away     bool              // it cannot be asked
	form     bool              // the pay page wants a form
	endable  bool              // sessions can be ended
	once     bool              // an attempt that failed uses its session up
	apart    bool              // sessions are known by a name of their own only
	voids    int
	captures int
	asks     int
	broke    bool // captures of reserved money are turned down
}

type payment struct {
	Purchase string         `json:"purchase"`
	Ref      string         `json:"ref"`
	Money    purchase.Money `json:"money"`
	Kind     purchase.Kind  `json:"kind"`
	At       time.Time      `json:"at"`
}

func newPSP() *psp { return &psp{payments: map[string]payment{}, opened: map[string]string{}} }

func (p *psp) Read(_ context.Context, d purchase.Delivery) (purchase.Reading, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.blind {
		return purchase.Reading{}, purchase.ErrUnchecked
	}
	if len(d.Body) == 0 { // it only asks whether anybody is there
		return purchase.Reading{Unkept: true}, nil
	}
	if d.Header.Get("Signed") != "yes" {
		return purchase.Reading{}, purchase.Forged(purchase.BadSignature)
	}
	var pay payment
	if err := json.Unmarshal(d.Body, &pay); err != nil {
		return purchase.Reading{}, purchase.ErrNotUnderstood
	}
	return purchase.Reading{Message: d.Header.Get("Message"), Facts: []purchase.Fact{pay.fact(purchase.Heard)}}, nil
}

func (pay payment) fact(s purchase.Standing) purchase.Fact {
	return purchase.Fact{Purchase: purchase.Key{ID: pay.Purchase}, Kind: pay.Kind, Standing: s, Payment: pay.Ref, Object: "c-" + pay.Ref,
		Money: pay.Money, At: pay.At, Detail: purchase.Detail{Capturable: pay.Kind == purchase.Approved}}
}

func (p *psp) Ask(_ context.Context, ref purchase.Ref) ([]purchase.Fact, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asks++
	if p.away {
		return nil, errors.New("nobody answers")
	}
	pay, ok := p.payments[ref.Payment]
	if !ok || ref.Session != p.session(ref.Payment) {
		return nil, purchase.ErrNoPayment
	}
	if pay.Kind == purchase.Opened {
		return nil, nil
	}
	return []purchase.Fact{pay.fact(purchase.Proved)}, nil
}

func (p *psp) Open(_ context.Context, o purchase.Order) (purchase.Checkout, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ref, ok := p.opened[o.Key]
	if o.Payment != "" {
		ref, ok = o.Payment, true
	}
	if !ok {
		ref = fmt.Sprintf("order-%d", len(p.opened)+1)
		p.opened[o.Key] = ref
		p.payments[ref] = payment{Purchase: o.Reference.Purchase, Ref: ref, Money: o.Money, Kind: purchase.Opened}
	}
	made := purchase.Checkout{Payment: ref, Session: p.session(ref), URL: "https://psp.example/pay/" + ref, Capturable: !p.endable || o.Reserve,
		Voidable: p.endable || o.Reserve, OneTry: p.once}
	if p.form {
		made.Form = []purchase.Field{{Name: "order", Value: ref}, {Name: "back", Value: o.Return}}
	}
	return made, nil
}

// session is what the session of a payment is called where that is not the payment's name.
func (p *psp) session(ref string) string {
	if p.apart {
		return "session-" + ref
	}
	return ""
}

func (p *psp) Void(_ context.Context, ref purchase.Ref, _ string) ([]purchase.Fact, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.voids++
	pay := p.payments[ref.Payment]
	if (pay.Kind == purchase.Opened || pay.Kind == purchase.Authorised) && ref.Session == p.session(ref.Payment) {
		pay.Kind, pay.At = purchase.Lapsed, time.Now()
		p.payments[ref.Payment] = pay
	}
	f := pay.fact(purchase.Proved)
	f.Object, f.Money = "", purchase.Money{}
	return []purchase.Fact{f}, nil
}

// deaf is a provider that cannot be asked: all it says is proof.
type deaf struct{ p *psp }

func (d deaf) Read(ctx context.Context, delivery purchase.Delivery) (purchase.Reading, error) {
	reading, err := d.p.Read(ctx, delivery)
	for i := range reading.Facts {
		reading.Facts[i].Standing = purchase.Proved
	}
	return reading, err
}

func (d deaf) Open(ctx context.Context, o purchase.Order) (purchase.Checkout, error) {
	return d.p.Open(ctx, o)
}

func (p *psp) Capture(_ context.Context, ref purchase.Ref, _ string) ([]purchase.Fact, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.captures++
	pay := p.payments[ref.Payment]
	if p.broke {
		return []purchase.Fact{pay.fact(purchase.Proved)}, final{errors.New("the bank says no")}
	}
	pay.Kind, pay.At = purchase.Captured, time.Now()
	p.payments[ref.Payment] = pay
	return []purchase.Fact{pay.fact(purchase.Proved)}, nil
}

// calls are how often money was taken, and sessions ended or reservations given back.
func (p *psp) calls() (captures, voids int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.captures, p.voids
}

func (p *psp) set(pay payment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.payments[pay.Ref] = pay
}

func (p *psp) blindness(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blind = on
}

// final is an error that no repetition mends.
type final struct{ error }

func (final) Retry() (time.Duration, bool) { return 0, false }

// delivery is a signed note about a payment.
func delivery(t testing.TB, pay payment, message string) purchase.Delivery {
	t.Helper()
	body, err := json.Marshal(pay)
	if err != nil {
		t.Fatal(err)
	}
	return signed(body, message)
}

func signed(body []byte, message string) purchase.Delivery {
	d := purchase.Delivery{Account: "shop", Received: time.Now(), Method: "POST", Body: body, Header: map[string][]string{"Signed": {"yes"}, "Message": {message}}}
	d.ID = purchase.DeliveryID(d)
	return d
}

// A house is a store with one or more engines on it.
type house struct {
	store    *store.Store
	dynamics *dynamics
	psp      *psp
	policy   purchase.Policy
}

func newHouse(t testing.TB, window time.Duration) *house {
	t.Helper()
	h := &house{dynamics: newDynamics(), psp: newPSP(), policy: purchase.DefaultPolicy(window)}
	h.policy.Quiet = 2 * time.Second
	s, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "bridge.db"), store.Options{
		Clock: wallClock{}, Policy: func(string) purchase.Policy { return h.policy }, Rules: purchase.Rules,
		Registerer: prometheus.NewRegistry(), Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	h.store = s
	return h
}

func (h *house) node(t testing.TB, owner string) *bridge.Bridge {
	t.Helper()
	return h.nodeWith(t, owner, bridge.Account{Name: "shop", Kind: "psp", Environment: "main", Provider: h.psp})
}

func (h *house) nodeWith(t testing.TB, owner string, accounts ...bridge.Account) *bridge.Bridge {
	t.Helper()
	return h.nodeLike(t, bridge.Options{Owner: owner, Accounts: accounts})
}

// nodeLike fills in what is not there.
func (h *house) nodeLike(t testing.TB, o bridge.Options) *bridge.Bridge {
	t.Helper()
	if o.Store == nil {
		o.Store = h.store
	}
	if o.Clock == nil {
		o.Clock = wallClock{}
	}
	if o.Chance == nil {
		o.Chance = chance{}
	}
	if o.Environments == nil {
		o.Environments = []bridge.Environment{{Name: "main", Registrar: h.dynamics, Policy: h.policy}}
	}
	o.PublicURL, o.Log, o.Metrics = "https://pay.example", zap.NewNop(), bridge.NewMetrics(prometheus.NewRegistry(), o.Accounts)
	b, err := bridge.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// run starts nodes and stops them with the test.
func (h *house) run(t testing.TB, nodes ...*bridge.Bridge) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for _, b := range nodes {
		wg.Go(func() { b.Run(ctx) })
	}
	t.Cleanup(func() { cancel(); wg.Wait() })
}

// until waits for what comes soon; where it does not come the test ends with what is missing.
func until(t testing.TB, missing string, came func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !came(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(missing)
		}
	}
}

func (h *house) await(t testing.TB, id string, want purchase.State) bridge.Row {
	t.Helper()
	key := purchase.Key{Environment: "main", ID: id}
	var row bridge.Row
	var facts []purchase.Fact
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		var err error
		if row, facts, err = h.store.Find(context.Background(), key); err == nil && row.Summary.State == want {
			return row
		}
	}
	for _, f := range facts {
		t.Logf("%s %s %s %s %+v", f.Seen.Format("05.000"), f.Kind, f.Standing, f.Money, f.Detail)
	}
	t.Fatalf("purchase %s is %s (%s, waits %s), want %s", id, row.Summary.State, row.Summary.Cause, row.Waits, want)
	return row
}

var euros45 = purchase.Money{Minor: 4500, Currency: "EUR"}
