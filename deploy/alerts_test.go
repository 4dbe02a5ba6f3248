package deploy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// A scenario is one case of the rule tests: looks at alerts at chosen moments.
type scenario struct {
	Looks []look `yaml:"alert_rule_test"`
}

type look struct {
	At    time.Duration `yaml:"eval_time"`
	Alert string        `yaml:"alertname"`
	Want  []struct {
		Labels map[string]string `yaml:"exp_labels"`
	} `yaml:"exp_alerts"`
}

// story tells what the scenario expects of an alert in the order of time. The burn rates share a name and differ by their long window.
func (s scenario) story(alert, long string) string {
	looks := slices.Clone(s.Looks)
	slices.SortStableFunc(looks, func(a, b look) int { return int(a.At - b.At) })
	var told []string
	for _, l := range looks {
		if l.Alert != alert {
			continue
		}
		says := "quiet"
		for _, w := range l.Want {
			if w.Labels["long"] == long {
				says = "fires"
			}
		}
		told = append(told, says)
	}
	return strings.Join(slices.Compact(told), " ")
}

func TestEveryAlertIsTestedBeforeWhileAndAfterItFires(t *testing.T) {
	t.Parallel()
	var file struct {
		Order []string   `yaml:"group_eval_order"`
		Tests []scenario `yaml:"tests"`
	}
	if err := yaml.Unmarshal([]byte(read(t, "alerts_test.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Order) == 0 {
		t.Error("without group_eval_order the results depend on chance")
	}
	for _, r := range rules(t) {
		if r.Alert == "" || r.Alert == "PaybridgeWatchdog" { // which always fires
			continue
		}
		told := func(s scenario) bool {
			return strings.Contains(s.story(r.Alert, r.Labels["long"]), "quiet fires quiet")
		}
		if !slices.ContainsFunc(file.Tests, told) {
			t.Errorf("no test sees %s %s quiet, then firing, then quiet again", r.Alert, r.Labels["long"])
		}
	}
}
