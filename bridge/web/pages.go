package web

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"

	"github.com/labstack/echo/v4"
)

//go:embed page.html
var pageText string

//go:embed page.css
var styleText string

var page = template.Must(template.New("page").Parse(pageText))

// policy lets the page do nothing but show itself: no script, no frame, no foreign image.
var policy = func() string {
	sum := sha256.Sum256([]byte(styleText))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
}()

// A notice is one page for a buyer.
type notice struct {
	Key       string // of messages
	Language  string
	Reference string
	Retry     string
	Return    string
	Minutes   int
	Refresh   int // seconds, 0 for never
}

type pageData struct {
	notice
	Message
	Words words
	Style template.CSS
}

// show writes the page.
func (p *public) show(c echo.Context, status int, n notice) error {
	m, ok := messages[n.Key]
	if !ok {
		return fmt.Errorf("no message for %q", n.Key)
	}
	text := m.En
	if n.Language == "fr" {
		text = m.Fr
	} else {
		n.Language = "en"
	}
	var b bytes.Buffer
	if err := page.Execute(&b, pageData{notice: n, Message: Message{Tone: m.Tone, Text: text}, Words: wordsIn[n.Language], Style: template.CSS(styleText)}); err != nil {
		return fmt.Errorf("make a page: %w", err)
	}
	private(c)
	c.Response().Header().Set("Content-Security-Policy", policy)
	c.Response().Header().Set("Content-Language", n.Language)
	return c.HTMLBlob(status, b.Bytes())
}

// languageOf is the language the buyer chose, else the one the browser prefers of the two.
func languageOf(c echo.Context) string {
	if chosen := strings.ToLower(c.QueryParam("lang")); chosen == "fr" || chosen == "en" {
		return chosen
	}
	for _, tag := range strings.Split(c.Request().Header.Get("Accept-Language"), ",") {
		tag, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(tag)), ";")
		if base, _, _ := strings.Cut(tag, "-"); base == "fr" || base == "en" {
			return base
		}
	}
	return "en"
}
