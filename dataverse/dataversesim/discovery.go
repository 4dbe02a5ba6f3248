package dataversesim

import (
	"slices"
	"time"
)

// discoveryTable is one of the tables that tell how an organisation is set up. They are closed by default, as they are to
// an application user who has nothing but the role for finalizing.
func (s *Sim) discoveryTable(set string) (table, error) {
	tables := map[string]table{
		"solutions":                 s.solutionTable(),
		"sdkmessages":               s.messageTable(),
		"workflows":                 s.workflowTable(),
		"customapis":                s.customAPITable(),
		"contacts":                  {entity: "contact"},
		"msevtmgt_paymentproviders": {entity: "msevtmgt_paymentprovider"},
	}
	t, known := tables[set]
	if !known {
		return t, s.noSegment(set)
	}
	if s.behaviours[Discovery] == "forbidden" || t.rows == nil {
		return t, s.missingPrivilege("prvRead"+t.entity, t.entity)
	}
	return t, nil
}

// fixed is a table whose rows do not change while they are read.
func fixed(set, entity string, columns []string, rows []row) table {
	return table{set: set, entity: entity, key: entity + "id", columns: append([]string{entity + "id"}, columns...),
		rows: func(time.Time, map[string]string) []row { return rows }}
}

func (s *Sim) solutionTable() table {
	var rows []row
	for _, name := range []string{"MicrosoftDynamics_EventManagement", "MicrosoftDynamics_EventManagement_patch", "MicrosoftDynamics_EventManagementAnchorSolution"} {
		rows = append(rows, row{"solutionid": idOf(name), "uniquename": name, "version": "1.12.1006.0"})
	}
	return fixed("solutions", "solution", []string{"uniquename", "version"}, rows)
}

func (s *Sim) messageTable() table {
	var rows []row
	for _, name := range append([]string{OpWhoAmI, OpRetrieveVersion}, actions(s.variant)...) {
		rows = append(rows, row{"sdkmessageid": idOf(name), "name": name})
	}
	return fixed("sdkmessages", "sdkmessage", []string{"name"}, rows)
}

// workflowTable has the process actions: the legacy ones. A custom API is not among them.
func (s *Sim) workflowTable() table {
	var rows []row
	for _, name := range slices.DeleteFunc(actions(s.variant), func(a string) bool { return a == OpFinalizeRealtime }) {
		rows = append(rows, row{"workflowid": idOf(name), "uniquename": name, "name": name, "category": 3, "statecode": 1})
	}
	return fixed("workflows", "workflow", []string{"uniquename", "name", "category", "statecode"}, rows)
}

func (s *Sim) customAPITable() table {
	var rows []row
	if slices.Contains(actions(s.variant), OpFinalizeRealtime) {
		rows = []row{{"customapiid": idOf(OpFinalizeRealtime), "uniquename": OpFinalizeRealtime, "isfunction": false, "isprivate": s.behaviours[Metadata] == "private-absent"}}
	}
	t := fixed("customapis", "customapi", []string{"uniquename", "isfunction", "isprivate"}, rows)
	columns := []string{"uniquename", "type", "isoptional"}
	t.links = map[string]link{
		"CustomAPIRequestParameters": {entity: "customapirequestparameter", columns: columns, many: true, follow: func(row) []row {
			return []row{ // types: 12 is a guid, 7 an integer
				{"uniquename": "msevtmgt_purchaseid", "type": 12, "isoptional": false},
				{"uniquename": "msevtmgt_paymentstatus", "type": 7, "isoptional": false},
			}
		}},
		"CustomAPIResponseProperties": {entity: "customapiresponseproperty", columns: columns, many: true, follow: func(row) []row { return nil }},
	}
	return t
}
