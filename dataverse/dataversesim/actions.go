package dataversesim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// parameters decodes the body of an action and refuses what its signature does not have.
func parameters(q query, known ...string) (map[string]json.RawMessage, error) {
	given := map[string]json.RawMessage{}
	if len(bytes.TrimSpace(q.body)) > 0 {
		d := json.NewDecoder(bytes.NewReader(q.body))
		if err := d.Decode(&given); err != nil || given == nil {
			return nil, badPayload("the body is not a JSON object")
		}
		if _, err := d.Token(); err != io.EOF {
			return nil, badPayload("there is something after the JSON object")
		}
	}
	allowed := map[string]bool{}
	for _, name := range known {
		allowed[name] = true
	}
	for name := range given {
		if !allowed[name] {
			return nil, badPayload(fmt.Sprintf("The parameter '%s' in the request payload is not a valid parameter for the operation '%s'.", name, q.segment))
		}
	}
	return given, nil
}

// text reads a string parameter; a missing or null one is "".
func text(given map[string]json.RawMessage, name string) (string, error) {
	var value *string
	if raw, there := given[name]; there {
		if err := json.Unmarshal(raw, &value); err != nil {
			return "", badPayload(fmt.Sprintf("Cannot convert the value of parameter '%s' to the expected type 'Edm.String'.", name))
		}
	}
	if value == nil {
		return "", nil
	}
	return *value, nil
}

// purchaseInfo is the two legacy actions that tell what a purchase costs.
func (s *Sim) purchaseInfo(q query, _ time.Time, _ Fault) (answer, error) {
	given, err := parameters(q, "PurchaseId")
	if err != nil {
		return answer{}, err
	}
	id, err := text(given, "PurchaseId")
	if err != nil {
		return answer{}, err
	}
	p := s.find(id)
	if p == nil || p.Status == Expired {
		return s.noInfo(q, id)
	}
	return s.outputs(q, s.info(q.segment, p))
}

// noInfo answers for a purchase that is not there, in the form of the behaviour "info-refusal".
func (s *Sim) noInfo(q query, id string) (answer, error) {
	switch s.behaviours[InfoRefusal] {
	case "not-found":
		return answer{}, noRecord("msevtmgt_eventpurchase", id)
	case "empty":
		nothing := info{{"EventName", nil}, {"PurchaseAmount", nil}, {"CurrencyName", nil}, {"IsoCurrencyCode", nil}, {"CurrencySymbol", nil}}
		return s.outputs(q, nothing)
	}
	return answer{}, pluginError("The temporary registration for the purchase was not found.")
}

// info is the outputs of a purchase-info action before a behaviour names and wraps them.
type info []output

type output struct {
	name  string
	value any
}

func (s *Sim) info(action string, p *purchase) info {
	c := p.event.Currency
	out := info{
		{"EventName", p.event.Name},
		{"PurchaseAmount", s.number(p.Amount)},
		{"CurrencyName", c.Name},
		{"IsoCurrencyCode", c.Code},
		{"CurrencySymbol", c.Symbol},
	}
	if action == OpListDetailed {
		out = append(out, output{"Attendees", s.attendeeInfo(p)})
	}
	return out
}

func (s *Sim) attendeeInfo(p *purchase) []map[string]any {
	all := []map[string]any{}
	for _, a := range p.Attendees {
		all = append(all, map[string]any{
			s.spell("FirstName"): a.FirstName, s.spell("LastName"): a.LastName, s.spell("Email"): a.Email, s.spell("PassName"): p.event.passes[a.PassID].Name,
		})
	}
	return all
}

// outputs writes the answer of a purchase-info action in the form of the behaviour "output-names".
func (s *Sim) outputs(q query, out info) (answer, error) {
	body := map[string]any{}
	for _, o := range out {
		switch {
		case s.behaviours[OutputNames] == "iso-missing" && o.name == "IsoCurrencyCode", o.value == "":
			continue
		case s.behaviours[OutputNames] == "amount-string" && o.name == "PurchaseAmount" && o.value != nil:
			body[o.name] = fmt.Sprint(o.value)
		case s.behaviours[OutputNames] == "attendees-string" && o.name == "Attendees":
			body[o.name] = asString(o.value)
		default:
			body[s.spell(o.name)] = o.value
		}
	}
	if s.behaviours[OutputNames] == "json-string" {
		body = map[string]any{"PurchaseDetails": asString(body)}
	}
	return odata(q, "Microsoft.Dynamics.CRM."+q.segment+"Response", body), nil
}

// spell writes an output's name as the behaviour "output-names" has it.
func (s *Sim) spell(name string) string {
	switch s.behaviours[OutputNames] {
	case "camel-case":
		return string(name[0]|0x20) + name[1:]
	case "prefixed":
		return "msevtmgt_" + strings.ToLower(name)
	}
	return name
}

func asString(v any) string { return string(jsonReply(http.StatusOK, v).body) }
