package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/governor"
	"github.com/paybridge/paybridge/bridge/post"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/store"
	"github.com/paybridge/paybridge/bridge/web"
	"github.com/paybridge/paybridge/config"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/dataverse"
	"github.com/paybridge/paybridge/providers"
	"github.com/paybridge/paybridge/providers/protocol"
)

// wiring is what the program is given from outside. A stage inside one process brings a clock, a network and a way to cut it off.
type wiring struct {
	clock    bridge.Clock
	log      *zap.Logger
	registry *prometheus.Registry
	network  http.RoundTripper               // carries every request to the outside; nil: what the settings say
	door     func(bridge.Store) bridge.Store // what the engine keeps its facts through; nil: the store itself
	store    *store.Store                    // of somebody who shares it with other nodes; nil: the program opens that of the settings
	chance   bridge.Chance                   // nil: the system's
	owner    string                          // names the node in leases; "": after the process
	keep     time.Duration                   // how long bodies of deliveries are kept; 0: keepBodies

	registrar func(*dataverse.Client) bridge.Registrar           // what the engine asks of Dynamics through; nil: the client itself
	approach  func(governor http.RoundTripper) http.RoundTripper // what requests to Dynamics come to its governor through; nil: nothing
}

// filled puts in what was left to the program.
func (w wiring) filled() wiring {
	if w.chance == nil {
		w.chance = realChance{}
	}
	if w.owner == "" {
		w.owner = owner()
	}
	if w.registrar == nil {
		w.registrar = func(c *dataverse.Client) bridge.Registrar { return c }
	}
	if w.approach == nil {
		w.approach = func(governor http.RoundTripper) http.RoundTripper { return governor }
	}
	w.keep = cmp.Or(w.keep, keepBodies)
	return w
}

// A program is everything that serve runs, put together by wire and nowhere else.
type program struct {
	wiring
	store      *store.Store
	bridge     *bridge.Bridge
	post       *post.Post
	public     http.Handler
	operations http.Handler
	control    http.Handler
}

// parts are the outward sides: the environments and the accounts.
type parts struct {
	dynamics     map[string]*dataverse.Client
	environments []bridge.Environment
	accounts     []bridge.Account
}

// wire is the one list of constructors.
func wire(ctx context.Context, c *config.Config, w wiring) (*program, error) {
	w = w.filled()
	outside, err := wireParts(c, w)
	if err != nil {
		return nil, err
	}
	s := w.store
	if s == nil {
		s, err = store.Open(ctx, c.Store, store.Options{Clock: w.clock, Policy: policies(c), Rules: purchase.Rules, Registerer: w.registry, Log: w.log,
			Routes: c.Messages.Routes(environments(c))})
		if err != nil {
			return nil, err
		}
	}
	sender, err := post.New(post.Options{Config: c.Messages, Outbox: s, Environments: outside.environments, Clock: w.clock, Chance: w.chance, Owner: w.owner,
		Log: w.log, Registerer: w.registry})
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	b, err := bridge.New(bridge.Options{
		Store: w.through(s), Environments: outside.environments, Accounts: outside.accounts, Clock: w.clock, Chance: w.chance,
		PublicURL: strings.TrimSuffix(c.Server.PublicURL, "/"), Owner: w.owner, Log: w.log, Metrics: bridge.NewMetrics(w.registry, outside.accounts),
	})
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	w.registry.MustRegister(bridge.NewBacklogCollector(b))
	announce(w.registry, c)
	return &program{wiring: w, store: s, bridge: b, post: sender,
		public:     web.NewPublic(web.Options{Config: c.Server, Bridge: b, Accounts: outside.accounts, Log: w.log, Registerer: w.registry, Now: w.clock.Now}),
		operations: web.NewOperations(w.registry, s.Healthy),
		control:    web.NewControl(b, w.log),
	}, nil
}

func (w wiring) through(s bridge.Store) bridge.Store {
	if w.door == nil {
		return s
	}
	return w.door(s)
}

func (p *program) close() {
	if p.wiring.store != nil {
		return
	}
	if err := p.store.Close(); err != nil {
		p.log.Error("the store did not close well", zap.Error(err))
	}
}

// wireParts makes the clients of Dynamics and of the providers; doctor needs no more.
func wireParts(c *config.Config, w wiring) (*parts, error) {
	w = w.filled()
	if w.registry == nil {
		w.registry = prometheus.NewRegistry()
	}
	reg := w.registry
	p := &parts{dynamics: map[string]*dataverse.Client{}}
	metrics := dataverse.NewMetrics(reg)
	expiry := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "paybridge_credential_expiry_timestamp_seconds",
		Help: "When a credential ends, where it says so itself."}, []string{"credential"})
	reg.MustRegister(expiry)
	for _, name := range slices.Sorted(maps.Keys(c.Environments)) {
		e := c.Environments[name]
		client, err := dataverse.New(e.Dataverse, dataverse.Options{Environment: name, Version: version, Now: w.clock.Now, Chance: w.chance.Float64, Log: w.log, Metrics: metrics, HTTP: w.network,
			Govern: func(next http.RoundTripper) http.RoundTripper {
				g := governor.New(governor.Options{Now: w.clock.Now, Next: next})
				reg.MustRegister(circuit(name, g))
				return w.approach(g)
			}})
		if err != nil {
			return nil, fmt.Errorf("environment %s: %w", name, err)
		}
		if ends, ok := certificateEnd(e.Dataverse.ClientCertificate); ok {
			expiry.WithLabelValues("dataverse:" + name).Set(float64(ends.Unix()))
		}
		p.dynamics[name] = client
		p.environments = append(p.environments, bridge.Environment{Name: name, Live: e.Live(), Registrar: w.registrar(client), Policy: policies(c)(name)})
	}
	return p, p.wireAccounts(c, w)
}

