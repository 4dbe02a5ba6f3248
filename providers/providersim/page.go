package providersim

import (
	"cmp"
	"html/template"
	"net/http"
)

// action is what a buyer does at the pay page.
type action string

// The actions.
const (
	doPay     action = "pay"
	doDecline action = "decline" // pay with a card that is declined
	doPend    action = "pend"    // pay by a method that takes its time
	doCancel  action = "cancel"
)

// A way is where the browser goes next: to an address, by a form if there are fields, or nowhere.
type way struct {
	URL  string
	Form []field
	Stay bool // the pay page is shown again
}

// A field is one field of a form.
type field struct{ Name, Value string }

var (
	payPage = template.Must(template.New("pay").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Simulated {{.House}}</title>
<style>body{font:16px system-ui;max-width:24rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.6rem 1rem;margin:.3rem 0;width:100%}</style></head>
<body><main data-payment="{{.ID}}"><h1>Simulated {{.House}}</h1>
{{if .Open}}{{if .Failures}}<p>That did not work. Try another card.</p>{{end}}<p>Pay {{.Value}} {{.Currency}}?</p>
<form method="post" action="/pay/{{.ID}}"><button name="action" value="pay">Pay</button>
<button name="action" value="decline">Pay with a card that will be declined</button>
<button name="action" value="pend">Pay by bank transfer</button><button name="action" value="cancel">Cancel</button></form>
{{else}}<p>This payment has ended.</p>{{end}}</main></body></html>
`))
	backPage = template.Must(template.New("back").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Back to the shop</title></head><body>
<form method="post" action="{{.URL}}">{{range .Form}}<input type="hidden" name="{{.Name}}" value="{{.Value}}">{{end}}<button>Back to the shop</button></form>
<script>document.forms[0].submit()</script></body></html>
`))
)

// servePages serves the pay page of every payment.
func (t *till) servePages(mux *http.ServeMux, houseName string) {
	mux.HandleFunc("GET /pay/{id}", func(w http.ResponseWriter, r *http.Request) { t.showPage(w, r.PathValue("id"), houseName) })
	mux.HandleFunc("POST /pay/{id}", func(w http.ResponseWriter, r *http.Request) { t.pressed(w, r, houseName) })
}

// pageOf is the address of a payment's pay page. Held: mu.
func (t *till) pageOf(p *Payment) string { return t.base + "/pay/" + p.ID }

// showPage shows the payment to the buyer, or that it has ended.
func (t *till) showPage(w http.ResponseWriter, id, houseName string) {
	t.mu.Lock()
	p := t.payments[id]
	if p == nil {
		t.mu.Unlock()
		http.Error(w, "there is no such payment", http.StatusNotFound)
		return
	}
	t.lapse(p)
	data := struct {
		Payment
		House string
	}{*p, houseName}
	t.mu.Unlock()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if !data.Open() {
		w.WriteHeader(http.StatusGone)
	}
	_ = payPage.Execute(w, data) // the browser went away
}

// pressed does what the buyer chose and sends the browser on.
func (t *till) pressed(w http.ResponseWriter, r *http.Request, houseName string) {
	did := action(r.FormValue("action"))
	t.mu.Lock()
	p := t.payments[r.PathValue("id")]
	var err error
	if p == nil {
		err = ErrNoPayment
	} else {
		err = t.did(p, did)
	}
	var to way
	if err == nil {
		to = t.house.back(p, did)
	}
	t.mu.Unlock()
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusGone)
	case to.Stay:
		t.showPage(w, r.PathValue("id"), houseName)
	case len(to.Form) > 0:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = backPage.Execute(w, to) // the browser went away
	default:
		http.Redirect(w, r, to.URL, http.StatusSeeOther)
	}
}

// back is the usual way: a buyer whose card was refused stays and may try another, any other goes back to the shop. Held: mu.
func (t *till) back(p *Payment, did action) way {
	switch did {
	case doCancel:
		return way{URL: cmp.Or(p.Cancel, p.Return)}
	case doDecline:
		return way{Stay: true}
	}
	return way{URL: p.Return}
}

// did moves the payment on. Held: mu.
func (t *till) did(p *Payment, did action) error {
	t.lapse(p)
	switch {
	case p.Status != isOpen:
		return ErrTooLate
	case did == doDecline:
		return t.failed(p, "refused", false)
	case did == doCancel && t.returns:
	case did == doCancel:
		t.move(p, isCancelled, event{kind: wasCancelled})
	case did == doPend:
		p.Reason = "bank_transfer"
		t.move(p, isPending, event{kind: wasPending})
	default:
		return t.paid(p)
	}
	return nil
}
