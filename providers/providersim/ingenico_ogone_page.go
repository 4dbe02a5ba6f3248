package providersim

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

func ogonePage(text string) reply {
	return reply{status: http.StatusOK, raw: []byte("<html><body><p>" + text + "</p></body></html>"), kind: "text/html"}
}

// page takes the form of a shop: a new order, or one that is not paid yet.
func (s *IngenicoOgone) page(_ *http.Request, body []byte) reply {
	f, trouble := s.signedForm(body)
	if trouble != "" {
		return ogonePage(trouble)
	}
	minor, err := strconv.ParseInt(f["AMOUNT"], 10, 64)
	value := decimalOf(f["AMOUNT"], 2)
	_, exact := minorUnits(strings.TrimSuffix(value, ".00"), decimals(f["CURRENCY"]))
	switch {
	case f["ORDERID"] == "" || len(f["ORDERID"]) > 40:
		return ogonePage("no orderid")
	case err != nil || minor <= 0 || !exact || len(f["CURRENCY"]) != 3:
		return ogonePage("amount or currency not valid")
	case !gcsLocales.MatchString(f["LANGUAGE"]), len(f["COM"]) > 100, f["OPERATION"] != "" && f["OPERATION"] != "SAL" && f["OPERATION"] != "RES":
		return ogonePage("a field is not valid")
	}
	for _, name := range []string{"ACCEPTURL", "DECLINEURL", "EXCEPTIONURL", "CANCELURL", "BACKURL"} {
		if len(f[name]) > 200 {
			return ogonePage(name + " too long")
		}
	}
	b := s.books[f["ORDERID"]]
	switch {
	case b == nil:
		b = &ogoneBook{p: &Payment{ID: f["ORDERID"], Value: value, Currency: f["CURRENCY"], Fields: map[string]string{}}, past: map[string]*ogoneOp{}}
		s.books[f["ORDERID"]] = b
		s.begin(b.p)
	case b.p.Value != value || b.p.Currency != f["CURRENCY"]:
		return ogonePage("this order has another amount")
	case b.p.Status != isOpen:
		return ogonePage("this order was processed before")
	}
	b.complus, b.p.Reserve = f["COMPLUS"], f["OPERATION"] == "RES"
	b.withPlus, _ = url.ParseQuery(f["PARAMPLUS"])
	b.p.Return, b.p.Cancel, b.decline = f["ACCEPTURL"], cmp.Or(f["CANCELURL"], f["BACKURL"]), f["DECLINEURL"]
	var page strings.Builder
	_ = payPage.Execute(&page, struct {
		Payment
		House string
	}{*b.p, "Ogone"})
	return reply{status: http.StatusOK, raw: []byte(page.String()), kind: "text/html; charset=utf-8"}
}

// back leads to the address for what happened, with the feedback if the back office wants that.
func (s *IngenicoOgone) back(p *Payment, did action) way {
	b := s.books[p.ID]
	switch {
	case did == doDecline:
		return way{Stay: true}
	case did == doCancel:
		return way{URL: cmp.Or(p.Cancel, p.Return)}
	case !s.variant.Redirects || len(b.ops) == 0:
		return way{URL: p.Return}
	}
	mark := "?"
	if strings.Contains(p.Return, "?") {
		mark = "&"
	}
	return way{URL: p.Return + mark + s.feedback(b, 0, b.ops[0])}
}

// press does what the buyer chose. In the online timings the shop is told first, and what it answers with a page or a redirect is what
// the buyer sees.
func (s *IngenicoOgone) press(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.browser = s.variant.Timing == "" || s.variant.Timing == "online"
	s.mu.Unlock()
	page := &heldPage{header: http.Header{}}
	s.pressed(page, r, "Ogone")
	s.mu.Lock()
	s.browser = false
	waiting, address, again := s.waiting, s.callback, s.variant.Timing == ""
	s.waiting = nil
	s.mu.Unlock()
	for _, f := range waiting {
		notice := f.notice(s.cfg.Now(), 1)
		notice.Method = cmp.Or(notice.Method, http.MethodPost)
		if status, answer := s.roundTrip(address, notice); strings.Contains(strings.ToLower(string(answer)), "<html") || status == http.StatusFound {
			page = &heldPage{header: http.Header{"Content-Type": {"text/html"}}, status: http.StatusOK, body: answer}
			s.note(address, f, notice, status)
		} else if s.note(address, f, notice, status); status != http.StatusOK && again {
			s.mu.Lock()
			if wait, more := s.schedule(1); more {
				s.post(func() {
					s.deliver(Delivery{Made: s.cfg.Now(), URL: address, Event: f.name, Payment: f.payment}, wait, f.notice)
				})
			}
			s.mu.Unlock()
		}
	}
	page.show(w)
}

// note keeps a try in the history.
func (s *IngenicoOgone) note(address string, f ogoneFeedback, n Notice, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.history = append(s.history, Delivery{At: s.cfg.Now(), Made: s.cfg.Now(), URL: address, Event: f.name, Payment: f.payment, Try: 1, Method: n.Method, Query: n.Query, Header: n.Header,
		Body: n.Body, Status: status, Taken: status == http.StatusOK})
}

// A heldPage waits for what the shop says.
type heldPage struct {
	header http.Header
	status int
	body   []byte
}

func (h *heldPage) Header() http.Header         { return h.header }
func (h *heldPage) WriteHeader(status int)      { h.status = status }
func (h *heldPage) Write(b []byte) (int, error) { h.body = append(h.body, b...); return len(b), nil }

func (h *heldPage) show(w http.ResponseWriter) {
	maps.Copy(w.Header(), h.header)
	w.WriteHeader(cmp.Or(h.status, http.StatusOK))
	_, _ = w.Write(h.body) // the browser went away
}
