package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/paybridge/paybridge/dataverse/dataversesim"
	"github.com/paybridge/paybridge/providers/providersim"
)

// A plan is everything that a simulation is made from. The same plan is the same simulation, to the byte. Times are counted from its
// beginning, in nanoseconds.
type plan struct {
	Seed       uint64              `json:"seed"`
	Dialect    string              `json:"dialect"`
	Capture    string              `json:"capture"`
	Providers  []string            `json:"providers"`
	Refunds    bool                `json:"refunds"` // the accounts send back by themselves what is late or too much
	Window     time.Duration       `json:"window"`
	Nodes      int                 `json:"nodes"`
	Behaviours map[string]string   `json:"behaviours,omitempty"`
	Limits     dataversesim.Limits `json:"limits"`
	Timing     timing              `json:"timing"`
	Token      time.Duration       `json:"token,omitempty"` // how long a token of Dynamics lives
	Busy       bool                `json:"busy,omitempty"`  // somebody works through the desk
	Chaos      providersim.Chaos   `json:"chaos"`           // of the notifications
	Scenes     []scene             `json:"scenes"`
	Troubles   []trouble           `json:"troubles"`
}

// A sketch says what chance makes a plan from.
type sketch struct {
	seed      uint64
	purchases int
}

const planStream = 0x73696d756c617465

// draw makes a plan from a seed: everything in it is chosen by chance.
func (k sketch) draw() plan {
	chance := rand.New(rand.NewPCG(k.seed, planStream))
	p := plan{Seed: k.seed, Window: 50 * time.Minute, Dialect: pick(chance, "realtime", "realtime", "outbound"),
		Capture: pick(chance, "before_registration", "after_registration"), Refunds: chance.IntN(2) == 0, Nodes: 1 + chance.IntN(3),
		Providers: drawProviders(chance), Behaviours: drawBehaviours(chance)}
	p.drawSettings()
	if chance.IntN(4) == 0 {
		p.Token = time.Duration(4+chance.IntN(20)) * time.Minute
	}
	p.Chaos = providersim.Chaos{Repeat: chance.Float64() / 4, Reorder: chance.Float64() / 4, Delay: time.Duration(chance.IntN(60)+1) * time.Second}
	p.Scenes = writeScript(p.terms(k.purchases), p.booths())
	p.spread(chance, p.Window*6/10)
	p.drawLooks()
	p.Troubles = drawTroubles(chance, p)
	p.Troubles = append(p.Troubles, drawRestore(p)...)
	return p
}

const settingsStream = 0x73657474696e6773

// drawSettings lets one sale of three have another window, one of four scarce requests, other times of the client, or providers of any kind, and in
// every other one somebody works at the desk. Chance that is its own leaves the others as they are.
func (p *plan) drawSettings() {
	chance := rand.New(rand.NewPCG(p.Seed, settingsStream))
	if chance.IntN(3) == 0 {
		p.Window = time.Duration(15+chance.IntN(76)) * time.Minute
	}
	if chance.IntN(4) == 0 {
		p.Limits = dataversesim.Limits{Requests: 40 + chance.IntN(400), Execution: time.Duration(20+chance.IntN(200)) * time.Second, Concurrency: 1 + chance.IntN(20)}
	}
	if chance.IntN(4) == 0 {
		p.Timing = timing{Margin: time.Duration(1+chance.IntN(9)) * p.Window / 50, Quiet: time.Duration(3+chance.IntN(10)) * time.Minute,
			Timeout: time.Duration(2000+chance.IntN(40000)) * time.Millisecond}
	}
	p.Busy = chance.IntN(2) == 0
	if chance.IntN(4) == 0 {
		p.Providers = drawAnyProviders(chance)
	}
}

func pick[T any](chance *rand.Rand, of ...T) T { return of[chance.IntN(len(of))] }

