package main

import (
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/osteele/liquid"
)

// A portal is the portal's template engine with a site setting, a request and, where somebody is signed in, a contact.
func portal(t *testing.T, source, target string, params map[string]any, contact string) string {
	t.Helper()
	bindings := map[string]any{"settings": map[string]any{}, "request": map[string]any{"params": params}}
	if target != "" {
		bindings["settings"] = map[string]any{"Paybridge/CheckoutUrl": target}
	}
	if contact != "" {
		bindings["user"] = map[string]any{"id": contact}
	}
	page, err := liquid.NewEngine().ParseAndRenderString(source, bindings)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

var inputs = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

func TestThePortalsPageLeadsTheBuyerToThePayPage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := newTown(t, dir)
	c.open()
	settings, err := loadConfig(filepath.Join(dir, "paybridge.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"en", "fr"} {
		s, err := makeSnippet(settings, paypalAccount, lang)
		if err != nil {
			t.Fatal(err)
		}
		id, _ := c.register()
		for _, name := range []string{"purchaseId", "purchaseid", "PurchaseId"} {
			page := portal(t, s.Template, s.Address, map[string]any{name: id, "readableEventId": demoEvent}, "5a4ec06d-7c8f-4da0-9b1c-2d3e4f5a6b7c")
			sent := url.Values{}
			for _, in := range inputs.FindAllStringSubmatch(page, -1) {
				sent.Set(in[1], in[2])
			}
			if len(sent) != 3 || sent.Get("purchaseId") != id || !strings.Contains(page, `action="`+c.public+"/pay/"+paypalAccount+`"`) {
				t.Fatalf("%s by %s: %v\n%s", lang, name, sent, page)
			}
			if r, _ := c.get(s.Address+"?"+sent.Encode(), nil); r.StatusCode != http.StatusFound {
				t.Errorf("%s by %s: the form leads to %s", lang, name, r.Status)
			}
		}
	}
}

func TestThePortalsPageIsNoHole(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	if err := snippetTemplate.Execute(&text, snippetWords["fr"]); err != nil {
		t.Fatal(err)
	}
	page := portal(t, text.String(), "https://pay.example.org/pay/a", map[string]any{"purchaseId": `"><script>alert(1)</script>`}, "")
	if strings.Contains(page, "<script>alert") {
		t.Errorf("what is in the address gets into the page:\n%s", page)
	}
	if page := portal(t, text.String(), "", map[string]any{"purchaseId": "x"}, ""); strings.Contains(page, "<form") || !strings.Contains(page, "Paybridge/CheckoutUrl") {
		t.Errorf("without its site setting it does not say so:\n%s", page)
	}
	for _, word := range []string{"amount", "price", "currency", "secret", "key=", "http:", "https:"} {
		if strings.Contains(strings.ToLower(text.String()), word) {
			t.Errorf("the template speaks of %q", word)
		}
	}
}

func TestASnippetIsForTheDialectAndSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := newTown(t, dir) // real-time
	settings, err := loadConfig(filepath.Join(dir, "paybridge.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := makeSnippet(settings, paypalAccount, "fr")
	if err != nil || len(s.Outbound) > 0 || !strings.Contains(strings.Join(s.RealTime, "\n"), c.public+"/pay/"+paypalAccount) {
		t.Errorf("%+v, %v", s, err)
	}
	for flags, want := range map[[2]string]string{{"", "fr"}: "--account is missing", {"nobody", "fr"}: "no account", {paypalAccount, "de"}: "no language"} {
		if _, err := makeSnippet(settings, flags[0], flags[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", flags, err)
		}
	}
}
