package config_test

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/paybridge/paybridge/config"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers"
)

// settle writes the reference settings with their secrets in place, after edit.
func settle(t *testing.T, edit func(string) string) string {
	t.Helper()
	raw, err := os.ReadFile("../deploy/paybridge.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"seal", "dataverse", "paypal"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("0123456789abcdef0123456789abcdef\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := strings.ReplaceAll(string(raw), "/run/secrets/", dir+"/")
	path := filepath.Join(dir, "paybridge.yaml")
	if err := os.WriteFile(path, []byte(edit(text)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func same(s string) string { return s }

func TestTheReferenceSettingsLoad(t *testing.T) {
	t.Parallel()
	c, err := config.Load(settle(t, same))
	if err != nil {
		t.Fatal(err)
	}
	if !c.Environments["main"].Live() || c.Accounts["paypal-main"].Kind() != "paypal" {
		t.Errorf("not understood as meant: %+v", c)
	}
}

// examples are the reference accounts by provider: texts that go under accounts.
func examples(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("../deploy/accounts/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, path := range append(files, "../deploy/paybridge.yaml") {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range providers.Kinds() {
			if strings.Contains(string(raw), "\n    "+kind+":") {
				found[kind] = append(found[kind], string(raw))
			}
		}
	}
	return found
}

func TestTheReferenceSettingsShowEveryKey(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../deploy/paybridge.yaml")
	if err != nil {
		t.Fatal(err)
	}
	sections := reflect.TypeFor[providers.Config]()
	shows(t, "../deploy/paybridge.yaml", string(raw), keysOf(reflect.TypeFor[config.Config](), map[reflect.Type]bool{sections: true}))
	for i := range sections.NumField() {
		kind, _, _ := strings.Cut(sections.Field(i).Tag.Get("yaml"), ",")
		shows(t, "the examples of "+kind, strings.Join(examples(t)[kind], "\n"), keysOf(sections.Field(i).Type, map[reflect.Type]bool{}))
	}
}

func shows(t *testing.T, where, text string, keys []string) {
	t.Helper()
	for _, key := range keys {
		if !regexp.MustCompile(`(?m)[\s{#-]` + regexp.QuoteMeta(key) + `:`).MatchString("\n" + text) {
			t.Errorf("the key %s is not in %s", key, where)
		}
	}
}

func TestTheReferenceAccountsLoad(t *testing.T) {
	t.Parallel()
	for kind, texts := range examples(t) {
		for _, text := range texts {
			path := settle(t, func(settings string) string {
				if strings.Contains("\n"+text, "\nversion:") { // whole settings, and no account's
					return settings
				}
				before, _, _ := strings.Cut(settings, "\naccounts:")
				_, accounts, _ := strings.Cut(text, "\naccounts:")
				return before + "\naccounts:" + withSecrets(t, accounts)
			})
			c, err := config.Load(path)
			if err != nil {
				t.Errorf("%s: %v", kind, err)
				continue
			}
			for name, a := range c.Accounts {
				if len(c.Accounts) == 1 && a.Kind() != kind {
					t.Errorf("%s is at %q", name, a.Kind())
				}
			}
		}
	}
}

var secretLine = regexp.MustCompile(`file:(/run/secrets/[\w-]+)(?:\s+# e\.g\. ([^\s;]+))?`)

// withSecrets puts files behind the secrets of an example: with what its comment gives as an example, or with anything.
func withSecrets(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	for _, m := range secretLine.FindAllStringSubmatch(text, -1) {
		content := cmp.Or(m[2], "0123456789abcdef0123456789abcdef")
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(m[1])), []byte(content+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return strings.ReplaceAll(text, "/run/secrets/", dir+"/")
}

func keysOf(t reflect.Type, seen map[reflect.Type]bool) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Map || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || seen[t] {
		return nil
	}
	seen[t] = true
	var keys []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if name != "" && name != "-" {
			keys = append(keys, name)
		}
		keys = append(keys, keysOf(t.Field(i).Type, seen)...)
	}
	return keys
}

func replace(old, with string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, with, 1) }
}

// callbackOnly is an account that hears IPN alone and would reserve all the same.
func callbackOnly(s string) string {
	s = replace("capture: before_registration", "capture: after_registration")(s)
	return regexp.MustCompile(`(?m)^      client_id: .*\n      client_secret: .*\n      webhook_id: .*$`).
		ReplaceAllString(s, "      notifications: ipn\n      receiver: seller@example.org")
}

