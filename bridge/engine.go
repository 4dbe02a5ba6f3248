package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/singleflight"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// Options is everything the engine is made of.
type Options struct {
	Store        Store
	Environments []Environment
	Accounts     []Account
	Clock        Clock
	Chance       Chance
	PublicURL    string // where buyers and providers reach us, without a slash at the end
	Owner        string // names this node in leases; unique among the nodes that share the store
	Slots        int    // purchases worked on at once; 0: 16
	Log          *zap.Logger
	Metrics      *Metrics
}

// Chance is the engine's only source of randomness.
type Chance interface {
	// Float64 is in [0,1): it spreads what would otherwise come at once.
	Float64() float64
	// Token is a word of at least 128 random bits for addresses, nobody's to guess.
	Token() string
}

// A Bridge is the engine. All its methods may be called at once.
type Bridge struct {
	Options
	environments map[string]Environment
	accounts     map[string]Account
	wake         chan struct{}
	asides       chan struct{} // one refused delivery at a time is put aside
	opening      singleflight.Group
	unknown      *unknown
	busy         sync.WaitGroup
}

const (
	lease     = 3 * time.Minute // outlasts the longest call: Dynamics works for up to two minutes
	longest   = lease - 20*time.Second
	poll      = 250 * time.Millisecond
	stepsEach = 24 // per claim; a purchase that needs more gives the others a turn
)

// New checks that every account has its environment, and of the same mode: modes never mix.
func New(o Options) (*Bridge, error) {
	if o.Slots == 0 {
		o.Slots = 16
	}
	b := &Bridge{Options: o, environments: map[string]Environment{}, accounts: map[string]Account{}, wake: make(chan struct{}, 1), asides: make(chan struct{}, 1),
		unknown: newUnknown(unknownFor, unknownUpTo)}
	for _, e := range o.Environments {
		b.environments[e.Name] = e
	}
	for _, a := range o.Accounts {
		e, ok := b.environments[a.Environment]
		if !ok {
			return nil, fmt.Errorf("account %s: no environment %q", a.Name, a.Environment)
		}
		if e.Live != a.Live {
			return nil, fmt.Errorf("account %s and environment %s are not of the same mode", a.Name, e.Name)
		}
		if _, ok := a.Provider.(Asker); !ok {
			e.Policy.Unaskable = append(e.Policy.Unaskable, a.Name)
			b.environments[e.Name] = e
		}
		if err := errors.Join(ableSeatFirst(e, a), ableRefund(e, a)); err != nil {
			return nil, err
		}
		b.accounts[a.Name] = a
	}
	return b, nil
}

// ableSeatFirst: who reserves money first must be able to take it, to give it back, and to be asked what became of it.
func ableSeatFirst(e Environment, a Account) error {
	_, takes := a.Provider.(Capturer)
	_, gives := a.Provider.(Voider)
	_, askable := a.Provider.(Asker)
	if e.Policy.SeatFirst(a.Name) && !(takes && gives && askable) {
		return fmt.Errorf("account %s: a %s account cannot reserve money, take it later and give it back; write capture: before_registration", a.Name, a.Kind)
	}
	return nil
}

// ableRefund: who sends money back by policy must be able to.
func ableRefund(e Environment, a Account) error {
	_, able := a.Provider.(Refunder)
	if p := e.Policy; !able && (slices.Contains(p.RefundLate, a.Name) || slices.Contains(p.RefundExtra, a.Name)) {
		return fmt.Errorf("account %s: a %s account cannot send money back; write late: desk and surplus: desk", a.Name, a.Kind)
	}
	return nil
}

// Account looks an account up by its name, the end of its callback address.
func (b *Bridge) Account(name string) (Account, bool) {
	a, ok := b.accounts[name]
	return a, ok
}

// Policy is the policy of an environment; unknown environments have a zero one.
func (b *Bridge) Policy(environment string) purchase.Policy {
	return b.environments[environment].Policy
}

// Run claims and works until the context is done, then lets what is in hand finish.
func (b *Bridge) Run(ctx context.Context) error {
	if n, err := b.Store.Reconsider(ctx); err == nil && n > 0 {
		b.Log.Info("reading deliveries again that were not understood", zap.Int("attempt", n))
	}
	b.startLists(ctx)
	slots := make(chan struct{}, b.Slots)
	for ctx.Err() == nil {
		b.recheck(ctx)
		if b.claim(ctx, slots) == 0 {
			b.rest(ctx, slots)
		}
	}
	b.busy.Wait()
	return nil
}

// startLists begins to catch up from the lists of the accounts that have one.
func (b *Bridge) startLists(ctx context.Context) {
	for _, account := range b.Accounts {
		if lister, ok := account.Provider.(Lister); ok {
			b.busy.Go(func() { b.catchUp(ctx, account, lister) })
		}
	}
}

// claim takes exactly as many purchases as there are free slots: one fetched too early could not be overtaken by a more urgent one.
func (b *Bridge) claim(ctx context.Context, slots chan struct{}) int {
	free := cap(slots) - len(slots)
	if free == 0 {
		return 0
	}
	claims, err := b.Store.Claim(ctx, b.Owner, free, lease)
	if err != nil && ctx.Err() == nil {
		b.Log.Error("claiming purchases failed", zap.Error(err))
	}
	for _, c := range claims {
		slots <- struct{}{}
		b.busy.Add(1)
		go func() {
			defer b.busy.Done()
			b.work(context.WithoutCancel(ctx), c)
			<-slots
			b.Wake()
		}()
	}
	return len(claims)
}

// rest sleeps until something was kept here, a slot came free, or the next look is due.
func (b *Bridge) rest(ctx context.Context, _ chan struct{}) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		defer stop()
		select {
		case <-b.wake:
		case <-ctx.Done():
		}
	}()
	_ = b.Clock.Sleep(ctx, poll)
}

// Wake makes Run look for ready purchases now.
func (b *Bridge) Wake() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// keep keeps and wakes.
func (b *Bridge) keep(ctx context.Context, k Keeping) (Kept, error) {
	return b.keepBeside(ctx, purchase.Key{}, k)
}

// keepBeside wakes for what is about other purchases than the one in hand: who has that looks at it anyway.
func (b *Bridge) keepBeside(ctx context.Context, inHand purchase.Key, k Keeping) (Kept, error) {
	kept, err := b.Store.Keep(ctx, k)
	if err != nil || len(kept.New) == 0 {
		return kept, err
	}
	b.Metrics.learned(b.accounts, kept.New)
	if slices.ContainsFunc(kept.New, func(f purchase.Fact) bool { return f.Purchase != inHand }) {
		b.Wake()
	}
	return kept, nil
}
