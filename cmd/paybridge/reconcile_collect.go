package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/reconcile"
	"github.com/paybridge/paybridge/config"
)

// A comparison fetches the three witnesses and confirms what it doubts. It keeps nothing but its own state file.
type comparison struct {
	settings *config.Config
	store    reader
	accounts []bridge.Account
	dynamics map[string]bridge.Registrar
	clock    bridge.Clock
	state    *runState
	progress *progress
	evidence reconcile.Evidence
	began    time.Time
	reach    time.Duration // how far before and after the period it looks: a payment and its seat may lie on two sides of midnight
}

// withComparison opens the store for looking and the outward sides, and closes them again.
func withComparison(cmd *cobra.Command, o runOptions, do func(context.Context, *comparison) error) error {
	path, err := cmd.Flags().GetString("config")
	if err != nil {
		return err
	}
	settings, err := loadConfig(path)
	if err != nil {
		return err
	}
	clock := wallClock{}
	from, to, err := o.period(clock.Now())
	if err != nil {
		return err
	}
	outside, err := wireParts(settings, wiring{clock: clock, log: quietLogger()})
	if err != nil {
		return err
	}
	return withReader(cmd, func(ctx context.Context, s reader) error {
		c := &comparison{settings: settings, store: s, clock: clock, began: clock.Now().UTC(), dynamics: map[string]bridge.Registrar{},
			progress: newProgress(cmd.ErrOrStderr(), o.progress, clock.Now),
			evidence: reconcile.Evidence{From: from, To: to, Environments: map[string]string{}, Listed: map[string]bool{}, Rolled: map[string]bool{},
				Confirmed: map[purchase.Key]bool{}}}
		defer c.progress.end()
		for _, e := range outside.environments {
			c.dynamics[e.Name] = e.Registrar
		}
		if err := c.choose(outside.accounts, o); err != nil {
			return err
		}
		if err := c.prepare(o); err != nil {
			return err
		}
		defer c.state.close()
		return do(ctx, c)
	})
}

// choose takes the accounts that are compared.
func (c *comparison) choose(accounts []bridge.Account, o runOptions) error {
	for _, a := range accounts {
		if len(o.accounts) == 0 || slices.Contains(o.accounts, a.Name) {
			c.accounts = append(c.accounts, a)
			c.evidence.Environments[a.Name] = a.Environment
			c.reach = max(c.reach, time.Hour+c.settings.Environments[a.Environment].Dataverse.Policy().Window)
		}
	}
	for _, name := range o.accounts {
		if _, known := c.settings.Accounts[name]; !known {
			return usage(fmt.Errorf("there is no account %q in the settings; the accounts are %s", name, slices.Sorted(maps.Keys(c.settings.Accounts))))
		}
	}
	return nil
}

// prepare reads the settlement files, all of them before anything is asked of anybody, and opens the state.
func (c *comparison) prepare(o runOptions) error {
	names := slices.Sorted(maps.Keys(c.evidence.Environments))
	files, err := o.settlementsOf(names)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		format, err := laidOut(c.settings.Accounts[name].Settlement, o.layout)
		if err != nil {
			return err
		}
		lines, err := readSettlement(files[name], name, format)
		if err != nil {
			return err
		}
		for _, l := range lines {
			c.evidence.Entries = append(c.evidence.Entries, l.Entry)
		}
		c.evidence.Listed[name] = true
	}
	header := &runHeader{SchemaVersion: schemaVersion, From: c.evidence.From, To: c.evidence.To, Began: c.began, Environments: c.evidence.Environments,
		Settlements: files, untilNow: o.to == ""}
	c.state, err = openState(cmp.Or(o.state, stateName(o)), header, o.resume)
	c.began, c.evidence.To = header.Began, header.To
	return err
}

// stateName is where a run notes how far it came if nobody says where.
func stateName(o runOptions) string {
	name := "reconcile-" + o.from
	if o.to != "" {
		name += "-" + o.to
	}
	return strings.NewReplacer(":", "", "/", "", "\\", "").Replace(name) + ".state"
}

// run fetches, compares, confirms what looks wrong, and compares again.
func (c *comparison) run(ctx context.Context) (reconcile.Report, error) {
	for _, step := range []func(context.Context) error{c.lists, c.rolls, c.sales, c.lookUp} {
		if err := step(ctx); err != nil {
			return reconcile.Report{}, err
		}
	}
	c.evidence.Now = c.clock.Now()
	report := reconcile.Match(c.evidence)
	if err := c.confirm(ctx, report); err != nil {
		return reconcile.Report{}, err
	}
	return reconcile.Match(c.evidence), nil
}

