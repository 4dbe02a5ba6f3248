// Package deploy_test checks what is shipped beside the program.
package deploy_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func read(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

type rule struct {
	Record      string            `yaml:"record"`
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

func rules(t *testing.T) []rule {
	t.Helper()
	var file struct {
		Groups []struct {
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.Unmarshal([]byte(read(t, "alerts.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	var all []rule
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

type panel struct {
	ID          int    `json:"id"`
	Type        string `json:"type"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Datasource  struct {
		UID string `json:"uid"`
	} `json:"datasource"`
	GridPos struct {
		H, W, X, Y int
	} `json:"gridPos"`
	FieldConfig struct {
		Defaults struct {
			Unit string `json:"unit"`
		} `json:"defaults"`
	} `json:"fieldConfig"`
	Targets []struct {
		Expr         string `json:"expr"`
		LegendFormat string `json:"legendFormat"`
	} `json:"targets"`
}

type dashboard struct {
	UID        string  `json:"uid"`
	Editable   bool    `json:"editable"`
	Panels     []panel `json:"panels"`
	Templating struct {
		List []struct {
			Name  string `json:"name"`
			Type  string `json:"type"`
			Query any    `json:"query"`
		} `json:"list"`
	} `json:"templating"`
}

func board(t *testing.T) dashboard {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal([]byte(read(t, "dashboard.json")), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// queries are all expressions that are shipped, by where they are.
func queries(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for i, r := range rules(t) {
		found[fmt.Sprintf("alerts.yaml: rule %d, %s%s", i+1, r.Record, r.Alert)] = r.Expr
	}
	for _, p := range board(t).Panels {
		for i, target := range p.Targets {
			found[fmt.Sprintf("dashboard.json: panel %d, query %d", p.ID, i+1)] = target.Expr
		}
	}
	return found
}

var (
	named    = regexp.MustCompile(`[a-zA-Z0-9_:]*paybridge_[a-z0-9_:]+`)
	selector = regexp.MustCompile(`(paybridge_[a-z_]+)\{([^}]*)\}`)
	matcher  = regexp.MustCompile(`^(\w+)(=|=~|!=|!~)"([^"]*)"$`)
	grouping = regexp.MustCompile(`\b(?:by|on) \(([^)]*)\)`)
)

func TestEveryMetricInAQueryIsInTheCatalogue(t *testing.T) {
	t.Parallel()
	all, recorded := metrics(), map[string]bool{}
	for _, r := range rules(t) {
		recorded[r.Record] = true
	}
	for where, query := range queries(t) {
		known := map[string]bool{"job": true, "instance": true, "le": true, "slo": strings.Contains(query, "job_slo:")}
		for _, name := range named.FindAllString(query, -1) {
			m, ok := lookUp(all, name)
			if !ok && !recorded[name] {
				t.Errorf("%s: %s is not in the catalogue", where, name)
			}
			for label := range m.labels {
				known[label] = true
			}
		}
		for _, m := range grouping.FindAllStringSubmatch(query, -1) {
			for label := range strings.SplitSeq(m[1], ", ") {
				if !known[label] {
					t.Errorf("%s: nothing in it has the label %s", where, label)
				}
			}
		}
	}
}

func TestEveryMatcherCanMatch(t *testing.T) {
	t.Parallel()
	all := metrics()
	for where, query := range queries(t) {
		for _, s := range selector.FindAllStringSubmatch(query, -1) {
			m, _ := lookUp(all, s[1])
			for text := range strings.SplitSeq(s[2], ", ") {
				if problem := check(m, text); problem != "" {
					t.Errorf("%s: %s{%s}: %s", where, s[1], text, problem)
				}
			}
		}
	}
}

// check says what is wrong with one matcher: a label that the metric does not have, or a value that the label never takes.
func check(m metric, text string) string {
	parts := matcher.FindStringSubmatch(text)
	if parts == nil {
		return "not a matcher"
	}
	label, value := parts[1], parts[3]
	if label == "job" || label == "instance" {
		return ""
	}
	allowed, ok := m.labels[label]
	if !ok {
		return "the metric has no such label"
	}
	if allowed == nil || strings.HasPrefix(value, "$") {
		return ""
	}
	for alternative := range strings.SplitSeq(value, "|") {
		if !slices.Contains(allowed, alternative) {
			return fmt.Sprintf("the label never is %q", alternative)
		}
	}
	return ""
}

func TestEveryAlertSaysWhatToDo(t *testing.T) {
	t.Parallel()
	runbook, sections := read(t, "runbook.md"), map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^## (\w+)$`).FindAllStringSubmatch(runbook, -1) {
		sections[m[1]] = false
	}
	for _, r := range rules(t) {
		if r.Alert == "" {
			continue
		}
		for key, value := range map[string]string{"severity": r.Labels["severity"], "team": r.Labels["team"],
			"summary": r.Annotations["summary"], "description": r.Annotations["description"]} {
			if value == "" {
				t.Errorf("%s has no %s", r.Alert, key)
			}
		}
		if _, ok := sections[r.Alert]; !ok {
			t.Errorf("the runbook has no section for %s", r.Alert)
		}
		sections[r.Alert] = true
		if want := "/deploy/runbook.md#" + strings.ToLower(r.Alert); !strings.HasSuffix(r.Annotations["runbook_url"], want) {
			t.Errorf("%s: runbook_url does not end in %s", r.Alert, want)
		}
		if want := "/d/" + board(t).UID; r.Annotations["dashboard_url"] != want {
			t.Errorf("%s: dashboard_url is not %s", r.Alert, want)
		}
	}
	for section, used := range sections {
		if !used {
			t.Errorf("the runbook explains %s, which is no alert", section)
		}
	}
}

func TestTheDashboardIsWhole(t *testing.T) {
	t.Parallel()
	d, ids, taken := board(t), map[int]bool{}, map[[2]int]string{}
	if d.Editable {
		t.Error("the dashboard can be edited in place, and would be lost with the next release")
	}
	for _, p := range d.Panels {
		if ids[p.ID] {
			t.Errorf("panel id %d is there twice", p.ID)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("panel %q lies on %q or outside", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		if p.Title == "" || p.Description == "" || p.FieldConfig.Defaults.Unit == "" || p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 {
			t.Errorf("panel %d %q lacks a title, a description, a unit, the chosen data source or a query", p.ID, p.Title)
		}
		for _, target := range p.Targets {
			checkTarget(t, p.Title, target.Expr, target.LegendFormat)
		}
	}
}

// checkTarget holds a dashboard's query to the manners that keep it right: ranges follow the screen, counters are never shown raw, and
// the legend names labels that are left.
func checkTarget(t *testing.T, title, query, legend string) {
	t.Helper()
	if regexp.MustCompile(`\[\d`).MatchString(query) {
		t.Errorf("panel %q: a fixed range; use $__rate_interval or $__range", title)
	}
	if !strings.Contains(query, `job=~"$job"`) {
		t.Errorf("panel %q ignores the chosen job", title)
	}
	for _, at := range named.FindAllStringIndex(query, -1) {
		m, _ := lookUp(metrics(), query[at[0]:at[1]])
		if m.kind != "gauge" && m.kind != "" && !regexp.MustCompile(`(rate|increase)\($`).MatchString(query[:at[0]]) {
			t.Errorf("panel %q shows %s raw", title, query[at[0]:at[1]])
		}
	}
	var left []string
	for _, m := range grouping.FindAllStringSubmatch(query, -1) {
		left = append(left, strings.Split(m[1], ", ")...)
	}
	for _, m := range regexp.MustCompile(`\{\{(\w+)\}\}`).FindAllStringSubmatch(legend, -1) {
		if !slices.Contains(left, m[1]) {
			t.Errorf("panel %q: the legend names %s, which the query does not keep", title, m[1])
		}
	}
}

func promtool(t *testing.T, args ...string) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("SKIPPED, NOTHING CHECKED: promtool is not installed; apt-get install prometheus brings it, and .ci/run does that")
	}
	if out, err := exec.Command(path, args...).CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func TestTheRulesPassPromtool(t *testing.T) {
	t.Parallel()
	promtool(t, "check", "rules", "--lint=all", "--lint-fatal", "alerts.yaml")
}

func TestTheAlertsFireWhenTheyShould(t *testing.T) {
	t.Parallel()
	promtool(t, "test", "rules", "alerts_test.yaml")
}

func TestTheDashboardsQueriesArePromQL(t *testing.T) {
	t.Parallel()
	onScreen := strings.NewReplacer("$__rate_interval", "5m", "$__range", "6h")
	type record struct {
		Record string `json:"record"`
		Expr   string `json:"expr"`
	}
	var records []record
	for _, p := range board(t).Panels {
		for i, target := range p.Targets {
			records = append(records, record{fmt.Sprintf("panel:%d:%d", p.ID, i), onScreen.Replace(target.Expr)})
		}
	}
	raw, err := json.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": records}}}) // JSON is YAML
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "dashboard.yaml")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "check", "rules", file)
}
