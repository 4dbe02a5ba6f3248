// Package deploy_test checks what is shipped beside the program.
package deploy_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

type rules struct {
	Groups []struct {
		Rules []struct {
			Alert       string            `yaml:"alert"`
			Labels      map[string]string `yaml:"labels"`
			Annotations map[string]string `yaml:"annotations"`
		} `yaml:"rules"`
	} `yaml:"groups"`
}

func read(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func alerts(t *testing.T) rules {
	t.Helper()
	var r rules
	if err := yaml.Unmarshal([]byte(read(t, "alerts.yaml")), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEveryAlertSaysWhatToDo(t *testing.T) {
	t.Parallel()
	runbook, tests := read(t, "runbook.md"), read(t, "alerts_test.yaml")
	untested := []string{}
	for _, g := range alerts(t).Groups {
		for _, a := range g.Rules {
			if a.Alert == "" {
				continue
			}
			if a.Labels["severity"] == "" || a.Labels["team"] == "" || a.Annotations["summary"] == "" || a.Annotations["description"] == "" {
				t.Errorf("%s lacks severity, team, summary or description", a.Alert)
			}
			if !strings.Contains(runbook, "\n## "+a.Alert+"\n") {
				t.Errorf("the runbook has no section for %s", a.Alert)
			}
			if !strings.Contains(tests, "alertname: "+a.Alert+"\n") {
				untested = append(untested, a.Alert)
			}
		}
	}
	if len(untested) > 1 { // PaybridgeCredentialExpiresSoon is PaybridgeCredentialExpiresNow with another number
		t.Errorf("alerts without a test: %v", untested)
	}
}

var metric = regexp.MustCompile(`paybridge_[a-z_]+[a-z]`)

// registered are the names that the program's packages register, read from their sources.
func registered(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	literal := regexp.MustCompile(`"((?:paybridge_)?[a-z_]+)"`)
	for _, pattern := range []string{"../bridge/*.go", "../bridge/*/*.go", "../dataverse/*.go", "../providers/*.go", "../cmd/paybridge/wire.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			for _, m := range literal.FindAllStringSubmatch(read(t, file), -1) {
				names["paybridge_"+strings.TrimPrefix(m[1], "paybridge_")] = true
			}
		}
	}
	return names
}

func TestEveryMetricInRulesAndDashboardExists(t *testing.T) {
	t.Parallel()
	known := registered(t)
	later := map[string]bool{"paybridge_credential_expiry_timestamp_seconds": true} // set where an expiry is configured: with the full kit
	for _, file := range []string{"alerts.yaml", "dashboard.json"} {
		for _, name := range metric.FindAllString(read(t, file), -1) {
			base := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
			recorded := strings.HasPrefix(name, "paybridge_slo_bad") || strings.HasPrefix(name, "paybridge_slo_errors")
			if !known[name] && !known[base] && !recorded && !later[name] {
				t.Errorf("%s names %s, which nothing registers", file, name)
			}
		}
	}
}

func TestTheDashboardIsWhole(t *testing.T) {
	t.Parallel()
	var d struct {
		Title  string `json:"title"`
		Panels []struct {
			ID      int    `json:"id"`
			Type    string `json:"type"`
			Title   string `json:"title"`
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	if err := json.Unmarshal([]byte(read(t, "dashboard.json")), &d); err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, p := range d.Panels {
		if seen[p.ID] {
			t.Errorf("panel id %d is there twice", p.ID)
		}
		seen[p.ID] = true
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %q shows nothing", p.Title)
		}
	}
}

func TestTheRulesPassPromtool(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("SKIPPED LOUDLY: promtool is not installed; apt-get install prometheus brings it, and .ci/run installs it")
	}
	for _, args := range [][]string{{"check", "rules", "--lint=all", "--lint-fatal", "alerts.yaml"}, {"test", "rules", "alerts_test.yaml"}} {
		if out, err := exec.Command(promtool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}
