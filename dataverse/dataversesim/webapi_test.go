package dataversesim_test

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

func TestWhoAmIAndTheVersionAreAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{OrganizationID: contact})
	who := w.get("WhoAmI").json()
	if who["@odata.context"] != w.server.URL+"/api/data/v9.2/$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse" || who["OrganizationId"] != contact {
		t.Error(who)
	}
	if again := w.get("WhoAmI()").json(); cmp.Diff(who, again) != "" {
		t.Errorf("with parentheses: %v", again)
	}
	if v, _ := w.get("RetrieveVersion").json()["Version"].(string); !strings.HasPrefix(v, "9.2.") {
		t.Errorf("version %q", v)
	}
}

func TestOnlyTheActionsOfTheVariantExist(t *testing.T) {
	t.Parallel()
	all := []string{dataversesim.OpListDetailed, dataversesim.OpPurchaseDetails, dataversesim.OpFinalizeOutbound, dataversesim.OpFinalizeADX, dataversesim.OpFinalizeRealtime}
	w := newWorld(t, dataversesim.Config{})
	for variant, want := range map[string][]string{
		dataversesim.VariantRealtime:          {dataversesim.OpFinalizeRealtime},
		dataversesim.VariantOutbound:          {dataversesim.OpListDetailed, dataversesim.OpPurchaseDetails, dataversesim.OpFinalizeOutbound},
		dataversesim.VariantOutboundNoDetails: {dataversesim.OpPurchaseDetails, dataversesim.OpFinalizeOutbound},
		dataversesim.VariantOutboundADX:       {dataversesim.OpPurchaseDetails, dataversesim.OpFinalizeADX},
		dataversesim.VariantRemoved:           nil,
	} {
		w.switchTo(variant)
		var there []string
		for _, action := range all {
			if got := w.call(action, `{}`); !strings.Contains(got.body, "Resource not found for the segment '"+action+"'") {
				there = append(there, action)
			}
		}
		if diff := cmp.Diff(want, there); diff != "" {
			t.Errorf("%s: %s", variant, diff)
		}
	}
}

func TestAMissingActionIs404InAllFourForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	for form, want := range map[string][2]string{
		"8006088a-dot": {"0x8006088a", "Resource not found for the segment 'msevtmgt_ListDetailedPurchaseInfo'."},
		"8006088a":     {"0x8006088a", "Resource not found for the segment 'msevtmgt_ListDetailedPurchaseInfo'"},
		"80060888-dot": {"0x80060888", "Resource not found for the segment 'msevtmgt_ListDetailedPurchaseInfo'."},
		"80060888":     {"0x80060888", "Resource not found for the segment 'msevtmgt_ListDetailedPurchaseInfo'"},
	} {
		w.behave(dataversesim.MissingAction, form)
		if got := w.info(nobody); got.status != 404 || got.code() != want[0] || got.message() != want[1] {
			t.Errorf("%s: %d %s", form, got.status, got.body)
		}
	}
}

