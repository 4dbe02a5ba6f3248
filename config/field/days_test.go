package field_test

import (
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/paybridge/paybridge/config/field"
)

func TestDaysAreReadAndWrittenAsTheyAreMeant(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]time.Duration{"30d": 720 * time.Hour, "0d": 0, "12h": 12 * time.Hour, "36h": 36 * time.Hour, "100000d": 2_400_000 * time.Hour} {
		var d field.Days
		if err := yaml.Unmarshal([]byte(written), &d); err != nil || time.Duration(d) != want {
			t.Errorf("%s: %s, %v", written, d, err)
		}
		if again, err := yaml.Marshal(d); want > 0 && (err != nil || string(again) != written+"\n") {
			t.Errorf("%s is written as %s, %v", written, again, err)
		}
	}
	for _, wrong := range []string{"30", "d", "-3d", "1.5d", "100001d", "30 d", "999999999999999999999d", "soon", "[]"} {
		var d field.Days
		if err := yaml.Unmarshal([]byte(wrong), &d); err == nil {
			t.Errorf("%q is read as %s", wrong, d)
		}
	}
}
