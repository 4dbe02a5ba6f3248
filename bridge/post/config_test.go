package post_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/paybridge/paybridge/bridge/post"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
)

func problems(t *testing.T, text string, live bool) []string {
	t.Helper()
	var c post.Config
	if err := yaml.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	p := new(field.Problems)
	c.Validate(p, live)
	var lines []string
	for _, problem := range p.List() {
		lines = append(lines, problem.String())
	}
	return lines
}

func TestWhatIsWrongWithTheSectionIsSaid(t *testing.T) {
	t.Parallel()
	secret := "file:" + file(t, "secret", hookSecret)
	for name, c := range map[string]struct {
		text string
		live bool
		want string // the one problem, by its beginning; "" for none
	}{
		"nothing":                  {"{}", true, ""},
		"a mail server":            {"{from: A <a@example.org>, smtp: {host: mail.example.org}}", true, ""},
		"no sender":                {"{smtp: {host: mail.example.org}}", true, "from: is required"},
		"a sender that is none":    {"{from: tickets, smtp: {host: mail.example.org}}", true, "from: is not an address"},
		"a sender of two lines":    {"{from: \"a@example.org\\nBcc: b@example.org\", smtp: {host: mail.example.org}}", true, "from: is not an address"},
		"no host":                  {"{from: a@example.org, smtp: {port: 25}}", true, "smtp"},
		"an organiser and no mail": {"{organiser: [a@example.org]}", true, "smtp: is missing"},
		"an organiser of no place": {"{from: a@example.org, organiser: [desk], smtp: {host: h}}", true, "organiser[0]: is not an address"},
		"in clear, live":           {"{from: a@example.org, smtp: {host: h, tls: none}}", true, "smtp.tls: is none and an environment is live"},
		"in clear, sandbox":        {"{from: a@example.org, smtp: {host: h, tls: none}}", false, ""},
		"tls of another kind":      {"{from: a@example.org, smtp: {host: h, tls: ssl}}", false, "smtp.tls: is \"ssl\""},
		"a user without password":  {"{from: a@example.org, smtp: {host: h, username: u}}", true, "smtp.password: and username belong together"},
		"a kind that is not there": {"{off: [payed]}", true, "off: names \"payed\""},
		"another language":         {"{language: de}", true, "language: is \"de\""},
		"no folder":                {"{templates: /nowhere/at/all}", true, "templates: /nowhere/at/all is not a folder"},
		"a webhook":                {"{webhooks: {crm: {url: 'https://crm.example.org/x?y=1', secrets: ['" + secret + "']}}}", true, ""},
		"a webhook in clear":       {"{webhooks: {crm: {url: 'http://127.0.0.1:80/', secrets: ['" + secret + "']}}}", true, "webhooks.crm.url: is not https"},
		"the same in a sandbox":    {"{webhooks: {crm: {url: 'http://127.0.0.1:80/', secrets: ['" + secret + "']}}}", false, ""},
		"in clear elsewhere":       {"{webhooks: {crm: {url: 'http://crm.example.org/', secrets: ['" + secret + "']}}}", false, "webhooks.crm.url: is not https"},
		"a webhook with password":  {"{webhooks: {crm: {url: 'https://u:p@crm.example.org/', secrets: ['" + secret + "']}}}", true, "webhooks.crm.url: is not an address"},
		"no secret":                {"{webhooks: {crm: {url: 'https://crm.example.org/'}}}", true, "webhooks.crm.secrets: is required"},
		"a secret that is none":    {"{webhooks: {crm: {url: 'https://crm.example.org/', secrets: ['file:" + file(t, "short", "whsec_c2hvcnQ=") + "']}}}", true, "webhooks.crm.secrets[0]: is not a webhook secret"},
		"no certificate":           {"{webhooks: {crm: {url: 'https://crm.example.org/', ca_file: /nowhere, secrets: ['" + secret + "']}}}", true, "webhooks.crm.ca_file: read the trusted authorities"},
	} {
		got := problems(t, c.text, c.live)
		if (c.want == "") != (len(got) == 0) || len(got) > 0 && !strings.HasPrefix(got[0], c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if strings.Contains(strings.Join(got, "\n"), "c2hvcnQ") {
			t.Errorf("%s: the secret is shown", name)
		}
	}
}

func TestEachKindCanBeOff(t *testing.T) {
	t.Parallel()
	c := post.Config{From: "a@example.org", Organiser: []string{"a@example.org"}, SMTP: post.SMTP{Host: "h"}, Off: []purchase.NoticeKind{purchase.NoticeConfirmed},
		Webhooks: map[string]post.Webhook{"crm": {Off: []purchase.NoticeKind{purchase.NoticeDesk}}},
		Accounts: map[string]post.Account{"b": {Off: []purchase.NoticeKind{purchase.NoticePaymentReceived}}}}
	routes := c.Routes(map[string]string{"a": "main", "b": "main"})
	got := map[string]int{}
	for _, r := range routes {
		if r.Kind == purchase.NoticeConfirmed || r.Kind == purchase.NoticeDesk || r.Kind == purchase.NoticePaymentReceived {
			got[string(r.Kind)+" "+r.Account+" "+r.Channel]++
		}
	}
	want := map[string]int{"payment_received a mail:payer": 1, "payment_received  mail:payer": 1, "desk a mail:organiser": 1, "desk b mail:organiser": 1, "desk  mail:organiser": 1}
	for _, account := range []string{"a", "b", ""} {
		want["payment_received "+account+" webhook:crm"] = 1
		want["participation_confirmed "+account+" webhook:crm"] = 1
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("routes (-want +got)\n%s", diff)
	}
	c.Organiser = nil
	for _, r := range c.Routes(map[string]string{"a": "main"}) {
		if r.Kind == purchase.NoticeDesk && !strings.HasPrefix(r.Channel, "webhook:") {
			t.Errorf("nobody is there to be told, and %s is a route", r.Channel)
		}
	}
	if none := (post.Config{}).Routes(map[string]string{"a": "main"}); len(none) != 0 {
		t.Errorf("without settings: %v", none)
	}
}
