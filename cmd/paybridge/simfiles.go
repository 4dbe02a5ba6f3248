package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
	"github.com/paybridge/paybridge/providers/providersim"
)

// simFiles writes what a daemon needs to live with the simulators into one folder: certificates, secrets and settings. Each simulator
// writes its own section; together they make paybridge.yaml.
type simFiles struct {
	dir string
	ca  []byte // the authority of the simulators' certificates

	chance bridge.Chance // of the seal; nil: the system's
	timing timing
}

const (
	environmentsFile = "environments.yaml"
	serverFile       = "server.yaml"
	accountFiles     = "account-*.yaml"
)

// accountOf is the name of the account at a simulator.
func accountOf(simulator string) string { return simulator + "-main" }

func (s simFiles) path(name string) string {
	abs, err := filepath.Abs(filepath.Join(s.dir, name))
	if err != nil {
		return filepath.Join(s.dir, name)
	}
	return abs
}

// dataverse writes the environment section.
func (s simFiles) dataverse(sim *dataversesim.Sim, origin, dialect string, window time.Duration) error {
	c := sim.Config()
	section := fmt.Sprintf(`environments:
  %s:
    mode: sandbox
    dataverse:
      url: %s
      dialect: %s
      tenant_id: %s
      client_id: %s
      client_secret: file:%s
      authority: %s
      ca_file: %s
      window: %s
%s`, demoEnvironment, origin, dialect, c.TenantID, c.ClientID, s.path("dataverse-secret"), origin, s.path("dataverse-ca.pem"), window,
		s.timing.section(window))
	return errors.Join(s.write("dataverse-ca.pem", string(s.ca)), writeSecret(s.dir, "dataverse-secret", c.ClientSecret),
		s.write(environmentsFile, section), s.assemble())
}

// A timing is how an environment deals with time; what is empty is as fits the window.
type timing struct {
	Margin  time.Duration `json:"margin,omitempty"`
	Quiet   time.Duration `json:"quiet,omitempty"`
	Timeout time.Duration `json:"timeout,omitempty"`
	Repeat  string        `json:"repeat_finalize,omitempty"`
}

// section writes the timing as settings.
func (t timing) section(window time.Duration) string {
	text := fmt.Sprintf("      quiet: %s\n      timeout: %s\n", cmp.Or(t.Quiet, max(window/9, 5*time.Second).Round(time.Second)), cmp.Or(t.Timeout, 5*time.Second))
	if t.Margin > 0 {
		text += fmt.Sprintf("      margin: %s\n", t.Margin)
	}
	if t.Repeat != "" {
		text += fmt.Sprintf("      repeat_finalize: %s\n", t.Repeat)
	}
	return text
}

// wishes are what an account is to do with money, by the settings' keys: capture, late, surplus.
type wishes map[string]string

// account writes the account of a simulator of a provider, whose notifications go to the daemon's public address. Wishes are for
// providers that can.
func (s simFiles) account(name string, sim providersim.Simulator, public string, w wishes) error {
	settings := sim.Settings(public + "/callback/" + accountOf(name))
	var section strings.Builder
	fmt.Fprintf(&section, "  %s:\n    environment: %s\n    event: %s\n", accountOf(name), demoEnvironment, demoEvent)
	for _, key := range slices.Sorted(maps.Keys(w)) {
		if sim.Manners().Reserves {
			fmt.Fprintf(&section, "    %s: %s\n", key, w[key])
		}
	}
	if settings.Reference != "" {
		fmt.Fprintf(&section, "    reference: %s\n", settings.Reference)
	}
	fmt.Fprintf(&section, "    %s:\n", settings.Kind)
	for _, line := range strings.Split(strings.TrimRight(s.filled(name, settings.Section), "\n"), "\n") {
		fmt.Fprintf(&section, "      %s\n", line)
	}
	errs := []error{s.write(name+"-ca.pem", string(s.ca)), s.write("account-"+name+".yaml", section.String())}
	for file, content := range settings.Files {
		errs = append(errs, s.write(file, content))
	}
	return errors.Join(append(errs, s.assemble())...)
}

// filled puts the paths into a simulator's settings.
func (s simFiles) filled(name, text string) string {
	return strings.NewReplacer("{dir}/", s.path("")+string(filepath.Separator), "{ca}", s.path(name+"-ca.pem")).Replace(text)
}

// settings writes the daemon's own part.
func (s simFiles) settings(public, operations, db string) error {
	part := fmt.Sprintf(`version: 1
server:
  listen: %q
  public_url: http://%s
operations: {listen: %q}
store: %s
seal_keys: [file:%s]
`, public, public, operations, db, s.path("seal"))
	if s.chance == nil {
		s.chance = realChance{}
	}
	return errors.Join(writeSecret(s.dir, "seal", s.chance.Token()+s.chance.Token()), s.write(serverFile, part), s.assemble())
}

// assemble joins the parts once they are all there.
func (s simFiles) assemble() error {
	accounts, err := filepath.Glob(s.path(accountFiles))
	if err != nil || len(accounts) == 0 {
		return err
	}
	slices.Sort(accounts)
	var whole strings.Builder
	for _, part := range append([]string{s.path(serverFile), s.path(environmentsFile)}, accounts...) {
		if part == accounts[0] {
			whole.WriteString("accounts:\n")
		}
		raw, err := os.ReadFile(part)
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("put the settings together: %w", err)
		}
		whole.Write(raw)
	}
	return s.write("paybridge.yaml", whole.String())
}

func (s simFiles) write(name, content string) error {
	if err := os.WriteFile(s.path(name), []byte(content), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
