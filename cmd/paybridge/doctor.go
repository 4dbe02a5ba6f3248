package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/post"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config"
)

// A checkRow is one line of the doctor's report.
type checkRow struct {
	ID       string           `json:"id"`
	Group    string           `json:"group"`
	Status   purchase.Verdict `json:"status"`
	Detail   string           `json:"detail"`
	Fix      string           `json:"fix,omitempty"`
	Duration float64          `json:"duration_ms,omitempty"`
}

type doctorReport struct {
	SchemaVersion int                      `json:"schema_version"`
	StartedAt     time.Time                `json:"started_at"`
	Summary       map[purchase.Verdict]int `json:"summary"`
	Checks        []checkRow               `json:"checks"`
	BackOffices   []backOffice             `json:"back_offices"`
}

// A backOffice is what the provider of an account must be told, step by step.
type backOffice struct {
	Account  string                 `json:"account"`
	Provider string                 `json:"provider"`
	Callback string                 `json:"callback"`
	Steps    []purchase.Instruction `json:"steps"`
}

func newDoctor() *cobra.Command {
	var path, phase, lang string
	var within time.Duration
	cmd := &cobra.Command{
		Use:     "doctor",
		Short:   "Check the settings and the connections, and say what to do",
		Example: "  paybridge doctor --config paybridge.yaml\n  paybridge doctor --phase config -o json",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			asJSON, err := wantsJSON(cmd)
			if err != nil {
				return err
			}
			if !slices.Contains([]string{"config", "connect", "all"}, phase) {
				return usage(fmt.Errorf("there is no phase %q; choose config, connect or all", phase))
			}
			if lang != "en" && lang != "fr" {
				return usage(fmt.Errorf("there is no language %q; choose en or fr", lang))
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), within)
			defer cancel()
			report, err := examine(ctx, path, phase)
			if err != nil {
				return err
			}
			if asJSON {
				err = printJSON(cmd.OutOrStdout(), report)
			} else {
				err = report.print(cmd.OutOrStdout(), lang)
			}
			return cmp.Or(err, report.verdict())
		},
	}
	cmd.Flags().StringVar(&path, "config", "paybridge.yaml", "the settings file")
	cmd.Flags().StringVar(&phase, "phase", "all", "config, connect or all")
	cmd.Flags().StringVar(&lang, "lang", "en", "language of what to do at the providers: en or fr")
	cmd.Flags().DurationVar(&within, "timeout", 2*time.Minute, "give up after this long")
	return cmd
}