// drawProviders picks up to three: what can reserve money and be asked is more often among them, for most can happen there.
func drawProviders(chance *rand.Rand) []string {
	names := providersim.Names()
	picked := []string{pick(chance, "paypal", "stripe", "ingenico")}
	for range chance.IntN(3) {
		if n := pick(chance, names...); !slices.Contains(picked, n) {
			picked = append(picked, n)
		}
	}
	return picked
}

// drawAnyProviders picks two or three, the first of those that have a page.
func drawAnyProviders(chance *rand.Rand) []string {
	names := providersim.Names()
	chance.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	at := slices.IndexFunc(names, func(name string) bool {
		sim, err := providersim.New(name, providersim.Config{Chaos: providersim.Chaos{Off: true}})
		return err == nil && sim.Manners().Page
	})
	names[0], names[at] = names[at], names[0]
	return names[:2+chance.IntN(2)]
}

// drawBehaviours draws how Dynamics decided where nobody knows. A way that leaves every sale to people is rare: nothing else happens in it.
func drawBehaviours(chance *rand.Rand) map[string]string {
	drawn := map[string]string{}
	for _, b := range dataversesim.Behaviours() {
		way := pick(chance, b.Variants...)
		if slices.Contains(b.Blinding, way) && chance.IntN(5) > 0 {
			way = b.Variants[0]
		}
		if b.Name == dataversesim.RedirectParameters && way != b.Variants[1] {
			way = b.Variants[0] // these buyers run no scripts
		}
		drawn[b.Name] = way
	}
	return drawn
}

func (p plan) terms(purchases int) terms {
	return terms{purchases: purchases, seed: p.Seed, window: p.Window, outbound: p.Dialect == "outbound", refunds: p.Refunds, mishaps: mishapsOf("all")}
}

// booths are the plan's providers as a script knows them.
func (p plan) booths() []booth {
	w := &world{seatFirst: p.Capture == "after_registration"}
	for i, name := range p.Providers {
		sim, err := providersim.New(name, providersim.Config{Seed: p.Seed + uint64(i), Chaos: providersim.Chaos{Off: true}}) // as the stage makes it
		if err != nil {
			panic(err) // it is of the list of names
		}
		w.shops = append(w.shops, &shop{Simulator: sim, Name: name})
	}
	return w.booths()
}

// spread lets people register over a time, and pay when people pay: most soon, some late in their window.
func (p plan) spread(chance *rand.Rand, over time.Duration) {
	for i := range p.Scenes {
		s := &p.Scenes[i]
		s.Begin = time.Duration(chance.Int64N(int64(over)))
		pays := time.Minute + time.Duration(chance.ExpFloat64()*float64(5*time.Minute))
		s.Pays = payMoment(s.Turn, min(pays, p.Window*8/10), p.Window)
	}
}

const lookStream = 0x6c6f6f6b

// drawLooks lets buyers look at our page for longer or shorter, and every other one once more later.
func (p *plan) drawLooks() {
	chance := rand.New(rand.NewPCG(p.Seed, lookStream))
	for i := range p.Scenes {
		s := &p.Scenes[i]
		s.Looks = 1 + chance.IntN(8)
		if back := s.Pays + time.Duration(chance.Int64N(int64(p.Window))); chance.IntN(2) == 0 {
			s.Back = back
		}
	}
}

// wishes are the settings of the accounts.
func (p plan) wishes() wishes {
	w := wishes{"capture": p.Capture}
	if p.Refunds {
		w["late"], w["surplus"] = "refund", "refund"
	}
	return w
}

// readPlan reads a plan that was written down.
func readPlan(raw []byte) (p plan, err error) {
	if err := json.Unmarshal(raw, &p); err != nil {
		return plan{}, fmt.Errorf("read a plan: %w", err)
	}
	for _, t := range p.Troubles {
		if !slices.Contains(troubleKinds(), t.Kind) {
			return plan{}, fmt.Errorf("trouble %d is of no known kind: %q", t.Number, t.Kind)
		}
	}
	return p, nil
}
