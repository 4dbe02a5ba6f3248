package main

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
)

// paybridge runs the program as a person does, at a terminal that answers with the given words.
func (c *town) paybridge(answer string, args ...string) (out string, code int) {
	c.t.Helper()
	stdout, stderr, code := typed(c.t, answer, append(args, "--config", c.config())...)
	return stdout + stderr, code
}

// controlled writes into the settings where the daemon takes decisions.
func (c *town) controlled() {
	c.t.Helper()
	path := c.config()
	settings, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, append(settings, "control: "+c.socket+"\n"...), 0o600)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// underpaid is a town where somebody paid one euro for a pass of 45.
func underpaid(t *testing.T) (c *town, id string) {
	t.Helper()
	c = newTown(t, t.TempDir())
	c.open()
	c.controlled()
	id, _ = c.register()
	if _, err := c.paypal.Button(providersim.ButtonPayment{Purchase: id, Value: "1.00", Currency: "EUR"}); err != nil {
		t.Fatal(err)
	}
	c.await(id, purchase.StateMismatch)
	return c, id
}

func TestTheDeskShowsWhatWaitsAndWhatMayBeDecided(t *testing.T) {
	t.Parallel()
	c, id := underpaid(t)
	out, code := c.paybridge("", "desk", "--lang", "fr")
	if code != exitOK {
		t.Fatalf("%d: %s", code, out)
	}
	for _, want := range []string{id, "amount_differs", "1.00 EUR", "retry ask accept seats refund close note", "Le paiement n’est pas le prix."} {
		if !strings.Contains(out, want) {
			t.Errorf("the desk lacks %q:\n%s", want, out)
		}
	}
	out, _ = c.paybridge("", "desk", "-o", "json")
	var desk struct {
		Desk []struct {
			Purchase string
			Actions  []string
			Since    time.Time
		}
	}
	if err := json.Unmarshal([]byte(out), &desk); err != nil || len(desk.Desk) != 1 || desk.Desk[0].Purchase != id || len(desk.Desk[0].Actions) != 7 || desk.Desk[0].Since.IsZero() {
		t.Errorf("%v: %s", err, out)
	}
}

func TestARefundAsksForTheAmountAndThenSendsItBack(t *testing.T) {
	t.Parallel()
	c, id := underpaid(t)
	if out, code := c.paybridge("yes\n", "desk", "refund", id, "--reason", "too little"); code != exitFailed || !strings.Contains(out, `Write "1.00"`) || !strings.Contains(out, "nothing was decided") {
		t.Fatalf("the wrong word: %d %s", code, out)
	}
	if facts := c.facts(id); strings.Contains(facts, "refund") {
		t.Fatalf("something was decided: %s", facts)
	}
	out, code := c.paybridge("1.00\n", "desk", "refund", id, "--reason", "too little", "--by", "ada")
	if code != exitOK || !strings.Contains(out, "decided; the purchase is now: refunded") {
		t.Fatalf("%d: %s", code, out)
	}
	if facts := c.facts(id); !strings.Contains(facts, "refund_ordered ada too little") {
		t.Errorf("who and why is not kept: %s", facts)
	}
}

// facts are the kinds of what is known, with who and why where a person decided.
func (c *town) facts(id string) string {
	c.t.Helper()
	_, facts, err := c.program.store.Find(context.Background(), purchase.Key{Environment: demoEnvironment, ID: id})
	if err != nil {
		c.t.Fatal(err)
	}
	var all []string
	for _, f := range facts {
		all = append(all, strings.TrimSpace(string(f.Kind)+" "+f.Detail.By+" "+f.Detail.Reason))
	}
	return strings.Join(all, "; ")
}

func TestAnAcceptedDifferenceIsRegistered(t *testing.T) {
	t.Parallel()
	c, id := underpaid(t)
	if out, code := c.paybridge("", "desk", "accept", id, "--reason", "a rebate by telephone", "--yes"); code != exitOK || !strings.Contains(out, "finalized") {
		t.Fatalf("%d: %s", code, out)
	}
}

func TestWhatIsWrongWithADecisionIsSaid(t *testing.T) {
	t.Parallel()
	c, id := underpaid(t)
	for name, x := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no reason":               {[]string{"close", id}, exitUsage, "needs --reason"},
		"not an id":               {[]string{"retry", "x"}, exitUsage, "GUID"},
		"nobody's":                {[]string{"retry", "00000000-0000-4000-8000-000000000001"}, exitNotFound, "no purchase"},
		"not for this":            {[]string{"tie", id, id, "--reason", "x", "--yes"}, exitFailed, "these are: retry, ask, accept, seats, refund, close, note"},
		"decimal comma":           {[]string{"refund", id, "--reason", "x", "--amount", "1,00 EUR"}, exitUsage, "decimal point"},
		"no currency":             {[]string{"refund", id, "--reason", "x", "--amount", "1.00"}, exitUsage, "10.00 EUR"},
		"above the rest":          {[]string{"refund", id, "--reason", "x", "--yes", "--amount", "1.01 EUR"}, exitFailed, "holds 1.00 EUR"},
		"half the seats":          {[]string{"seats", id, "some", "--reason", "x", "--yes"}, exitUsage, "all or none"},
		"no word at a terminal":   {[]string{"accept", id, "--reason", "x"}, exitFailed, "nothing was decided"},
		"offline beside a daemon": {[]string{"note", id, "--reason", "x", "--offline"}, exitFailed, "leave --offline out"},
	} {
		if out, code := c.paybridge("", append([]string{"desk"}, x.args...)...); code != x.code || !strings.Contains(out, x.want) {
			t.Errorf("%s: %d, want %d: %s", name, code, x.code, out)
		}
	}
	if facts := c.facts(id); strings.Contains(facts, "decided") || strings.Contains(facts, "accepted") {
		t.Errorf("something was decided: %s", facts)
	}
}
