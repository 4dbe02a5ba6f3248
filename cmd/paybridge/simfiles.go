package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/paybridge/paybridge/dataverse/dataversesim"
	"github.com/paybridge/paybridge/providers/providersim"
)

// simFiles writes what a daemon needs to live with the simulators into one folder: certificates, secrets and settings. Each simulator
// writes its own section; together they make paybridge.yaml.
type simFiles struct {
	dir string
	ca  []byte // the authority of the simulators' certificates
}

const (
	environmentsFile = "environments.yaml"
	accountsFile     = "accounts.yaml"
	serverFile       = "server.yaml"
)

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
      quiet: %s
      timeout: 5s
`, demoEnvironment, origin, dialect, c.TenantID, c.ClientID, s.path("dataverse-secret"), origin, s.path("dataverse-ca.pem"), window,
		max(window/9, 5*time.Second).Round(time.Second))
	return errors.Join(s.write("dataverse-ca.pem", string(s.ca)), writeSecret(s.dir, "dataverse-secret", c.ClientSecret),
		s.write(environmentsFile, section), s.assemble())
}

// paypal registers the callback at the simulator and writes the account section.
func (s simFiles) paypal(sim *providersim.PayPal, origin, callback string) error {
	c := sim.Config()
	section := fmt.Sprintf(`accounts:
  %s:
    environment: %s
    event: %s
    reference: {purchase: custom_id}
    paypal:
      client_id: %s
      client_secret: file:%s
      webhook_id: %s
      merchant_id: %s
      verify: offline
      api_url: %s
      ca_file: %s
      ca_bundle: %s
`, demoAccount, demoEnvironment, demoEvent, c.ClientID, s.path("paypal-secret"), sim.RegisterWebhook(callback, nil), c.MerchantID, origin,
		s.path("paypal-ca.pem"), s.path("paypal-bundle.pem"))
	return errors.Join(s.write("paypal-ca.pem", string(s.ca)), s.write("paypal-bundle.pem", string(sim.CABundle())),
		writeSecret(s.dir, "paypal-secret", c.ClientSecret), s.write(accountsFile, section), s.assemble())
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
	return errors.Join(writeSecret(s.dir, "seal", realChance{}.Token()+realChance{}.Token()), s.write(serverFile, part), s.assemble())
}

// assemble joins the parts once they are all there.
func (s simFiles) assemble() error {
	var whole strings.Builder
	for _, name := range []string{serverFile, environmentsFile, accountsFile} {
		part, err := os.ReadFile(s.path(name))
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("put the settings together: %w", err)
		}
		whole.Write(part)
	}
	return s.write("paybridge.yaml", whole.String())
}

func (s simFiles) write(name, content string) error {
	if err := os.WriteFile(s.path(name), []byte(content), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
