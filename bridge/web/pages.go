package web

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"maps"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/paybridge/paybridge/bridge/purchase"
)

//go:embed page.html
var pageText string

//go:embed page.css
var styleText string

var page = template.Must(template.New("page").Parse(pageText))

// leave is all the script there is: it sends the form to the provider. Without it the buyer presses the button.
const leave = "document.forms[0].submit()"

// policy lets the page do nothing but show itself: no script, no frame, no form, nothing from elsewhere. A page that leads to the
// provider may send its form there, and wherever the provider's own answer leads.
var (
	policy      = policyWith("form-action 'none'")
	leavePolicy = policyWith("form-action https:; script-src " + hashOf(leave))
)

func policyWith(rest string) string {
	return "default-src 'none'; style-src " + hashOf(styleText) + "; frame-ancestors 'none'; base-uri 'none'; " + rest
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// A notice is one page for a buyer.
type notice struct {
	Key       string // of messages
	Language  string // "en" or "fr"
	Reference string // what support asks for, "" for none
	Retry     string // where to pay again, "" where that is not offered
	NoTime    bool   // paying again is not possible
	Minutes   int    // left to pay again, 0 to say nothing of it
	Return    string // the event's site, "" for none
	Self      url.Values
	Again     bool // offers to open this page again
	Refresh   refresh
	Action    string           // where the browser posts the fields, "" for nowhere
	Fields    []purchase.Field // of the provider's form
}

// A refresh is when the page opens itself again, and its number then. Seconds 0 is never.
type refresh struct{ Seconds, Next int }

// self is the address of this page with one thing in the query changed.
func (n notice) self(name, value string) string {
	v := url.Values{}
	maps.Copy(v, n.Self)
	if name != "" {
		v.Set(name, value)
	}
	return "?" + v.Encode()
}

type pageData struct {
	notice
	Text
	Tone                           tone
	Words                          words
	TimeLeft                       string
	AgainLink, NextLink, OtherLink string
	Style                          template.CSS
	Script                         template.JS
}

// show writes the page.
func (p *public) show(c echo.Context, status int, n notice) error {
	m, ok := messages[n.Key]
	if !ok {
		return fmt.Errorf("show a page: no message for %q", n.Key)
	}
	text := m.En
	if n.Language == "fr" {
		text = m.Fr
	} else {
		n.Language = "en"
	}
	w := wordsIn[n.Language]
	d := pageData{notice: n, Text: text, Tone: m.Tone, Words: w, Style: template.CSS(styleText), Script: leave,
		AgainLink: n.self("", ""), NextLink: n.self("n", strconv.Itoa(n.Refresh.Next)), OtherLink: n.self("lang", w.OtherCode)}
	if n.Minutes > 0 {
		d.TimeLeft = fmt.Sprintf(w.Minutes, n.Minutes)
	}
	var b bytes.Buffer
	if err := page.Execute(&b, d); err != nil {
		return fmt.Errorf("show a page: %w", err)
	}
	private(c)
	rules := policy
	if n.Action != "" {
		rules = leavePolicy
		c.Response().Header().Set("Referrer-Policy", "origin") // providers may look whose form it is
	}
	c.Response().Header().Set("Content-Security-Policy", rules)
	c.Response().Header().Set("Content-Language", n.Language)
	return c.HTMLBlob(status, b.Bytes())
}

// private keeps an answer out of caches, indexes and other sites' logs.
func private(c echo.Context) {
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("X-Content-Type-Options", "nosniff")
}
