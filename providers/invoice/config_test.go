package invoice_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/invoice"
	"github.com/paybridge/paybridge/providers/protocol"
)

const day = 24 * time.Hour

func TestTheTermsAreWhatIsWrittenAndSensibleWhereNothingIs(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]purchase.Terms{
		"{}":                                {AtOnce: true, Due: 30 * day, Grace: 7 * day, Reminders: []time.Duration{14 * day, 30 * day}},
		"{finalize: on_approval, due: 14d}": {Due: 14 * day, Grace: 7 * day, Reminders: []time.Duration{14 * day}},
		"{finalize: at_once, due: 48h, grace: 12h, reminders: []}": {AtOnce: true, Due: 48 * time.Hour, Grace: 12 * time.Hour},
		"{due: 60d, grace: 1d, reminders: [20d, 40d, 61d, 90d]}":   {AtOnce: true, Due: 60 * day, Grace: day, Reminders: []time.Duration{20 * day, 40 * day}},
	} {
		c := read(t, written)
		if diff := cmp.Diff(want, c.Terms()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", written, diff)
		}
	}
}

func read(t *testing.T, written string) *invoice.Config {
	t.Helper()
	var c invoice.Config
	decoder := yaml.NewDecoder(strings.NewReader(written))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c); err != nil {
		t.Fatalf("%s: %v", written, err)
	}
	return &c
}

func TestEachMistakeIsNamedByItsKey(t *testing.T) {
	t.Parallel()
	for written, want := range map[string][]string{
		"{}":                            nil,
		"{finalize: later}":             {"finalize"},
		"{due: 400d, grace: -1h}":       {"due", "grace"},
		"{reminders: [14d, 7d]}":        {"reminders"},
		"{reminders: [0d]}":             {"reminders"},
		"{reminders: [14d, 14d, 400d]}": {"reminders"},
	} {
		p := new(field.Problems)
		read(t, written).Validate(p.At("a"), true)
		var keys []string
		for _, problem := range p.List() {
			keys = append(keys, strings.TrimPrefix(problem.Key, "a."))
		}
		if diff := cmp.Diff(want, keys); diff != "" {
			t.Errorf("%s (-want +got):\n%s", written, diff)
		}
	}
}

func TestWhatIsNotifiedIsNobodys(t *testing.T) {
	t.Parallel()
	account, err := new(invoice.Config).Open(protocol.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"", "{}"} {
		if _, err := account.Read(context.Background(), purchase.Delivery{Method: "POST", Body: []byte(body)}); !errors.Is(err, purchase.ErrForged) {
			t.Errorf("%q: %v", body, err)
		}
	}
}
