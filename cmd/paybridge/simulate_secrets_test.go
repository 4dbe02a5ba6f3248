package main

import (
	"net/http"
	"strings"
	"testing"

	"go.uber.org/zap"
)

// Whatever way a secret gets into the log, it is noticed, and what is told of it does not show it.
func TestASecretInTheLogIsNoticed(t *testing.T) {
	t.Parallel()
	call := &http.Request{Header: http.Header{"Authorization": {"Basic dXNlcjpwYXNzd29yZA=="}}}
	for name, logged := range map[string]string{
		"as it is":                 `the secret "pass word"/1`,
		"in an address":            "https://x.test/?key=%22pass+word%22%2F1",
		"a line of a key":          "MIIEvQIBADANBgkq",
		"what a call signed in by": "Authorization: Basic dXNlcjpwYXNzd29yZA==",
		"a mail address":           "camille.1.2@example.org",
		"in the phrase itself":     "",
	} {
		e := newEavesdropper()
		e.learn("secret of the settings", `"pass word"/1`)
		e.learn("secret of the settings", "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----\n")
		phrase := "something happened"
		if logged == "" {
			phrase = "MIIEvQIBADANBgkq was used"
		}
		newLogger(e).Info(phrase, zap.String("cause", logged))
		e.carried(call) // a moment later
		for range 2 {
			if got := e.leaks(); len(got) != 1 || strings.Contains(got[0], "MIIE") || strings.Contains(got[0], "pass word") {
				t.Errorf("%s: %q", name, got)
			}
		}
	}
	e := newEavesdropper()
	e.learn("secret of the settings", "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----\n")
	log := newLogger(e)
	log.Info("finalizing", zap.String("cause", "-----BEGIN PRIVATE KEY----- is how a key begins"), zap.String("account", "MIIEvQIB"))
	if got := e.leaks(); len(got) > 0 {
		t.Errorf("nothing secret was logged: %q", got)
	}
	log.Info("signed in", zap.String("state", "dXNlcjpwYXNzd29yZA=="))
	if got := e.leaks(); len(got) > 0 {
		t.Errorf("nobody signed in with it: %q", got)
	}
	if e.carried(call); len(e.leaks()) != 1 {
		t.Error("what was logged before it was carried is not noticed")
	}
}
