package post

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
	"unicode"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

//go:embed templates/*.txt
var builtIn embed.FS

var languages = []string{"fr", "en"}

// A Text is what the templates are given. Every value is one line without control characters, in the language of the text.
type Text struct {
	Event     string // the event's name, "" where it is not known
	Amount    string // what came, went back or is held: "45,00 EUR"
	Price     string // what the registration costs, "" where it is not known
	Reference string // by which the buyer and the organiser call the purchase
	Cause     string // why it waits for a person, and by which name; for the organiser
	ToDo      string // what can be done about it; for the organiser
	Purchase  string // the PurchaseId; for the organiser
	Account   string
	Sender    string // the name of the sender
}

// A letter is a text that is ready to be sent.
type letter struct{ subject, body string }

// texts are the templates of each kind and language.
type texts map[string]*template.Template

// readTexts parses the built-in texts, and those of the folder in their place.
func readTexts(dir string) (texts, []error) {
	all := texts{}
	built, err := fs.Sub(builtIn, "templates")
	if err != nil {
		return nil, []error{err}
	}
	mistakes := all.add(built, "templates")
	if dir == "" {
		return all, mistakes
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return all, append(mistakes, fmt.Errorf("%s is not a folder that can be read; write the folder with your texts, or remove the key", dir))
	}
	return all, append(mistakes, all.add(os.DirFS(dir), dir)...)
}

// add reads the texts of one folder. What is no text of ours is a mistake: it would be waited for in vain.
func (t texts) add(folder fs.FS, dir string) []error {
	var mistakes []error
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return []error{fmt.Errorf("read the texts in %s: %w", dir, err)}
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") || !strings.HasSuffix(e.Name(), ".txt") {
			continue
		}
		if !slices.Contains(names(), e.Name()) {
			mistakes = append(mistakes, fmt.Errorf("%s is no text that is sent; the names are %s", path, strings.Join(names(), ", ")))
			continue
		}
		delete(t, e.Name())
		raw, err := fs.ReadFile(folder, e.Name())
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("read a text: %w", err))
			continue
		}
		text, err := parseText(path, string(raw))
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		t[e.Name()] = text
	}
	return mistakes
}

func names() []string {
	var all []string
	for _, kind := range kindNames() {
		for _, language := range languages {
			all = append(all, kind+"."+language+".txt")
		}
	}
	return all
}

const mostText = 64 << 10

// parseText reads a text: a line with the subject, an empty one, and the body.
func parseText(path, text string) (*template.Template, error) {
	text = strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n")
	switch {
	case len(text) > mostText:
		return nil, fmt.Errorf("%s:1: is longer than 64 KiB", path)
	case !strings.HasPrefix(text, "Subject: "):
		return nil, fmt.Errorf("%s:1: does not begin with a line \"Subject: …\"; write the subject there", path)
	}
	if head, _, ok := strings.Cut(text, "\n"); !ok || !strings.HasPrefix(text[len(head):], "\n\n") {
		return nil, fmt.Errorf("%s:2: is not empty; leave one empty line between subject and text", path)
	}
	t, err := template.New(path).Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, located(err)
	}
	if t.Tree == nil || parse.IsEmptyTree(t.Root) {
		return nil, fmt.Errorf("%s:1: is empty", path)
	}
	return t, nil
}

// located takes the template package's own word off its errors, which then begin with file and line.
func located(err error) error {
	return errors.New(strings.TrimPrefix(err.Error(), "template: "))
}

// CheckTemplates parses and renders all texts, those of the folder in place of the built-in ones, with samples, and returns every mistake
// with its file and line.
func CheckTemplates(dir string) []error {
	all, mistakes := readTexts(dir)
	for _, name := range names() {
		t, ok := all[name]
		if !ok {
			continue // not readable, and said above
		}
		for _, sample := range samples() {
			if _, err := render(t, sample); err != nil {
				mistakes = append(mistakes, err)
				break
			}
		}
	}
	return mistakes
}

// samples are a text with everything and one with the least.
func samples() []Text {
	return []Text{
		{Event: "Concert d’été", Amount: "45,00 EUR", Price: "45,00 EUR", Reference: "PB-ABCDEFGH", Cause: "paid_late", ToDo: "…", Purchase: "0d3f7c1a-52aa-4c55-9e6d-1b2c3d4e5f60",
			Account: "main", Sender: "Contoso"},
		{Reference: "PB-ABCDEFGH"},
	}
}

// render fills in one text.
func render(t *template.Template, with Text) (letter, error) {
	var b strings.Builder
	if err := t.Execute(&b, with); err != nil {
		return letter{}, located(err)
	}
	subject, body, _ := strings.Cut(b.String(), "\n")
	l := letter{subject: line(strings.TrimPrefix(subject, "Subject: ")), body: strings.TrimSpace(body) + "\n"}
	if l.subject == "" {
		return letter{}, fmt.Errorf("%s:1: renders an empty subject", t.Name())
	}
	return l, nil
}

// write renders a message in one language, or in both, one below the other, where the language is not known.
func (t texts) write(kind purchase.NoticeKind, language string, texts func(language string) Text) (letter, error) {
	wanted := languages
	if slices.Contains(languages, language) {
		wanted = []string{language}
	}
	var subjects, bodies []string
	for _, l := range wanted {
		one, ok := t[string(kind)+"."+l+".txt"]
		if !ok {
			return letter{}, fmt.Errorf("there is no text for %s in %s", kind, l)
		}
		written, err := render(one, texts(l))
		if err != nil {
			return letter{}, err
		}
		subjects, bodies = append(subjects, written.subject), append(bodies, written.body)
	}
	return letter{subject: strings.Join(subjects, " / "), body: strings.Join(bodies, "\n----------\n\n")}, nil
}

// textOf is what a text may say of a notice.
func textOf(n purchase.Notice, sender, language string) Text {
	cause, todo := causeIn(n.Cause, language)
	return Text{Event: line(n.EventName), Amount: amount(n.Money, language), Price: amount(n.Price, language), Reference: bridge.ShortReference(n.Purchase),
		Cause: cause, ToDo: todo, Purchase: line(n.Purchase.ID), Account: line(n.Account), Sender: line(sender)}
}

// causeIn is a cause of the desk in words, with its name, and what to do about it.
func causeIn(c purchase.Cause, language string) (cause, todo string) {
	if c == purchase.CauseNone {
		return "", ""
	}
	words := c.Words()
	cause, todo = words.En, words.ToDo
	if language == "fr" {
		cause, todo = words.Fr, words.ToDoFr
	}
	return strings.TrimSuffix(cause, ".") + " (" + string(c) + ")", todo
}

// amount is money as it is written in the language, "" where none is known.
func amount(m purchase.Money, language string) string {
	if !m.Known() {
		return ""
	}
	number := m.Decimal()
	if language == "fr" {
		number = strings.Replace(number, ".", ",", 1)
	}
	return number + "\u00a0" + m.Currency
}

const mostLine = 200

// line makes one line of a text that came from outside: no line breaks, no control characters, none that change the direction of writing.
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) && r != '\u00a0':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)
	runes := []rune(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }), " "))
	if len(runes) > mostLine {
		runes = append(runes[:mostLine], '…')
	}
	return string(runes)
}
