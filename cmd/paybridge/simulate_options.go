package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paybridge/paybridge/config"
	"github.com/paybridge/paybridge/dataverse"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
	"github.com/paybridge/paybridge/providers/providersim"
)

// simulateOptions are the flags of a sale.
type simulateOptions struct {
	config, environment     string
	sale, throttle, mishaps string
	outages                 []string
	nodes, kills            int
	seed                    uint64
	chance, story           bool
	plot, save              string
}

// plan makes the plan that the flags describe, and reports everything that is wrong with them at once.
func (o simulateOptions) plan(said func(string) bool) (plan, error) {
	purchases, over, err := saleOf(o.sale)
	errs := []error{err}
	if o.chance {
		for _, flag := range []string{"config", "throttle", "outage", "nodes", "kill", "mishaps", "environment"} {
			if said(flag) {
				errs = append(errs, fmt.Errorf("--chance chooses what --%s says; leave one of them out", flag))
			}
		}
		if err := errors.Join(errs...); err != nil {
			return plan{}, err
		}
		return sketch{seed: o.seed, purchases: purchases}.draw(), nil
	}
	p := plan{Seed: o.seed, Window: dataversesim.DefaultWindow, Dialect: "realtime", Capture: "before_registration", Providers: []string{"paypal", "stripe"},
		Nodes: o.nodes, Behaviours: dataversesim.DefaultBehaviours(), Chaos: providersim.Chaos{Repeat: 0.05, Reorder: 0.05, Delay: 5 * time.Second}}
	if o.config != "" {
		errs = append(errs, p.like(o.config, o.environment))
	}
	p.Limits, err = limitsOf(o.throttle)
	errs = append(errs, err)
	for i, text := range o.outages {
		t, err := outageOf(text, p.Providers)
		t.Number = i + 1
		p.Troubles = append(p.Troubles, t)
		errs = append(errs, err)
	}
	if o.nodes < 1 || o.nodes > 16 {
		errs = append(errs, fmt.Errorf("--nodes %d is not between 1 and 16", o.nodes))
	}
	if o.kills < 0 || !slices.Contains([]string{"none", "some", "all"}, o.mishaps) {
		errs = append(errs, fmt.Errorf("--kill must not be negative, and --mishaps %q is one of none, some and all", o.mishaps))
	}
	if err := errors.Join(errs...); err != nil {
		return plan{}, err
	}
	x := p.terms(purchases)
	x.mishaps = mishapsOf(o.mishaps)
	p.Scenes = writeScript(x, p.booths())
	chance := rand.New(rand.NewPCG(o.seed, planStream))
	p.spread(chance, over)
	for range o.kills {
		p.Troubles = append(p.Troubles, trouble{Number: len(p.Troubles) + 1, Kind: nodeCrash, Node: chance.IntN(p.Nodes),
			At: time.Duration(chance.Int64N(int64(over + p.Window/2))), Count: 1 + chance.IntN(30)})
	}
	return p, nil
}

// saleOf reads "650/5m".
func saleOf(text string) (purchases int, over time.Duration, err error) {
	many, span, ok := strings.Cut(text, "/")
	n, err1 := strconv.Atoi(many)
	var days int
	d, err2 := time.ParseDuration(span)
	if _, err := fmt.Sscanf(span, "%dd", &days); err == nil && span == fmt.Sprintf("%dd", days) {
		d, err2 = time.Duration(days)*24*time.Hour, nil
	}
	if !ok || err1 != nil || err2 != nil || n < 1 || n > 100_000 || d <= 0 || d > 400*24*time.Hour {
		return 0, 0, fmt.Errorf("--sale %q is not like 650/5m or 3000/60d: people, and the time over which they register", text)
	}
	return n, d, nil
}

// limitsOf reads --throttle.
func limitsOf(text string) (dataversesim.Limits, error) {
	switch n, err := strconv.Atoi(text); {
	case text == "default":
		return dataversesim.Limits{}, nil
	case text == "off":
		return dataversesim.Limits{Off: true}, nil
	case err == nil && n > 0:
		return dataversesim.Limits{Requests: n}, nil
	}
	return dataversesim.Limits{}, fmt.Errorf("--throttle %q is none of default, off and a number of requests in five minutes", text)
}

// outageOf reads "dynamics:20m@10m".
func outageOf(text string, providers []string) (trouble, error) {
	what, when, _ := strings.Cut(text, ":")
	length, at, _ := strings.Cut(when, "@")
	t := trouble{How: "hang"}
	var err1, err2 error
	t.For, err1 = time.ParseDuration(length)
	t.At, err2 = time.ParseDuration(at)
	if err1 != nil || err2 != nil || t.For <= 0 || t.At < 0 {
		return t, fmt.Errorf("--outage %q is not like dynamics:20m@10m: what, how long, and when after the sale began", text)
	}
	kinds := map[string]troubleKind{"dynamics": dynamicsOutage, "entra": entraOutage, "endpoint": endpointOutage, "notifications": postLost, "store": storeAway}
	switch kind, ok := kinds[what]; {
	case ok:
		t.Kind = kind
	case slices.Contains(providers, what):
		t.Kind, t.Where = providerOutage, what
	default:
		return t, fmt.Errorf("--outage %q: there is no %q; choose of %s", text, what,
			strings.Join(append(slices.Sorted(maps.Keys(kinds)), providers...), ", "))
	}
	return t, nil
}

// like makes the plan one of the settings' sales: its window and dialect, its timing, its providers, and what they do with money.
func (p *plan) like(path, environment string) error {
	c, err := loadConfig(path)
	if err != nil {
		return err
	}
	name := cmp.Or(environment, slices.Sorted(maps.Keys(c.Environments))[0])
	e, ok := c.Environments[name]
	if !ok {
		return fmt.Errorf("--environment %q is not in the settings", name)
	}
	d := e.Dataverse
	if d.Dialect == dataverse.DialectOutbound {
		p.Dialect = "outbound"
	}
	p.Window = time.Duration(d.Window)
	p.Timing = timing{Margin: time.Duration(d.Margin.Or(0)), Quiet: time.Duration(d.Quiet.Or(0)), Timeout: time.Duration(d.Timeout.Or(0)), Repeat: string(d.RepeatFinalize)}
	return p.sellAt(c, name)
}

// sellAt takes the environment's accounts; those of one provider are one.
func (p *plan) sellAt(c *config.Config, environment string) error {
	p.Providers = nil
	for _, name := range slices.Sorted(maps.Keys(c.Accounts)) {
		a := c.Accounts[name]
		if a.Environment != environment {
			continue
		}
		if a.SeatFirst() {
			p.Capture = "after_registration"
		}
		p.Refunds = p.Refunds || a.Late == "refund" || a.Surplus == "refund"
		sim := simulatorOf(a.Config.Kind())
		if sim != "" && !slices.Contains(p.Providers, sim) {
			p.Providers = append(p.Providers, sim)
		}
	}
	if len(p.Providers) == 0 {
		return fmt.Errorf("environment %s has no account that can be simulated", environment)
	}
	return nil
}

// simulatorOf finds the simulator of a provider, as settings name it.
func simulatorOf(kind string) string {
	for _, name := range providersim.Names() {
		sim, err := providersim.New(name, providersim.Config{Chaos: providersim.Chaos{Off: true}})
		if err == nil && sim.Settings("https://pay.example.org/callback/x").Kind == kind {
			sim.Close()
			return name
		}
	}
	return ""
}
