package post_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paybridge/paybridge/bridge/post"
	"github.com/paybridge/paybridge/bridge/purchase"
)

var update = flag.Bool("update", false, "write the golden file")

func notice(kind purchase.NoticeKind) purchase.Notice {
	return purchase.Notice{Kind: kind, Purchase: purchase.Key{Environment: "main", ID: "0d3f7c1a-52aa-4c55-9e6d-1b2c3d4e5f60"}, Account: "paypal-main",
		Money: purchase.Money{Minor: 4500, Currency: "EUR"}, Price: purchase.Money{Minor: 4600, Currency: "EUR"}, EventName: "Concert d’été"}
}

func TestTheTextsAsTheyAreSent(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, row := range purchase.NoticeKinds() {
		for _, language := range []string{"fr", "en"} {
			n := notice(row.Kind)
			if row.Organiser {
				n.Cause = purchase.CauseAmount
			}
			subject, body, err := post.Write(n, language)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "=== %s %s\nSubject: %s\n\n%s\n", row.Kind, language, subject, body)
		}
	}
	got := strings.ReplaceAll(b.String(), "\u00a0", "~") // what must not be broken is seen
	const golden = "testdata/texts.txt"
	if *update {
		put(t, golden, got)
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("run with -update if this is meant (-want +got)\n%s", diff)
	}
}

func TestFrenchTextsKeepTheirSpacesTogether(t *testing.T) {
	t.Parallel()
	for _, row := range purchase.NoticeKinds() {
		_, body, err := post.Write(notice(row.Kind), "fr")
		if err != nil {
			t.Fatal(err)
		}
		if bad := regexp.MustCompile(`[^\x{a0}][:;?!»]\s|«[^\x{a0}]|'|\d\.\d`).FindString(body); bad != "" {
			t.Errorf("%s: %q", row.Kind, bad)
		}
	}
}

// A text may say no more than its kind proves.
func TestNoTextPromisesWhatItsKindDoesNotProve(t *testing.T) {
	t.Parallel()
	promises := regexp.MustCompile(`(?i)confirmée|is confirmed|enregistrée\.|rembours|refund|sera |serez|allons|will be|we will|shall`)
	allowed := map[purchase.NoticeKind]string{purchase.NoticeConfirmed: "confirmée|is confirmed|enregistrée", purchase.NoticeRefunded: "rembours|refund"}
	for _, row := range purchase.NoticeKinds() {
		for _, language := range []string{"fr", "en"} {
			subject, body, err := post.Write(notice(row.Kind), language)
			if err != nil {
				t.Fatal(err)
			}
			for _, said := range promises.FindAllString(subject+"\n"+body, -1) {
				if ok := allowed[row.Kind]; ok == "" || !regexp.MustCompile("(?i)"+ok).MatchString(said) {
					t.Errorf("%s in %s says %q", row.Kind, language, said)
				}
			}
		}
	}
}

func TestTheOrganiserIsToldTheCauseAndWhatToDo(t *testing.T) {
	t.Parallel()
	for _, row := range purchase.Causes() {
		n := notice(purchase.NoticeDesk)
		n.Cause = row.Cause
		subject, body, err := post.Write(n, "fr")
		if err != nil || !strings.Contains(subject, "("+string(row.Cause)+")") || !strings.Contains(body, row.ToDoFr) {
			t.Errorf("%s: %q, %q, %v", row.Cause, subject, body, err)
		}
	}
}

func TestMistakesInTextsNameFileAndLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, text, want string }{
		"good":                      {"payment_received.fr.txt", "Subject: Merci\n\nMerci {{.Event}}\n", ""},
		"windows":                   {"payment_received.fr.txt", "\ufeffSubject: Merci\r\n\r\nMerci\r\n", ""},
		"no subject":                {"payment_received.fr.txt", "Merci\n", "payment_received.fr.txt:1: does not begin"},
		"no empty line":             {"payment_received.fr.txt", "Subject: Merci\nMerci\n", "payment_received.fr.txt:2: is not empty"},
		"an open brace":             {"desk.en.txt", "Subject: Hello\n\nline\n{{.Event\n", "desk.en.txt:5: unclosed action started at "},
		"a field that is not there": {"desk.en.txt", "Subject: Hello\n\nline\nline\n{{.Nom}}\n", "desk.en.txt:5:2: "},
		"a function of nobody":      {"desk.en.txt", "Subject: {{shout .Event}}\n\nx\n", `desk.en.txt:1: function "shout" not defined`},
		"a subject that is empty":   {"desk.en.txt", "Subject: {{.Event}}\n\nx\n", "desk.en.txt:1: renders an empty subject"},
		"a kind that is not there":  {"payement.fr.txt", "Subject: x\n\nx\n", "payement.fr.txt is no text that is sent; the names are "},
		"another language":          {"desk.de.txt", "Subject: x\n\nx\n", "desk.de.txt is no text"},
		"too long":                  {"desk.fr.txt", "Subject: x\n\n" + strings.Repeat("x", 70<<10), "desk.fr.txt:1: is longer"},
		"a loop without end":        {"desk.fr.txt", "Subject: x\n\n{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}", "desk.fr.txt:3:"},
	} {
		dir := t.TempDir()
		put(t, filepath.Join(dir, c.file), c.text)
		put(t, filepath.Join(dir, "README.md"), "not a text")
		mistakes := post.CheckTemplates(dir)
		switch {
		case c.want == "" && len(mistakes) > 0:
			t.Errorf("%s: %v", name, mistakes)
		case c.want != "" && (len(mistakes) != 1 || !strings.Contains(mistakes[0].Error(), filepath.Join(dir, c.want))):
			t.Errorf("%s: %v, want %q", name, mistakes, c.want)
		}
	}
	if mistakes := post.CheckTemplates("/nowhere/at/all"); len(mistakes) != 1 {
		t.Errorf("no folder: %v", mistakes)
	}
	if mistakes := post.CheckTemplates(""); len(mistakes) != 0 {
		t.Errorf("the built-in texts: %v", mistakes)
	}
}
