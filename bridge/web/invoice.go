package web

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	_ "embed"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
)

const invoiceRoute = "/invoice/:token"

//go:embed invoice.html
var invoiceText string

//go:embed invoice.css
var invoiceStyle string

var invoicePage = template.Must(template.New("invoice").Parse(invoiceText))

// invoicePolicy lets the page send its form to us, and do nothing else.
var invoicePolicy = strings.Replace(policyWith("form-action 'self'"), hashOf(styleText), hashOf(styleText+invoiceStyle), 1)

// sameSite lets only our own page send the form.
var sameSite = http.NewCrossOriginProtection()

type invoiceData struct {
	Language, Title, Intro, Total string
	EventName                     string
	Words                         invoiceWords
	Wrong                         bool
	Fields                        []invoiceField
	Other, OtherLink, OtherCode   string
	Style                         template.CSS
}

// An invoiceField is one line of the form.
type invoiceField struct {
	Name, Label, Hint, Value, Complete, Kind string
	Most                                     int
	Needed, Wrong                            bool
	Why                                      string // what is wrong, "" for nothing
}

// invoice is the page on which a buyer asks for an invoice. It works without script and is safe to reload.
func (p *public) invoice(c echo.Context) error {
	form, err := p.Bridge.InvoiceForm(c.Request().Context(), c.Param("token"))
	if err != nil || form.State != bridge.FormOpen {
		return p.invoiceEnd(c, form, err)
	}
	return p.showInvoice(c, http.StatusOK, form, bridge.Billing{}, nil)
}

// invoicePost takes the form. What is missing is said beside its field, and what was written stays.
func (p *public) invoicePost(c echo.Context) error {
	req := c.Request()
	if err := sameSite.Check(req); err != nil {
		return p.show(c, http.StatusForbidden, notice{Key: "bad_link", Language: languageOf(c)})
	}
	if !p.crowd.admits(c.RealIP(), p.Now()) {
		c.Response().Header().Set("Retry-After", "5")
		return p.show(c, http.StatusTooManyRequests, notice{Key: "pay_rate_limited", Language: languageOf(c)})
	}
	form, err := p.Bridge.InvoiceForm(req.Context(), c.Param("token"))
	if err != nil || form.State != bridge.FormOpen {
		return p.invoiceEnd(c, form, err)
	}
	req.Body = http.MaxBytesReader(c.Response(), req.Body, 64<<10)
	if err := req.ParseForm(); err != nil {
		return p.showInvoice(c, http.StatusBadRequest, form, bridge.Billing{}, nil)
	}
	b := billing(req.PostForm)
	if b.Language = p.invoiceLanguage(c, form); len(b.Wrong()) > 0 {
		return p.showInvoice(c, http.StatusUnprocessableEntity, form, b, b.Wrong())
	}
	form, err = p.Bridge.RequestInvoice(req.Context(), c.Param("token"), b)
	return p.invoiceEnd(c, form, err)
}

// invoiceEnd leads to the page that says what became of it, or says why nothing can be asked for.
func (p *public) invoiceEnd(c echo.Context, form bridge.InvoiceForm, err error) error {
	switch {
	case errors.Is(err, bridge.ErrNotFound):
		return p.show(c, http.StatusNotFound, notice{Key: "bad_token", Language: languageOf(c)})
	case err != nil:
		p.Log.Error("a request for an invoice could not be taken", zap.Error(err))
		c.Response().Header().Set("Retry-After", "10")
		return p.show(c, http.StatusServiceUnavailable, notice{Key: "trouble", Language: languageOf(c)})
	case form.State == bridge.FormOver:
		return p.show(c, http.StatusGone, notice{Key: "pay_expired", Language: languageOf(c)})
	}
	private(c)
	return c.Redirect(http.StatusSeeOther, (&url.URL{Path: "/return/" + c.Param("token"), RawQuery: kept(c.QueryParams()).Encode()}).String())
}

// billing reads the form: lines lose what stands around them.
func billing(v url.Values) bridge.Billing {
	get := func(f bridge.BillingField) string { return strings.TrimSpace(v.Get(string(f))) }
	return bridge.Billing{Name: get(bridge.FieldName), Address: strings.ReplaceAll(get(bridge.FieldAddress), "\r\n", "\n"), Email: get(bridge.FieldEmail),
		VAT: get(bridge.FieldVAT), Reference: get(bridge.FieldReference)}
}

// invoiceLanguage is what the address says, else the language the buyer came in.
func (p *public) invoiceLanguage(c echo.Context, form bridge.InvoiceForm) string {
	if l := chosen(c); l != "" {
		return l
	}
	if form.Language == "en" || form.Language == "fr" {
		return form.Language
	}
	return languageOf(c)
}

func (p *public) showInvoice(c echo.Context, status int, form bridge.InvoiceForm, b bridge.Billing, wrong []bridge.BillingField) error {
	language := p.invoiceLanguage(c, form)
	w := invoiceWordsIn[language]
	other := url.Values{"lang": {wordsIn[language].OtherCode}}
	d := invoiceData{Language: language, Title: w.Title, Intro: w.intro(form, p.Now()), Total: w.total(form.Money), EventName: form.EventName, Words: w,
		Wrong: len(wrong) > 0, Fields: w.fields(b, wrong), Other: wordsIn[language].Other, OtherCode: wordsIn[language].OtherCode,
		OtherLink: "?" + other.Encode(), Style: template.CSS(styleText + invoiceStyle)}
	var page bytes.Buffer
	if err := invoicePage.Execute(&page, d); err != nil {
		return fmt.Errorf("show the form of an invoice: %w", err)
	}
	private(c)
	c.Response().Header().Set("Referrer-Policy", "same-origin") // for the browser to say that the form is ours
	c.Response().Header().Set("Content-Security-Policy", invoicePolicy)
	c.Response().Header().Set("Content-Language", language)
	return c.HTMLBlob(status, page.Bytes())
}

// minutesLeft is how long the place is kept, rounded down, and a minute at least.
func minutesLeft(form bridge.InvoiceForm, now time.Time) int {
	return max(1, int(form.Until.Sub(now)/time.Minute))
}
