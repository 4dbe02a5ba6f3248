package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers"
	"github.com/paybridge/paybridge/providers/protocol"
	"github.com/paybridge/paybridge/providers/providersim"
)

var update = flag.Bool("update", false, "write the README's tables again")

// powers are what an account can do, in the order of the README's table.
var powers = []struct {
	name string
	has  func(bridge.Provider) bool
}{
	{"read", func(bridge.Provider) bool { return true }},
	{"ask", is[bridge.Asker]},
	{"open", is[bridge.Opener]},
	{"capture", is[bridge.Capturer]},
	{"void", is[bridge.Voider]},
	{"refund", is[bridge.Refunder]},
	{"list", is[bridge.Lister]},
	{"inspect", is[bridge.Inspector]},
}

func is[T any](p bridge.Provider) bool {
	_, ok := p.(T)
	return ok
}

// simulated opens an account with the settings of a simulator.
func simulated(t *testing.T, name string) (kind string, p bridge.Provider) {
	t.Helper()
	sim, err := providersim.New(name, providersim.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	sim.SetBaseURL("https://127.0.0.1:1")
	const callback = "https://pay.example.org/callback/main"
	settings := sim.Settings(callback)
	files := simFiles{dir: t.TempDir()}
	for file, content := range settings.Files {
		if err := files.write(file, content); err != nil {
			t.Fatal(err)
		}
	}
	section := strings.ReplaceAll(files.filled(name, settings.Section), "ca_file: "+files.path(name+"-ca.pem"), "")
	var indented strings.Builder
	for line := range strings.Lines(section) {
		indented.WriteString("  " + line)
	}
	var c providers.Config
	decoder := yaml.NewDecoder(strings.NewReader(settings.Kind + ":\n" + indented.String()))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var problems field.Problems
	if c.Validate(&problems, false); len(problems.List()) > 0 {
		t.Fatalf("%s: %v", name, problems.List())
	}
	seals, err := purchase.NewSeals([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	p, err = providers.Open(c, providers.Options{Options: protocol.Options{Account: "main", Environment: "main", Callback: callback}, Seals: seals})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return settings.Kind, p
}

// table is what the accounts at all simulators can do, and what else they are proven by.
func table(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| simulator, section |")
	for _, power := range powers {
		b.WriteString(" " + power.name + " |")
	}
	b.WriteString(" vectors |\n|---|" + strings.Repeat("---|", len(powers)+1) + "\n")
	for _, name := range providersim.Names() {
		kind, p := simulated(t, name)
		fmt.Fprintf(&b, "| `%s`", name)
		if kind != name {
			fmt.Fprintf(&b, ", `%s`", kind)
		}
		b.WriteString(" |")
		for _, power := range powers {
			b.WriteString(map[bool]string{true: " yes |", false: " - |"}[power.has(p)])
		}
		vectors, err := filepath.Glob("../../providers/" + kind + "/testdata/*.json")
		if err != nil {
			t.Fatal(err)
		}
		for i := range vectors {
			vectors[i] = "`" + filepath.Base(vectors[i]) + "`"
		}
		slices.Sort(vectors)
		b.WriteString(" " + strings.Join(vectors, ", ") + " |\n")
	}
	return b.String()
}

func TestTheReadmesTableOfPowersIsTheCode(t *testing.T) {
	t.Parallel()
	const begin, end = "<!-- powers: written by the test with -update -->\n", "<!-- end of powers -->"
	raw, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := bytes.Cut(raw, []byte(begin))
	was, after, ended := bytes.Cut(rest, []byte(end))
	if !ok || !ended {
		t.Fatal("the README has no place for the table")
	}
	want := table(t)
	if *update {
		if err := os.WriteFile("../../README.md", slices.Concat(before, []byte(begin+want+end), after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(was) != want {
		t.Errorf("the README's table is not what the accounts can do; run with -update:\n%s", want)
	}
}

func TestEveryProviderHasASimulator(t *testing.T) {
	t.Parallel()
	var simulatedKinds []string
	for _, name := range providersim.Names() {
		kind, p := simulated(t, name)
		simulatedKinds = append(simulatedKinds, kind)
		if sim, _ := providersim.New(name, providersim.Config{}); sim.Manners().Page != is[bridge.Opener](p) {
			t.Errorf("%s: the simulator has a page: %v, the account opens it: %v", name, sim.Manners().Page, is[bridge.Opener](p))
		}
	}
	for _, kind := range providers.Kinds() {
		if kind == "invoice" { // there is nobody outside
			continue
		}
		if !slices.Contains(simulatedKinds, kind) {
			t.Errorf("there is no simulator of %s", kind)
		}
	}
}
