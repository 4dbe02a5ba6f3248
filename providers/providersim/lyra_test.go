package providersim

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// lyraShop is a shop whose clock stands still.
func lyraShop(t *testing.T) (*Lyra, *httptest.Server) {
	t.Helper()
	at := time.Date(2026, 11, 20, 10, 20, 0, 0, time.UTC)
	s := NewLyra(Config{Now: func() time.Time { return at }, Chaos: Chaos{Off: true}})
	t.Cleanup(s.Close)
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	s.SetBaseURL(server.URL)
	return s, server
}

// lyraForm is a payment form; changes with "-" take a field away.
func lyraForm(changes ...string) map[string]string {
	f := map[string]string{"vads_action_mode": "INTERACTIVE", "vads_amount": "4500", "vads_ctx_mode": "TEST", "vads_currency": "978", "vads_page_action": "PAYMENT",
		"vads_payment_config": "SINGLE", "vads_site_id": "12345678", "vads_trans_date": "20261120101530", "vads_trans_id": "xrT15p", "vads_version": "V2",
		"vads_order_id": "2-XQ001", "vads_url_return": "https://shop.example.org/back?order=1"}
	for i := 0; i < len(changes); i += 2 {
		f[changes[i]] = changes[i+1]
	}
	maps.DeleteFunc(f, func(_, value string) bool { return value == "-" })
	return f
}

// lyraPosted posts to the page and follows nothing.
func lyraPosted(t *testing.T, address string, fields map[string]string) *http.Response {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	form := url.Values{}
	for name, value := range fields {
		form.Set(name, value)
	}
	resp, err := client.PostForm(address, form)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp
}

func TestLyrasPageTakesWhatLyraTakes(t *testing.T) {
	t.Parallel()
	s, server := lyraShop(t)
	enter := func(fields map[string]string) bool {
		fields["signature"] = lyraSignature(s.key, fields)
		return lyraPosted(t, server.URL+"/vads-payment/", fields).StatusCode == http.StatusSeeOther
	}
	if !enter(lyraForm()) {
		t.Error("a payment form is refused")
	}
	if enter(lyraForm()) || enter(lyraForm("vads_trans_id", "XRt15P")) {
		t.Error("a number is taken twice in a day")
	}
	if !enter(lyraForm("vads_trans_date", "20261119235959")) {
		t.Error("a number of yesterday counts today")
	}
	for name, fields := range map[string]map[string]string{
		"a short number":        lyraForm("vads_trans_id", "12345"),
		"a number with a dash":  lyraForm("vads_trans_id", "1234-6"),
		"no number":             lyraForm("vads_trans_id", "-"),
		"an order with a blank": lyraForm("vads_order_id", "2 XQ001"),
		"a long order":          lyraForm("vads_order_id", strings.Repeat("1", 65)),
		"a long info":           lyraForm("vads_order_info", strings.Repeat("1", 256)),
		"markup":                lyraForm("vads_order_info", "<b>"),
		"zero":                  lyraForm("vads_amount", "0"),
		"a decimal":             lyraForm("vads_amount", "45.00"),
		"letters":               lyraForm("vads_currency", "EUR"),
		"another currency":      lyraForm("vads_currency", "999"),
		"the other mode":        lyraForm("vads_ctx_mode", "PRODUCTION"),
		"another shop":          lyraForm("vads_site_id", "87654321"),
		"long ago":              lyraForm("vads_trans_date", "20261101101530"),
		"no date":               lyraForm("vads_trans_date", "20261399101530"),
		"no address":            lyraForm("vads_url_return", "back"),
		"a field of no use":     lyraForm("vads_colour", "blue"),
	} {
		if id := fields["vads_trans_id"]; id == "xrT15p" {
			fields["vads_trans_id"] = "abc123"
		}
		if enter(fields) {
			t.Errorf("%s is taken", name)
		}
	}
	fields := lyraForm("vads_trans_id", "zzzzzz")
	fields["signature"] = lyraSignature("another", fields)
	if lyraPosted(t, server.URL+"/vads-payment/", fields).StatusCode == http.StatusSeeOther {
		t.Error("another key's signature is taken")
	}
}

func TestLyraSendsTheBuyerBackAsTheFormSays(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]string{"": "/back?order=1", "NONE": "/back?order=1", "GET": "vads_trans_status=AUTHORISED", "POST": ""} {
		s, server := lyraShop(t)
		fields := lyraForm("vads_return_mode", mode)
		fields["signature"] = lyraSignature(s.key, fields)
		page := lyraPosted(t, server.URL+"/vads-payment/", fields).Header.Get("Location")
		back := lyraPosted(t, server.URL+page, map[string]string{"action": "pay"})
		to, err := url.Parse(back.Header.Get("Location"))
		if err != nil || !strings.Contains(to.String(), want) || (mode == "POST") != (back.StatusCode == http.StatusOK) {
			t.Errorf("by %q the buyer is sent to %s (%d)", mode, to, back.StatusCode)
		}
		if mode != "GET" {
			continue
		}
		result := map[string]string{}
		for name := range to.Query() {
			result[name] = to.Query().Get(name)
		}
		signature := result["signature"]
		delete(result, "signature")
		if signature != lyraSignature(s.key, result) || result["vads_url_check_src"] != "" {
			t.Errorf("the result is not signed as it should be: %v", result)
		}
	}
}

func TestLyraTriesAgainOnTheQuarterHoursIfThatIsTicked(t *testing.T) {
	t.Parallel()
	s, _ := lyraShop(t)
	if _, more := s.quarters(1); more {
		t.Error("it is off by default")
	}
	s.Vary(LyraVariants{Retries: true})
	if after, more := s.quarters(1); !more || after != 10*time.Minute {
		t.Errorf("after %s", after)
	}
	if _, more := s.quarters(5); more {
		t.Error("it never ends")
	}
}