func TestEveryMistakeIsNamedWithItsKeyAndWhatToDo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit func(string) string
		want string // "key: part of the message"
	}{
		"unknown key":          {replace("return_origins:", "return_origin:"), `server.return_origin: unknown key; did you mean return_origins?`},
		"unknown provider key": {replace("webhook_id:", "webhook_ip:"), `accounts.paypal-main.paypal.webhook_ip: unknown key; did you mean webhook_id?`},
		"wrong version":        {replace("version: 1", "version: 2"), `version: is 2`},
		"mode":                 {replace("mode: live", "mode: production"), `environments.main.mode: is "production"`},
		"missing environment":  {replace("environment: main", "environment: other"), `accounts.paypal-main.environment: names "other"`},
		"secret in the file":   {replace("client_secret: file:", "client_secret: plain"), `client_secret:`},
		"secret file missing":  {replace("/paypal\n", "/nowhere\n"), `accounts.paypal-main.paypal.client_secret: unusable secret reference`},
		"not https":            {replace("https://pay.example.org  ", "http://pay.example.org  "), `server.public_url: is not https`},
		"duration":             {replace("window: 50m", "window: fifty"), `not a duration`},
		"capture, not here":    {callbackOnly, `accounts.paypal-main.capture: is after_registration; paypal cannot reserve money first`},
		"capture":              {replace("capture: before_registration", "capture: whenever"), `accounts.paypal-main.capture: is "whenever"`},
		"simulator in live":    {replace("# api_url:", "api_url:"), `accounts.paypal-main.paypal.api_url: is for sandbox only`},
		"authority in live":    {replace("# ca_file: /etc/paybridge/simulator-ca.pem       # sandbox", "ca_file: /etc/x.pem # sandbox"), `environments.main.dataverse.ca_file`},
		"postgres":             {replace("/var/lib/paybridge/paybridge.db", "postgres://x"), `store: PostgreSQL is not supported`},
		"not yaml":             {replace("version: 1", "version: [1"), `not valid YAML`},
		"not a list":           {replace("trusted_proxies: [10.0.0.0/8]", "trusted_proxies: {a: b}"), `server.trusted_proxies`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(settle(t, c.edit))
			var invalid *config.Invalid
			if !errors.As(err, &invalid) {
				t.Fatalf("got %v, want *config.Invalid", err)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got\n%s\nwant %q", err, c.want)
			}
		})
	}
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := config.Load(settle(t, func(s string) string {
		s = strings.Replace(s, "version: 1", "version: 3", 1)
		s = strings.Replace(s, "mode: live", "mode: maybe", 1)
		return strings.Replace(s, "late: desk", "late: void", 1)
	}))
	var invalid *config.Invalid
	if !errors.As(err, &invalid) || len(invalid.Problems) != 3 {
		t.Fatalf("want three problems, got %v", err)
	}
	for _, p := range invalid.Problems {
		if p.Line == 0 {
			t.Errorf("%s has no line", p)
		}
	}
}

func TestAMistakeInAListHasItsLine(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../deploy/accounts/generic.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(raw), "fact: lapsed", "fact: lost", 1)
	text = strings.Replace(text, "- timestamp ", "- everything ", 1)
	lines := strings.Split(text, "\n")
	_, problems := config.Parse([]byte(text))
	for key, word := range map[string]string{"accounts.tickets-main.generic.tells[4].fact": "fact: lost", "accounts.tickets-main.generic.auth.content[0]": "- everything "} {
		found := slices.IndexFunc(problems, func(p field.Problem) bool { return p.Key == key })
		if found < 0 || problems[found].Line == 0 || !strings.Contains(lines[problems[found].Line-1], word) {
			t.Errorf("%s is not found at its line: %v", key, problems)
		}
	}
}

func TestNoProblemShowsASecret(t *testing.T) {
	t.Parallel()
	const secret = "this-is-the-secret-itself"
	_, err := config.Load(settle(t, func(s string) string {
		return regexp.MustCompile(`client_secret: file:\S+`).ReplaceAllString(s, "client_secret: "+secret)
	}))
	if err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("the secret is in the problem: %v", err)
	}
}

func TestNoProblemShowsASecretInTheWrongPlace(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"seal_keys: hunter2", "version: hunter2", "server: hunter2", "server: {trusted_proxies: hunter2}"} {
		if _, problems := config.Parse([]byte(text)); strings.Contains((&config.Invalid{Problems: problems}).Error(), "hunter2") {
			t.Errorf("%s: %v", text, problems)
		}
	}
}

func TestADurationThatIsNoneHasItsKeyAndHidesNoOtherMistake(t *testing.T) {
	t.Parallel()
	path := settle(t, func(s string) string {
		return strings.Replace(strings.Replace(s, "window: 50m", "window: soon", 1), "mode: live", "mode: life", 1)
	})
	_, err := config.Load(path)
	var invalid *config.Invalid
	if !errors.As(err, &invalid) || len(invalid.Problems) != 2 || invalid.Problems[0].Key != "environments.main.mode" ||
		invalid.Problems[1].Key != "environments.main.dataverse.window" || !strings.Contains(invalid.Problems[1].Message, `"soon" is not a duration; write it like 50m`) {
		t.Errorf("%v", err)
	}
}

func TestPayPalReservesWhereItHasCredentials(t *testing.T) {
	t.Parallel()
	if _, err := config.Load(settle(t, replace("capture: before_registration", "capture: after_registration"))); err != nil {
		t.Error(err)
	}
}
