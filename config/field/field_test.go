package field_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/paybridge/paybridge/config/field"
)

func put(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(content), 0o400); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestASecretIsReadWithoutItsLineBreak(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"s3cret", "s3cret\n", "s3cret\r\n"} {
		if got, err := field.NewSecret("file:" + put(t, content)).Reveal(); got != "s3cret" || err != nil {
			t.Errorf("%q: %q, %v", content, got, err)
		}
	}
}

func TestAccidentsOfPastingAreRefused(t *testing.T) {
	t.Parallel()
	for name, ref := range map[string]string{
		"empty":        "file:" + put(t, ""),
		"blank before": "file:" + put(t, " s3cret"),
		"two lines":    "file:" + put(t, "s3cret\n\n"),
		"quotes":       "file:" + put(t, `"s3cret"`),
		"missing":      "file:/nowhere/at/all",
		"a folder":     "file:" + t.TempDir(),
		"too large":    "file:" + put(t, strings.Repeat("x", 70<<10)),
		"unknown kind": "vault:x",
		"no reference": "s3cret",
		"outside":      "credential:../s3cret",
	} {
		_, err := field.NewSecret(ref).Reveal()
		if !errors.Is(err, field.ErrSecret) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") && name != "outside" {
			t.Errorf("%s: the error shows the secret: %v", name, err)
		}
	}
}

func TestASecretPrintsAsItsReferenceEverywhere(t *testing.T) {
	t.Parallel()
	s := field.NewSecret("the secret itself, by mistake")
	raw, _ := json.Marshal(s)
	written, _ := yaml.Marshal(map[string]any{"key": s})
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s, s), string(raw), string(written)} {
		if strings.Contains(text, "by mistake") {
			t.Errorf("it prints: %s", text)
		}
	}
	if got := field.NewSecret("file:/run/x").String(); got != "file:/run/x" {
		t.Error(got)
	}
}

func TestProblemsCarryTheirPath(t *testing.T) {
	t.Parallel()
	p := new(field.Problems)
	inner := p.At("accounts").At("main")
	inner.Add("url", "is %d; write another", 7)
	inner.Require("id", false, "copy it")
	inner.Require("there", true, "copy it")
	inner.Add("", "the section itself")
	var lines []string
	for _, problem := range p.List() {
		lines = append(lines, problem.String())
	}
	want := "accounts.main: the section itself|accounts.main.id: is required; copy it|accounts.main.url: is 7; write another"
	if got := strings.Join(lines, "|"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestDurationsReadAndWriteAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"50m": 50 * time.Minute, "1h30m": 90 * time.Minute, "2h": 2 * time.Hour, "90s": 90 * time.Second, "250ms": 250 * time.Millisecond} {
		var d field.Duration
		if err := yaml.Unmarshal([]byte(text), &d); err != nil || time.Duration(d) != want {
			t.Errorf("%s: %s, %v", text, d, err)
		}
		var back field.Duration
		if err := yaml.Unmarshal([]byte(d.String()), &back); err != nil || back != d {
			t.Errorf("%s comes back as %s, %v", text, back, err)
		}
	}
	var d field.Duration
	if err := yaml.Unmarshal([]byte("fifty"), &d); err == nil || !strings.Contains(err.Error(), "write it like") {
		t.Errorf("fifty: %v", err)
	}
}