func TestNamesAreCaseSensitive(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Variant: out})
	for _, name := range []string{"whoami", "msevtmgt_listdetailedpurchaseinfo", "Msevtmgt_events"} {
		if got := w.call(name, `{}`); got.status != 404 || !strings.Contains(got.message(), "'"+name+"'") {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	got := w.call(dataversesim.OpListDetailed, `{"purchaseId":"`+w.buy()+`"}`)
	if got.status != 400 || got.code() != "0x80048d19" {
		t.Errorf("parameter in other casing: %d %s", got.status, got.body)
	}
}

func TestAWrongPayloadIsRefusedBeforeItTakesEffect(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	id := w.buy()
	for name, body := range map[string]string{
		"unknown parameter": strings.Replace(realtimeBody(id, 100000001), "{", `{"PurchaseId":"x",`, 1),
		"status as string":  `{"msevtmgt_purchaseid":"` + id + `","msevtmgt_paymentstatus":"100000001"}`,
		"status missing":    `{"msevtmgt_purchaseid":"` + id + `"}`,
		"id as number":      `{"msevtmgt_purchaseid":7,"msevtmgt_paymentstatus":100000001}`,
		"an array":          `[]`,
		"null":              `null`,
		"two objects":       realtimeBody(id, 100000001) + `{}`,
		"no JSON":           `status=1`,
		"nothing":           ``,
	} {
		if got := w.call(dataversesim.OpFinalizeRealtime, body); got.status != 400 || got.code() != "0x80048d19" {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	got := w.call(dataversesim.OpFinalizeRealtime, `{"amount":1}`)
	if want := "The parameter 'amount' in the request payload is not a valid parameter for the operation 'msevtmgt_finalizeregistrationpayment'"; !strings.Contains(got.message(), want) {
		t.Error(got.body)
	}
	if p := w.purchase(id); p.Status != dataversesim.Temporary || p.FinalizeCalls != 0 {
		t.Errorf("%+v", p)
	}
}

func TestAWrongVerbOrVersionIsNoResource(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	old := w.api(http.MethodGet, "WhoAmI", "")
	old.URL.Path = "/api/data/v8.2/WhoAmI"
	for name, got := range map[string]reply{
		"GET on an action":   w.get(dataversesim.OpFinalizeRealtime),
		"POST on a function": w.call("WhoAmI", "{}"),
		"POST on a table":    w.call(dataversesim.OpPurchases, "{}"),
		"old version":        w.must(old),
	} {
		if got.status != 404 || got.code() != "" || !strings.HasPrefix(got.message(), "No HTTP resource was found that matches the request URI '"+w.server.URL) {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	for _, version := range []string{"v9.0", "v9.1", "v9.2"} {
		r := w.api(http.MethodGet, "WhoAmI", "")
		r.URL.Path = "/api/data/" + version + "/WhoAmI"
		if got := w.must(r); got.status != 200 || !strings.Contains(got.body, "/api/data/"+version+"/$metadata") {
			t.Errorf("%s: %d %s", version, got.status, got.body)
		}
	}
}

func TestErrorsAreAnnotatedWhenAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	r := w.api(http.MethodPost, "nothing", "{}")
	r.Header.Set("Prefer", `odata.include-annotations="*"`)
	const annotation = "@Microsoft.PowerApps.CDS.ErrorDetails.OperationStatus"
	if got := w.must(r); got.errorField(annotation) != "0" {
		t.Error(got.body)
	}
	if got := w.call("nothing", "{}"); strings.Contains(got.body, annotation) {
		t.Error(got.body)
	}
}

func TestAnswersHaveTheHeadersThatWereSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	w.sim.Advance(time.Hour)
	first, second := w.get("WhoAmI").header, w.get("WhoAmI").header
	for _, name := range []string{"x-ms-service-request-id", "REQ_ID"} {
		if ids := strings.Split(first.Get(name), ","); len(ids) != 2 || !anyGUID.MatchString(ids[0]) || !anyGUID.MatchString(ids[1]) || ids[0] == ids[1] {
			t.Errorf("%s: %q", name, first.Get(name))
		}
	}
	for name, want := range map[string]string{
		"x-ms-dop-hint": "4", "OData-Version": "4.0", "CRM.ServiceId": "CRMAppPool", "Content-Type": "application/json; odata.metadata=minimal",
		"x-ms-ratelimit-burst-remaining-xrm-requests": "5999", "x-ms-ratelimit-time-remaining-xrm-requests": "1,199.99",
		"Date": "Sun, 22 Nov 2026 13:00:00 GMT",
	} {
		if got := first.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"AuthActivityId", "Strict-Transport-Security", "Allow", "Public"} {
		if first.Get(name) == "" {
			t.Errorf("no %s", name)
		}
	}
	if cookies := strings.Join(first.Values("Set-Cookie"), "\n"); !strings.Contains(cookies, "ARRAffinity=") || !strings.Contains(cookies, "ReqClientId=") {
		t.Error(cookies)
	}
	burst, err := strconv.Atoi(second.Get("x-ms-ratelimit-burst-remaining-xrm-requests"))
	if err != nil || burst != 5998 || second.Get("x-ms-ratelimit-time-remaining-xrm-requests") != "1,199.98" {
		t.Errorf("the counters do not count down: %v %s", burst, second.Get("x-ms-ratelimit-time-remaining-xrm-requests"))
	}
}

// described is what a client takes from $metadata.
type described struct {
	Actions []struct {
		Name      string `xml:"Name,attr"`
		Parameter []struct {
			Name string `xml:"Name,attr"`
		}
	} `xml:"DataServices>Schema>Action"`
	Types []struct {
		Name     string `xml:"Name,attr"`
		Property []struct {
			Name string `xml:"Name,attr"`
			Type string `xml:"Type,attr"`
		}
	} `xml:"DataServices>Schema>ComplexType"`
}

func TestTheMetadataNameWhatTheActionsAnswer(t *testing.T) {
	t.Parallel()
	for _, names := range dataversesim.Behaviours()[0].Variants {
		w := newWorld(t, dataversesim.Config{Variant: out, Behaviours: map[string]string{dataversesim.OutputNames: names}})
		var d described
		if err := xml.Unmarshal([]byte(w.get("$metadata").body), &d); err != nil {
			t.Fatal(err)
		}
		if len(d.Actions) != 3 || len(d.Actions[0].Parameter) != 1 || d.Actions[0].Parameter[0].Name != "PurchaseId" {
			t.Errorf("%s: %+v", names, d.Actions)
		}
		var promised, answered []string
		for _, p := range d.Types[0].Property {
			promised = append(promised, p.Name)
		}
		for name := range w.info(w.buy()).json() {
			if name != "@odata.context" {
				answered = append(answered, name)
			}
		}
		slices.Sort(promised)
		slices.Sort(answered)
		if diff := cmp.Diff(promised, answered); diff != "" {
			t.Errorf("%s: %s", names, diff)
		}
	}
}

func TestAPrivateCustomAPIIsCallableButNotInTheMetadata(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Behaviours: map[string]string{dataversesim.Metadata: "private-absent"}})
	if strings.Contains(w.get("$metadata").body, dataversesim.OpFinalizeRealtime) {
		t.Error("it is listed")
	}
	if got := w.complete(w.buy()); got.status != 204 {
		t.Errorf("it is not callable: %d %s", got.status, got.body)
	}
}