// spans cut a time into parts that are fetched at one go: an hour or more, and not many.
func spans(from, to time.Time) (parts [][2]time.Time) {
	step := max(time.Hour, to.Sub(from)/48)
	for from.Before(to) {
		end := from.Add(step)
		if end.After(to) {
			end = to
		}
		parts = append(parts, [2]time.Time{from, end})
		from = end
	}
	return parts
}

// until is the end of what can be listed: nothing has happened in the future. Providers and Dynamics count whole seconds.
func (c *comparison) until() time.Time {
	now := c.began.Truncate(time.Second).Add(time.Second)
	if end := c.evidence.To.Add(c.reach); end.Before(now) {
		return end
	}
	return now
}

// lists reads what each provider lists.
func (c *comparison) lists(ctx context.Context) error {
	for _, account := range c.accounts {
		lister, can := account.Provider.(bridge.Lister)
		switch {
		case c.evidence.Listed[account.Name]: // by its settlement file
			continue
		case !can:
			c.progress.say("account %s cannot be listed; compare it with --settlement %[1]s=FILE", account.Name)
			continue
		}
		for _, s := range spans(c.evidence.From.Add(-c.reach), c.until()) {
			part, err := c.fetch(ctx, "list "+account.Name, s, func(p *runPart) error {
				for f, err := range lister.List(ctx, s[0], s[1]) {
					if err != nil {
						return fmt.Errorf("list the payments of %s: %w", account.Name, err)
					}
					p.Entries = append(p.Entries, reconcile.EntryOf(account.Name, f))
				}
				return nil
			})
			if err != nil {
				return err
			}
			c.evidence.Entries = append(c.evidence.Entries, part.Entries...)
		}
		c.evidence.Listed[account.Name] = true
	}
	return nil
}

// rolls reads what Dynamics has registered.
func (c *comparison) rolls(ctx context.Context) error {
	for _, environment := range c.environments() {
		roll, can := c.dynamics[environment].(bridge.Roll)
		if !can {
			continue
		}
		c.evidence.Rolled[environment] = true
		for _, s := range spans(c.evidence.From.Add(-c.reach), c.until()) {
			part, err := c.fetch(ctx, "roll "+environment, s, func(p *runPart) error {
				for r, err := range roll.Registrations(purchase.Anonymous(ctx), s[0], s[1]) {
					if errors.Is(err, purchase.ErrUnlisted) {
						p.Seats, p.Unlisted = nil, true
						return nil
					}
					if err != nil {
						return err
					}
					p.Seats = append(p.Seats, reconcile.SeatOf(environment, r))
				}
				return nil
			})
			if err != nil {
				return err
			}
			if part.Unlisted {
				c.progress.say("environment %s does not list its registrations; purchases are read back one by one where in doubt", environment)
				c.evidence.Rolled[environment] = false
				break
			}
			c.evidence.Seats = append(c.evidence.Seats, part.Seats...)
		}
	}
	return nil
}

func (c *comparison) environments() []string {
	names := map[string]bool{}
	for _, e := range c.evidence.Environments {
		names[e] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// fetchTries is how often a part is fetched before the run gives up.
const fetchTries = 6

// fetch fetches a part that is not done yet. What fails for now is tried again, after as long as the other side asks for.
func (c *comparison) fetch(ctx context.Context, name string, s [2]time.Time, read func(*runPart) error) (runPart, error) {
	label := name + " " + strconv.FormatInt(s[0].Unix(), 10)
	return c.state.part(label, func() (runPart, error) {
		for try := 1; ; try++ {
			var p runPart
			err := read(&p)
			after, again := purchase.Retry(err)
			if err == nil || !again || try == fetchTries || ctx.Err() != nil {
				c.progress.step(name, len(p.Entries)+len(p.Seats))
				return p, err
			}
			now := c.clock.Now()
			pause := purchase.Backoff(try, after, now, now, 0)
			c.progress.say("%v; again in %v", err, pause)
			if err := c.clock.Sleep(ctx, pause); err != nil {
				return p, err
			}
		}
	})
}