func examine(ctx context.Context, path, phase string) (*doctorReport, error) {
	r := &doctorReport{SchemaVersion: schemaVersion, StartedAt: time.Now().UTC(), Summary: map[purchase.Verdict]int{}, Checks: []checkRow{}, BackOffices: []backOffice{}}
	c, err := config.Load(path)
	var invalid *config.Invalid
	switch {
	case errors.As(err, &invalid):
		for _, p := range invalid.Problems {
			what, fix, _ := strings.Cut(p.String(), "; ")
			r.add("Settings", purchase.Finding{Check: "CFG-01", Status: purchase.Fail, Detail: what, Fix: fix})
		}
		return r, nil
	case err != nil:
		return nil, usage(err)
	}
	if phase != "connect" {
		r.settings(c)
	}
	if phase != "config" {
		if err := r.connect(ctx, c); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *doctorReport) add(group string, f purchase.Finding) {
	r.Summary[f.Status]++
	r.Checks = append(r.Checks, checkRow{ID: f.Check, Group: group, Status: f.Status, Detail: f.Detail, Fix: f.Fix})
}

// settings holds what the file alone can tell beyond being in order.
func (r *doctorReport) settings(c *config.Config) {
	const group = "Settings"
	r.add(group, purchase.Finding{Check: "CFG-01", Status: purchase.Pass, Detail: "the file parses and has no unknown key"})
	r.add(group, purchase.Finding{Check: "CFG-02", Status: purchase.Pass, Detail: "every secret reference resolves"})
	for _, ref := range secretFiles(c) {
		r.add(group, secretMode(ref))
	}
	public, err := url.Parse(c.Server.PublicURL)
	https := purchase.Finding{Check: "CFG-07", Status: purchase.Pass, Detail: "the public address is " + c.Server.PublicURL}
	if err != nil || public.Scheme != "https" {
		https.Status, https.Fix = purchase.Warn, "providers call https on port 443 only; put a proxy with a certificate in front"
	}
	r.add(group, https)
	for _, name := range slices.Sorted(maps.Keys(c.Accounts)) {
		r.add(group, purchase.Finding{Check: "CFG-05", Status: purchase.Pass,
			Detail: fmt.Sprintf("account %s sells for %s (%s); its callback address is %s", name, c.Accounts[name].Environment,
				c.Environments[c.Accounts[name].Environment].Mode, callbackAddress(c, name))})
	}
}

func callbackAddress(c *config.Config, account string) string {
	return strings.TrimSuffix(c.Server.PublicURL, "/") + "/callback/" + account
}

func secretFiles(c *config.Config) []string {
	var files []string
	for _, s := range c.Secrets() {
		if path, ok := strings.CutPrefix(s.String(), "file:"); ok {
			files = append(files, path)
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}

func secretMode(path string) purchase.Finding {
	f := purchase.Finding{Check: "CFG-03", Status: purchase.Pass, Detail: path + " is for its owner only"}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		f.Status, f.Detail, f.Fix = purchase.Fail, path+" cannot be looked at", "make it readable for the user that runs paybridge"
	case info.Mode().Perm()&0o077 != 0:
		f.Status, f.Detail, f.Fix = purchase.Warn, path+" can be read by others", "chmod 0400 "+path
	}
	return f
}

// connect asks each environment and each account about itself.
func (r *doctorReport) connect(ctx context.Context, c *config.Config) error {
	parts, err := wireParts(c, wiring{clock: wallClock{}, log: quietLogger()})
	if err != nil {
		return err
	}
	organizations := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(parts.dynamics)) {
		group := "Dynamics: " + name
		for _, f := range parts.dynamics[name].Inspect(ctx) {
			r.add(group, f)
		}
		if id, err := parts.dynamics[name].Organization(ctx); err == nil {
			if other := organizations[id]; other != "" {
				r.add(group, purchase.Finding{Check: "CFG-06", Status: purchase.Fail, Detail: "is the same organisation as " + other,
					Fix: "two environments must be two organisations; remove one"})
			}
			organizations[id] = name
		}
	}
	for _, a := range parts.accounts {
		r.instruct(a, callbackAddress(c, a.Name))
		group := "Account: " + a.Name
		inspector, ok := a.Provider.(bridge.Inspector)
		if !ok {
			r.add(group, purchase.Finding{Check: "PRV-01", Status: purchase.Skip, Detail: "this provider cannot be asked about itself"})
			continue
		}
		for _, f := range inspector.Inspect(ctx, callbackAddress(c, a.Name)) {
			r.add(group, f)
		}
	}
	for _, f := range post.Inspect(ctx, c.Messages) {
		r.add("Messages", f)
	}
	return nil
}

func (r *doctorReport) instruct(a bridge.Account, callback string) {
	if i, ok := a.Provider.(bridge.Instructor); ok {
		r.BackOffices = append(r.BackOffices, backOffice{a.Name, a.Kind, callback, i.Instructions(callback)})
	}
}

// printBackOffices tells people what to do at the providers, in one language.
func (r *doctorReport) printBackOffices(b *strings.Builder, lang string) {
	head := map[string]string{"en": "In the back office of %s, for account %s", "fr": "Dans le back-office de %s, pour le compte %s"}[lang]
	for _, o := range r.BackOffices {
		fmt.Fprintf(b, "\n"+head+"\n", o.Provider, o.Account)
		for n, step := range o.Steps {
			text := map[string]string{"en": step.En, "fr": step.Fr}[lang]
			fmt.Fprintf(b, "  %d. %s\n", n+1, text)
			if step.Value != "" {
				fmt.Fprintf(b, "     %s\n", step.Value)
			}
		}
	}
}

var marks = map[purchase.Verdict]string{purchase.Pass: "ok", purchase.Warn: "warn", purchase.Fail: "FAIL", purchase.Skip: "skip", purchase.Manual: "look"}

func (r *doctorReport) print(out io.Writer, lang string) error {
	group := ""
	var b strings.Builder
	for _, c := range r.Checks {
		if c.Group != group {
			group = c.Group
			fmt.Fprintln(&b, group)
		}
		fmt.Fprintf(&b, "  %-5s %-7s %s\n", marks[c.Status], c.ID, c.Detail)
		if c.Fix != "" && c.Status != purchase.Pass {
			fmt.Fprintf(&b, "                -> %s\n", c.Fix)
		}
	}
	fmt.Fprintf(&b, "%d passed, %d warnings, %d failed, %d skipped, %d for a person to look at\n", r.Summary[purchase.Pass],
		r.Summary[purchase.Warn], r.Summary[purchase.Fail], r.Summary[purchase.Skip], r.Summary[purchase.Manual])
	r.printBackOffices(&b, lang)
	_, err := io.WriteString(out, b.String())
	return err
}

func (r *doctorReport) verdict() error {
	if r.Summary[purchase.Fail] > 0 {
		return exitError{code: exitFailed}
	}
	return nil
}
