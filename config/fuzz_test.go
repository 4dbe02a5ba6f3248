package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/paybridge/paybridge/config"
)

var (
	fileReference = regexp.MustCompile(`file:[^\s,\]}"']*`)
	section       = regexp.MustCompile(`(?s)\naccounts:.*`)
)

// Whatever the settings say: every problem is a line that begins with a key, none shows what stands in the place of a secret, and settings
// that are in order are in order again, and the same, when they were written out.
func FuzzParse(f *testing.F) {
	f.Setenv("PAYBRIDGE_FUZZ", "0123456789abcdef0123456789abcdef")
	whole, err := os.ReadFile("../deploy/paybridge.yaml")
	if err != nil {
		f.Fatal(err)
	}
	accounts, err := filepath.Glob("../deploy/accounts/*.yaml")
	if err != nil || len(accounts) == 0 {
		f.Fatal(err)
	}
	f.Add(whole)
	for _, path := range accounts {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append(section.ReplaceAll(whole, []byte("\n")), raw[bytes.Index(raw, []byte("\naccounts:")):]...))
	}
	for _, s := range []string{"accounts: {a: {paypal: {}}}\nenvironments: {b: {}}", "seal_keys: [a, {b: c}]", "seal_keys: [hunter2-hunter2, [hunter3-hunter3]]",
		"accounts: {a: {paypal: {client_secret: {hunter2-hunter2: x}}}}", "accounts: {a: {stripe: {webhook_secrets: hunter2-hunter2}}}", "environments: {m: {dataverse: {client_secret: !!binary aHVudGVyMi1odW50ZXIy}}}",
		"a: &a [*a, *a]", "a: &a {b: *a}", "a: &x [1,1,1,1,1,1,1,1,1]\nb: &y [*x,*x,*x,*x,*x,*x,*x,*x]\nc: &z [*y,*y,*y,*y,*y,*y,*y,*y]\nd: [*z,*z,*z,*z,*z,*z,*z,*z]", "<<: {version: 1}", "? [a]: b",
		"version: 1e0", "version: 0x1", "version: 99999999999999999999", "server: null", "--- 1\n--- 2", "%YAML 9.9\n---\na", "store: postgres://u:hunter2-hunter2@h/d", strings.Repeat("[", 20000), strings.Repeat("a: {", 5000), "\xff\xfe", "\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		raw = fileReference.ReplaceAll(raw, []byte("env:PAYBRIDGE_FUZZ")) // no file of this machine is read
		c, problems := config.Parse(raw)
		if len(problems) == 0 {
			readAgain(t, c)
			return
		}
		shown := (&config.Invalid{Path: "x", Problems: problems}).Error()
		for _, p := range problems {
			if p.Key == "" || p.Message == "" || p.Line < 0 || strings.ContainsAny(p.Key+p.Message, "\n\x00\x1b") {
				t.Errorf("a problem without a place, or of several lines: %q", p)
			}
		}
		for _, secret := range secretsIn(raw) {
			if beginning := secret[:7]; bytes.Count(raw, []byte(beginning)) == 1 && strings.Contains(shown, beginning) {
				t.Errorf("the problems show the beginning of %q:\n%s", secret, shown)
			}
		}
	})
}

func readAgain(t *testing.T, c *config.Config) {
	if c == nil {
		t.Fatal("no settings and no problem")
	}
	once, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	again, problems := config.Parse(once)
	if len(problems) > 0 {
		t.Fatalf("written out they are not in order: %v\n%s", problems, once)
	}
	if twice, err := yaml.Marshal(again); err != nil || !bytes.Equal(once, twice) {
		t.Errorf("written out again they are others: %v\n%s\n%s", err, once, twice)
	}
}

// secretKeys are the keys of which only references may be shown.
var secretKeys = regexp.MustCompile(`^(client_secret|client_certificate|seal_keys|keys|named_keys|secrets?|secret_key|api_key|api_secret|api_password|password|private_key|hmac_keys?|sha_in|sha_out|signing_secrets|webhook_secrets)$`)

// secretsIn is what is written in place of references to secrets, where it is written there only.
func secretsIn(raw []byte) (found []string) {
	var doc yaml.Node
	if yaml.Unmarshal(raw, &doc) != nil {
		return nil
	}
	var walk func(n *yaml.Node, secret bool, depth int)
	walk = func(n *yaml.Node, secret bool, depth int) {
		if n.Kind == yaml.ScalarNode && secret && len(n.Value) >= 8 && strings.Trim(n.Value[:7], "0123456789abcdefghijklmnopqrstuvwxyz-") == "" && !strings.Contains(n.Value, ":") && bytes.Count(raw, []byte(n.Value)) == 1 {
			found = append(found, n.Value)
		}
		for i, child := range n.Content {
			under := secret
			if n.Kind == yaml.MappingNode && i%2 == 0 {
				under = false // a key is no secret, the one that names a secret included
			} else if n.Kind == yaml.MappingNode {
				under = secret || secretKeys.MatchString(n.Content[i-1].Value)
			}
			if depth < 50 {
				walk(child, under, depth+1)
			}
		}
	}
	walk(&doc, false, 0)
	return found
}
