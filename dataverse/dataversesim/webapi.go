package dataversesim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

const maxBody = 1 << 20

// query is one request to the Web API, taken apart. The segment is what stands before the parentheses, the key what stands
// in them.
type query struct {
	origin, version      string
	method, segment, key string
	keyed                bool
	options              url.Values
	body                 []byte
	annotated            bool // the client wants error annotations
	pageSize             int  // that the client prefers; 0: it does not say
	path                 string
}

// operation is what one segment does. Held: s.mu.
type operation func(q query, at time.Time, f Fault) (answer, error)

var (
	segmentShape = regexp.MustCompile(`^([A-Za-z_$][\w$]*)(\((.*)\))?$`)
	guidShape    = regexp.MustCompile(`(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	guidAnywhere = regexp.MustCompile(`(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
)

// webAPI serves everything under /api/data.
func (s *Sim) webAPI(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	q := takeApart(r, body)
	s.serve(w, r, call{
		operation: q.segment, origin: q.origin, purchase: q.purchase(), remember: string(body), metered: true,
		admit: func(at time.Time) *answer {
			if s.signedIn(r) {
				return nil
			}
			a := s.unauthorized(q.origin)
			return &a
		},
		act: func(at time.Time, f Fault) answer {
			if err != nil {
				return annotatedFailure(badPayload("the request body could not be read"), q.annotated)
			}
			return s.operate(q, at, f)
		},
		dress: s.dress,
	})
}

func takeApart(r *http.Request, body []byte) query {
	q := query{
		origin: origin(r), version: r.PathValue("version"), method: r.Method, segment: r.PathValue("rest"),
		options: r.URL.Query(), body: body, path: r.URL.Path,
		annotated: strings.Contains(r.Header.Get("Prefer"), "odata.include-annotations"),
		pageSize:  preferred(r.Header.Get("Prefer")),
	}
	if m := segmentShape.FindStringSubmatch(q.segment); m != nil {
		q.segment, q.keyed, q.key = m[1], m[2] != "", m[3]
	}
	return q
}

// purchase is the purchase that the request is about: the key, the body's parameter or the filter's value.
func (q query) purchase() string {
	if id := guidAnywhere.FindString(q.key); id != "" {
		return strings.ToLower(id)
	}
	var named struct {
		Outbound string `json:"PurchaseId"`
		Realtime string `json:"msevtmgt_purchaseid"`
	}
	if json.Unmarshal(q.body, &named) == nil && named.Outbound+named.Realtime != "" {
		return strings.ToLower(named.Outbound + named.Realtime)
	}
	return strings.ToLower(guidAnywhere.FindString(q.options.Get("$filter")))
}

func (q query) base() string { return q.origin + "/api/data/" + q.version }

func (s *Sim) operate(q query, at time.Time, f Fault) answer {
	op, err := s.findOperation(q)
	if err == nil {
		err = s.privileged(q)
	}
	var a answer
	if err == nil {
		a, err = op(q, at, f)
	}
	if err == nil {
		return a
	}
	if known := new(odataError); errors.As(err, &known) {
		return annotatedFailure(known, q.annotated)
	}
	panic(fmt.Sprintf("dataversesim: %s failed in a way that has no answer: %v", q.segment, err))
}

// findOperation knows what the variant has. Names are case-sensitive.
func (s *Sim) findOperation(q query) (operation, error) {
	var op operation
	verb := http.MethodGet
	switch {
	case !slices.Contains([]string{"v9.0", "v9.1", "v9.2"}, q.version):
		return nil, noResource(q)
	case q.segment == OpWhoAmI:
		op = s.whoAmI
	case q.segment == OpRetrieveVersion:
		op = s.retrieveVersion
	case q.segment == OpMetadata:
		op = s.metadata
	case slices.Contains(actions(s.variant), q.segment):
		op, verb = s.action(q.segment), http.MethodPost
	default:
		t, err := s.table(q)
		if err != nil {
			return nil, err
		}
		op = func(q query, at time.Time, _ Fault) (answer, error) { return s.read(t, q, at) }
	}
	if q.method != verb {
		return nil, noResource(q)
	}
	return op, nil
}

func (s *Sim) action(name string) operation {
	switch name {
	case OpListDetailed, OpPurchaseDetails:
		return s.purchaseInfo
	case OpFinalizeRealtime:
		return s.finalizeRealtime
	}
	return s.finalizeOutbound
}

// privileged applies the behaviour "privileges": under "intermittent" every third call that needs a privilege is refused.
func (s *Sim) privileged(q query) error {
	if slices.Contains([]string{OpWhoAmI, OpRetrieveVersion, OpMetadata}, q.segment) {
		return nil
	}
	s.guarded++
	if s.behaviours[Privileges] == "intermittent" && s.guarded%3 == 1 {
		return s.missingPrivilege("prvReadPluginType", "plugintype")
	}
	return nil
}

func (s *Sim) whoAmI(q query, _ time.Time, _ Fault) (answer, error) {
	return odata(q, "Microsoft.Dynamics.CRM.WhoAmIResponse", map[string]any{
		"BusinessUnitId": s.self.businessUnit, "UserId": s.self.user, "OrganizationId": s.cfg.OrganizationID,
	}), nil
}

func (s *Sim) retrieveVersion(q query, _ time.Time, _ Fault) (answer, error) {
	return odata(q, "Microsoft.Dynamics.CRM.RetrieveVersionResponse", map[string]any{"Version": "9.2.26103.00142"}), nil
}

// odata is a 200 with its context.
func odata(q query, context string, properties map[string]any) answer {
	properties["@odata.context"] = q.base() + "/$metadata#" + context
	a := jsonReply(http.StatusOK, properties)
	a.header.Set("Content-Type", "application/json; odata.metadata=minimal")
	return a
}

// noResource is how the Web API answers a wrong verb.
func noResource(q query) *odataError {
	return &odataError{http.StatusNotFound, "", fmt.Sprintf("No HTTP resource was found that matches the request URI '%s'.", q.origin+q.path)}
}

// noSegment is how it answers an unknown table, function or action, in the form of the behaviour "missing-action".
func (s *Sim) noSegment(segment string) *odataError {
	code, dot, _ := strings.Cut(s.behaviours[MissingAction], "-")
	message := fmt.Sprintf("Resource not found for the segment '%s'", segment)
	if dot != "" {
		message += "."
	}
	return &odataError{http.StatusNotFound, "0x" + code, message}
}

func (s *Sim) missingPrivilege(privilege, entity string) *odataError {
	return &odataError{http.StatusForbidden, "0x80040220", fmt.Sprintf("Principal user (Id=%s, type=8, roleCount=1, privilegeCount=112, accessMode=4) "+
		"is missing %s privilege (Id=%s) on OTC=10%03d for entity '%s'. context.Caller=%[1]s", s.self.user, privilege, idOf(privilege), len(entity), entity)}
}

func badPayload(message string) *odataError {
	return &odataError{http.StatusBadRequest, "0x80048d19", "Error identified in Payload provided by the user for Entity :'', For more information on this error please follow this help link. InnerException : " + message}
}

func noRecord(entity, id string) *odataError {
	return &odataError{http.StatusNotFound, "0x80040217", fmt.Sprintf("%s With Id = %s Does Not Exist", entity, id)}
}

func pluginError(message string) *odataError {
	return &odataError{http.StatusBadRequest, "0x80040265", message}
}

// dress adds the headers that real answers were seen to have.
func (s *Sim) dress(a *answer) {
	h := a.header
	for _, name := range []string{"x-ms-service-request-id", "REQ_ID"} {
		h.Set(name, s.guid()+","+s.guid())
	}
	s.meter.slide(s.now())
	s.meter.remaining(h)
	h.Set("x-ms-dop-hint", "4")
	h.Set("OData-Version", "4.0")
	h.Set("AuthActivityId", s.guid())
	h.Set("CRM.ServiceId", "CRMAppPool")
	h.Set("Allow", "OPTIONS,GET,HEAD,POST")
	h.Set("Public", "OPTIONS,GET,HEAD,POST")
	h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	h.Set("Date", s.now().UTC().Format(http.TimeFormat))
	h.Add("Set-Cookie", fmt.Sprintf("ARRAffinity=%x; path=/; secure; HttpOnly", s.draw(32)))
	h.Add("Set-Cookie", fmt.Sprintf("ReqClientId=%s; expires=%s; path=/; secure; HttpOnly", s.guid(), s.now().AddDate(50, 0, 0).UTC().Format(http.TimeFormat)))
}
