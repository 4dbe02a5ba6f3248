package dataversesim

import (
	"bytes"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// redirect is where the buyer of a paid purchase is sent, "" for a free one. The base is the simulator's own origin, for
// the behaviours that go over a page of the portal. Held: s.mu.
func (s *Sim) redirect(p *purchase, base string) string {
	if isZero(p.Amount) {
		return ""
	}
	if s.variant == VariantRealtime {
		parameters := "purchaseId=" + p.ID
		if s.cfg.ReturnURL != "" {
			parameters += "&returnUrl=" + url.QueryEscape(s.cfg.ReturnURL)
		}
		return extend(s.paymentPage, parameters)
	}
	event, user := url.QueryEscape(p.EventID), url.QueryEscape(p.UserID)
	switch s.behaviours[RedirectParameters] {
	case "other-casing":
		return extend(s.paymentPage, "PurchaseId="+p.ID+"&ReadableEventId="+event+"&UserId="+user)
	case "form-post", "script":
		return base + "/EvtMgmt/checkout/" + p.ID
	}
	return extend(s.paymentPage, "purchaseId="+p.ID+"&readableEventId="+event+"&userId="+user)
}

// extend adds parameters to a URL that may have a query of its own.
func extend(page, parameters string) string {
	if strings.Contains(page, "?") {
		return page + "&" + parameters
	}
	return page + "?" + parameters
}

var formPage = template.Must(template.New("form").Parse(`<!DOCTYPE html>
<html><head><title>Checkout</title></head><body onload="document.forms[0].submit()">
<form method="post" action="{{.Page}}">
<input type="hidden" name="purchaseId" value="{{.Purchase.ID}}">
<input type="hidden" name="readableEventId" value="{{.Purchase.EventID}}">
<input type="hidden" name="userId" value="{{.Purchase.UserID}}">
<button>Continue</button>
</form></body></html>
`))

var scriptPage = template.Must(template.New("script").Parse(`<!DOCTYPE html>
<html><head><title>Checkout</title><script>
var purchaseId = {{.Purchase.ID}};
var readableEventId = {{.Purchase.EventID}};
var userId = {{.Purchase.UserID}};
</script></head><body><a id="pay" href="{{.Page}}">Continue</a></body></html>
`))

// checkout is the portal's page between the registration and the payment page, under the behaviours that have one.
func (s *Sim) checkout(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("purchase")
	s.serve(w, r, call{operation: "checkout", origin: origin(r), purchase: strings.ToLower(id), act: func(time.Time, Fault) answer {
		p := s.find(id)
		if p == nil {
			return reply(http.StatusNotFound, "text/plain; charset=utf-8", "Not Found")
		}
		shown := formPage
		if s.behaviours[RedirectParameters] == "script" {
			shown = scriptPage
		}
		var page bytes.Buffer
		if err := shown.Execute(&page, map[string]any{"Page": s.paymentPage, "Purchase": p.Purchase}); err != nil {
			return reply(http.StatusInternalServerError, "text/plain; charset=utf-8", "Internal Server Error")
		}
		return reply(http.StatusOK, "text/html; charset=utf-8", page.String())
	}})
}
