package main

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A webPage is what a browser stands on after it followed everything that leads on by itself.
type webPage struct {
	Address *url.URL
	Status  int
	Payment string // the provider's name for what is paid here, "" on any other page
	Action  string // where the page's form goes
	Form    url.Values
	Says    string        // one of our own pages: what it tells
	Again   *url.URL      // where it goes by itself after a pause, nil if it stays
	Pause   time.Duration // before that
}

var (
	paymentMark = regexp.MustCompile(`data-payment="([^"]*)"`)
	formAction  = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)
	hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
	selfSending = regexp.MustCompile(`document\.forms\[0\]\.submit\(\)`)
	saysMark    = regexp.MustCompile(`<main[^>]* data-says="([^"]*)"`)
	refreshMark = regexp.MustCompile(`<meta http-equiv="refresh" content="([0-9]+);url=([^"]*)">`)
)

const mostHops = 10

// browse opens an address, or posts a form to it, and follows redirects and forms that send themselves, as a browser does. It stops
// before an address that stop wants, which is then the page's.
func (w *world) browse(ctx context.Context, address string, form url.Values, stop func(*url.URL) bool) (webPage, error) {
	at, err := url.Parse(address)
	if err != nil {
		return webPage{}, err
	}
	for hop := range mostHops {
		if hop > 0 && stop != nil && stop(at) {
			return webPage{Address: at}, nil
		}
		page, next, err := w.load(ctx, at, form)
		if err != nil || next == nil {
			return page, err
		}
		at, form = next, nil
		if page.Form != nil {
			form = page.Form
		}
	}
	return webPage{}, errors.New("the redirects do not end")
}

// load loads one page; next is where it leads by itself, nil if it does not.
func (w *world) load(ctx context.Context, at *url.URL, form url.Values) (page webPage, next *url.URL, err error) {
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, at.String(), body)
	if err != nil {
		return page, nil, err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := w.browser.Do(req)
	if err != nil {
		return page, nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return page, nil, err
	}
	page = webPage{Address: at, Status: resp.StatusCode}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		next, err = resp.Location()
		return page, next, err
	}
	return page.read(string(raw))
}

// read finds what matters on the page.
func (p webPage) read(text string) (webPage, *url.URL, error) {
	if m := paymentMark.FindStringSubmatch(text); m != nil {
		p.Payment = html.UnescapeString(m[1])
	}
	if m := saysMark.FindStringSubmatch(text); m != nil {
		p.Says = html.UnescapeString(m[1])
	}
	if m := refreshMark.FindStringSubmatch(text); m != nil {
		again, err := p.Address.Parse(html.UnescapeString(m[2]))
		seconds, wrong := strconv.Atoi(m[1])
		if err := errors.Join(err, wrong); err != nil {
			return p, nil, fmt.Errorf("the page goes nowhere by itself: %w", err)
		}
		p.Again, p.Pause = again, time.Duration(seconds)*time.Second
	}
	m := formAction.FindStringSubmatch(text)
	if m == nil {
		return p, nil, nil
	}
	action, err := p.Address.Parse(html.UnescapeString(m[1]))
	if err != nil {
		return p, nil, fmt.Errorf("a form leads nowhere: %w", err)
	}
	p.Action = action.String()
	if p.Payment != "" || p.Status != http.StatusOK || !selfSending.MatchString(text) {
		return p, nil, nil
	}
	p.Form = url.Values{}
	for _, f := range hiddenField.FindAllStringSubmatch(text, -1) {
		p.Form.Add(html.UnescapeString(f[1]), html.UnescapeString(f[2]))
	}
	return p, action, nil
}
