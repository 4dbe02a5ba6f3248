package generic_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/providertest"
)

// FuzzSettings reads any settings: what is wrong with them is said, and what is not said to be wrong opens and reads anything.
func FuzzSettings(f *testing.F) {
	files, err := filepath.Glob("../../deploy/accounts/generic-*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		_, section, _ := strings.Cut(string(raw), "\n    generic:\n")
		section = strings.ReplaceAll("\n"+section, "\n      ", "\n")
		f.Add(example.ReplaceAllString(section, "KEY"), []byte(`{"id":"p1"}`))
	}
	f.Add(byFields, []byte("order=1&mac=00"))
	f.Add(byJSON+confirmed+"auth: {kind: none}", []byte(`{"id":"p1","status":"paid"}`))
	path := providertest.Secret(f, longKey)
	f.Fuzz(func(t *testing.T, section string, body []byte) {
		section = strings.ReplaceAll(section, "file:", "fire:") // no file of this machine is read
		section = strings.ReplaceAll(section, "ca_file", "ca_fire")
		var c config
		if yaml.Unmarshal([]byte(strings.ReplaceAll(section, "KEY", path.String())), &c) != nil {
			return
		}
		var p field.Problems
		c.Validate(&p, false)
		a, err := c.Open(providertest.Options(t, map[string]string{"purchase": "reference"}))
		if err != nil {
			if len(p.List()) == 0 && !strings.Contains(err.Error(), "reference") {
				t.Errorf("validated and refused: %v", err)
			}
			return
		}
		for _, header := range c.Auth.Content {
			_, name, _ := strings.Cut(header, ":")
			reading, err := a.Read(t.Context(), post(time.Unix(1700000000, 0), string(body), strings.TrimPrefix(c.Auth.Signature.From, "header:"), string(body), name, "1700000000"))
			if known := err == nil || errors.Is(err, purchase.ErrForged) || errors.Is(err, purchase.ErrNotUnderstood); !known || err != nil && len(reading.Facts) > 0 {
				t.Errorf("%v, %v", reading, err)
			}
		}
	})
}
