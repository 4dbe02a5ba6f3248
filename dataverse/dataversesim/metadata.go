package dataversesim

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"time"
)

// The part of a service description that tells of actions.
// Source: OASIS, OData Common Schema Definition Language 4.0.
type edmx struct {
	XMLName xml.Name `xml:"http://docs.oasis-open.org/odata/ns/edmx Edmx"`
	Version string   `xml:"Version,attr"`
	Schema  schema   `xml:"DataServices>Schema"`
}

type schema struct {
	XMLNS        string        `xml:"xmlns,attr"`
	Namespace    string        `xml:"Namespace,attr"`
	Alias        string        `xml:"Alias,attr"`
	ComplexTypes []complexType `xml:"ComplexType"`
	Actions      []action      `xml:"Action"`
	Container    container     `xml:"EntityContainer"`
}

type complexType struct {
	Name       string     `xml:"Name,attr"`
	Properties []property `xml:"Property"`
}

type action struct {
	Name       string     `xml:"Name,attr"`
	Parameters []property `xml:"Parameter"`
	ReturnType *property  `xml:"ReturnType"`
}

type property struct {
	Name     string `xml:"Name,attr,omitempty"`
	Type     string `xml:"Type,attr"`
	Nullable string `xml:"Nullable,attr,omitempty"`
}

type container struct {
	Name    string         `xml:"Name,attr"`
	Imports []actionImport `xml:"ActionImport"`
}

type actionImport struct {
	Name   string `xml:"Name,attr"`
	Action string `xml:"Action,attr"`
}

// metadata describes the actions of the variant, with the names that the behaviours give to their outputs.
func (s *Sim) metadata(_ query, _ time.Time, _ Fault) (answer, error) {
	d := edmx{Version: "4.0", Schema: schema{XMLNS: "http://docs.oasis-open.org/odata/ns/edm", Namespace: "Microsoft.Dynamics.CRM", Alias: "mscrm", Container: container{Name: "System"}}}
	for _, name := range actions(s.variant) {
		if name == OpFinalizeRealtime && s.behaviours[Metadata] == "private-absent" {
			continue
		}
		a := action{Name: name, Parameters: signature(name)}
		if outputs := s.described(name); outputs != nil {
			d.Schema.ComplexTypes = append(d.Schema.ComplexTypes, complexType{Name: name + "Response", Properties: outputs})
			a.ReturnType = &property{Type: "mscrm." + name + "Response", Nullable: "false"}
		}
		d.Schema.Actions = append(d.Schema.Actions, a)
		d.Schema.Container.Imports = append(d.Schema.Container.Imports, actionImport{Name: name, Action: "mscrm." + name})
	}
	body, err := xml.Marshal(d)
	if err != nil {
		panic(fmt.Sprintf("dataversesim: encode the metadata: %v", err)) // a fixed structure
	}
	return reply(http.StatusOK, "application/xml", xml.Header+string(body)), nil
}

func signature(action string) []property {
	switch action {
	case OpListDetailed, OpPurchaseDetails:
		return []property{{Name: "PurchaseId", Type: "Edm.String"}}
	case OpFinalizeRealtime:
		return []property{{Name: "msevtmgt_purchaseid", Type: "Edm.Guid"}, {Name: "msevtmgt_paymentstatus", Type: "Edm.Int32"}}
	}
	return []property{{Name: "PurchaseId", Type: "Edm.String"}, {Name: "ReadableEventId", Type: "Edm.String"}, {Name: "UserId", Type: "Edm.String"}}
}

// described lists the outputs of an action, nil if it has none.
func (s *Sim) described(action string) []property {
	switch action {
	case OpListDetailed, OpPurchaseDetails:
		return s.describedInfo(action)
	case OpFinalizeRealtime:
		return nil
	}
	switch s.behaviours[FinalizeStatus] {
	case "no-content":
		return nil
	case "nested-json":
		return []property{{Name: "Response", Type: "Edm.String"}}
	case "capitalised":
		return []property{{Name: "Status", Type: "Edm.String"}, {Name: "ErrorCode", Type: "Edm.String"}, {Name: "ErrorMessage", Type: "Edm.String"}}
	}
	return []property{{Name: "status", Type: "Edm.String"}, {Name: "errorCode", Type: "Edm.String"}, {Name: "errorMessage", Type: "Edm.String"}}
}

func (s *Sim) describedInfo(action string) []property {
	style := s.behaviours[OutputNames]
	if style == "json-string" {
		return []property{{Name: "PurchaseDetails", Type: "Edm.String"}}
	}
	var all []property
	for _, o := range outputTypes(action) {
		if style == "iso-missing" && o.Name == "IsoCurrencyCode" {
			continue
		}
		asText := style == "amount-string" && o.Name == "PurchaseAmount" || style == "attendees-string" && o.Name == "Attendees"
		if asText {
			o.Type = "Edm.String"
		}
		o.Name = s.spell(o.Name)
		all = append(all, o)
	}
	return all
}

func outputTypes(action string) []property {
	all := []property{
		{Name: "EventName", Type: "Edm.String"}, {Name: "PurchaseAmount", Type: "Edm.Decimal"}, {Name: "CurrencyName", Type: "Edm.String"},
		{Name: "IsoCurrencyCode", Type: "Edm.String"}, {Name: "CurrencySymbol", Type: "Edm.String"},
	}
	if action == OpListDetailed {
		all = append(all, property{Name: "Attendees", Type: "Collection(mscrm.expando)"})
	}
	return all
}