// circuit tells whether an environment is left alone just now because Dynamics asked for a pause.
func circuit(environment string, g *governor.Governor) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "paybridge_circuit_open", Help: "Whether the target is left alone just now.",
		ConstLabels: prometheus.Labels{"target": "dataverse:" + environment}}, func() float64 {
		if g.Paused() > 0 {
			return 1
		}
		return 0
	})
}

// certificateEnd reads when a client certificate ends; a secret does not say.
func certificateEnd(ref field.Secret) (time.Time, bool) {
	raw, err := ref.Reveal()
	if !ref.IsSet() || err != nil {
		return time.Time{}, false
	}
	for rest := []byte(raw); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return time.Time{}, false
		}
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
			return cert.NotAfter, true
		}
	}
}

func (p *parts) wireAccounts(c *config.Config, w wiring) error {
	seals, err := seals(c)
	if err != nil {
		return err
	}
	metrics := providers.NewMetrics(w.registry)
	for _, name := range slices.Sorted(maps.Keys(c.Accounts)) {
		a := c.Accounts[name]
		live := c.Environments[a.Environment].Live()
		provider, err := providers.Open(a.Config, providers.Options{Seals: seals, Reference: a.Reference, Metrics: metrics,
			Options: protocol.Options{Account: name, Environment: a.Environment, Live: live, Callback: callbackAddress(c, name), Now: w.clock.Now,
				Chance: w.chance.Float64, HTTP: w.network, Log: w.log}})
		if err != nil {
			return fmt.Errorf("account %s: %w", name, err)
		}
		p.accounts = append(p.accounts, bridge.Account{Name: name, Kind: a.Config.Kind(), Environment: a.Environment, Event: a.Event, Live: live, Provider: provider})
	}
	return nil
}

func seals(c *config.Config) (purchase.Seals, error) {
	keys := make([][]byte, 0, len(c.SealKeys))
	for _, ref := range c.SealKeys {
		key, err := ref.Reveal()
		if err != nil {
			return purchase.Seals{}, fmt.Errorf("seal_keys: %w", err)
		}
		keys = append(keys, []byte(key))
	}
	return purchase.NewSeals(keys...)
}

// policies gives each environment its policy: what its own section says, which of its accounts reserve the money first, which send it back
// by themselves, and which sell on invoice.
func policies(c *config.Config) func(string) purchase.Policy {
	byName := map[string]purchase.Policy{}
	for name, e := range c.Environments {
		byName[name] = e.Dataverse.Policy()
	}
	for _, name := range slices.Sorted(maps.Keys(c.Accounts)) {
		a := c.Accounts[name]
		policy := byName[a.Environment]
		for accounts, is := range map[*[]string]bool{&policy.Reserving: a.SeatFirst(), &policy.RefundLate: a.Late == "refund", &policy.RefundExtra: a.Surplus == "refund"} {
			if is {
				*accounts = append(*accounts, name)
			}
		}
		if terms, ok := a.Config.Terms(); ok {
			if policy.Invoicing == nil {
				policy.Invoicing = map[string]purchase.Terms{}
			}
			policy.Invoicing[name] = terms
		}
		byName[a.Environment] = policy
	}
	return func(name string) purchase.Policy { return byName[name] }
}

// environments are the accounts' environments, by account.
func environments(c *config.Config) map[string]string {
	byAccount := map[string]string{}
	for name, a := range c.Accounts {
		byAccount[name] = a.Environment
	}
	return byAccount
}

// announce publishes what is configured, for joins in dashboards.
func announce(reg prometheus.Registerer, c *config.Config) {
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "paybridge_build_info", Help: "The version that runs."}, []string{"version", "revision", "goversion"})
	accounts := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "paybridge_account_info", Help: "The configured accounts."}, []string{"provider", "account", "mode", "dialect"})
	reg.MustRegister(build, accounts)
	v := thisVersion()
	build.WithLabelValues(v.Version, v.Revision, v.Go).Set(1)
	for name, a := range c.Accounts {
		e := c.Environments[a.Environment]
		accounts.WithLabelValues(a.Config.Kind(), name, e.Mode, string(cmp.Or(e.Dataverse.Dialect, dataverse.DialectAuto))).Set(1)
	}
}

// owner names this process in leases.
func owner() string {
	host, err := os.Hostname()
	if err != nil {
		host = "node"
	}
	return fmt.Sprintf("%s-%d-%s", host, os.Getpid(), realChance{}.Token()[:8])
}
