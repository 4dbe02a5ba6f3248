package dataversesim

import (
	"fmt"
	"slices"
	"time"
)

// row is one record, by column; a value is a string, a number, a bool or nil.
type row map[string]any

// table is one entity set. Rows may use the equalities of the filter to make fewer rows, read filters them all the same.
type table struct {
	set, entity, key string
	columns          []string
	links            map[string]link // navigation properties
	rows             func(at time.Time, equal map[string]string) []row
	one              func(at time.Time, id string) row // by key; nil means looking through rows
}

// link is a navigation property: to one record, or to many.
type link struct {
	entity  string
	columns []string
	many    bool
	follow  func(r row) []row
}

const createdFormat = "2006-01-02T15:04:05Z"

func (s *Sim) purchaseTable() table {
	t := table{
		set: OpPurchases, entity: "msevtmgt_eventpurchase", key: "msevtmgt_eventpurchaseid",
		columns: []string{
			"msevtmgt_eventpurchaseid", "msevtmgt_name", "statecode", "statuscode", "createdon", "msevtmgt_totalprice", "msevtmgt_paid", "msevtmgt_processed",
			"_msevtmgt_eventid_value", "_msevtmgt_purchasingcontactid_value", "_transactioncurrencyid_value",
		},
		rows: func(at time.Time, _ map[string]string) []row { return s.each(at, s.purchaseRow) },
		one: func(at time.Time, id string) row {
			if p := s.find(id); p != nil && s.visible(p, at) {
				return s.purchaseRow(p, at)
			}
			return nil
		},
	}
	events, currencies := s.eventTable(), s.currencyTable()
	t.links = map[string]link{
		"msevtmgt_EventId":      lookup(events, "_msevtmgt_eventid_value"),
		"transactioncurrencyid": lookup(currencies, "_transactioncurrencyid_value"),
	}
	if isOutbound(s.variant) && s.behaviours[OutboundReadBack] != "purchase-row" { // only the creation can be read
		t.columns = slices.DeleteFunc(t.columns, func(c string) bool {
			return slices.Contains([]string{"msevtmgt_totalprice", "msevtmgt_paid", "msevtmgt_processed"}, c)
		})
	}
	return t
}

// lookup leads to the record of another table whose key the column holds.
func lookup(t table, column string) link {
	return link{entity: t.entity, columns: t.columns, follow: func(r row) []row {
		return slices.DeleteFunc(t.rows(time.Time{}, nil), func(other row) bool { return other[t.key] != r[column] })
	}}
}

func (s *Sim) each(at time.Time, make func(*purchase, time.Time) row) []row {
	var rows []row
	for _, p := range s.order {
		if s.visible(p, at) {
			rows = append(rows, make(p, at))
		}
	}
	return rows
}

func (s *Sim) purchaseRow(p *purchase, at time.Time) row {
	paid, processed := s.shown(p, at)
	state := 0
	if p.Status == Cancelled || p.Status == Expired {
		state = 1
	}
	r := row{
		"msevtmgt_eventpurchaseid": p.ID, "msevtmgt_name": p.event.Name, "statecode": state, "statuscode": state + 1,
		"createdon": p.Created.UTC().Format(createdFormat), "msevtmgt_totalprice": s.number(p.Amount), "msevtmgt_paid": paid, "msevtmgt_processed": processed,
		"_msevtmgt_eventid_value": p.event.id, "_msevtmgt_purchasingcontactid_value": nullable(p.UserID), "_transactioncurrencyid_value": p.event.currencyID,
	}
	if s.behaviours[OutputNames] == "iso-missing" {
		r["_transactioncurrencyid_value"] = nil
	}
	if isOutbound(s.variant) && s.behaviours[OutboundCreated] == "hidden" {
		r["createdon"] = nil
	}
	return r
}

func (s *Sim) attendeeTable() table {
	return table{
		set: OpAttendees, entity: "msevtmgt_eventpurchaseattendee", key: "msevtmgt_eventpurchaseattendeeid",
		columns: []string{
			"msevtmgt_eventpurchaseattendeeid", "msevtmgt_name", "_msevtmgt_purchaseid_value", "_msevtmgt_attendeecontactid_value",
			"_msevtmgt_eventregistrationid_value", "_msevtmgt_eventpurchasecontactid_value",
		},
		rows: s.ofPurchases(s.attendeeRows),
	}
}

// ofPurchases makes the rows that hang on purchases; a filter on the purchase spares looking at all the others.
func (s *Sim) ofPurchases(rows func(*purchase, time.Time) []row) func(time.Time, map[string]string) []row {
	return func(at time.Time, equal map[string]string) []row {
		from := s.order
		if id, narrowed := equal["_msevtmgt_purchaseid_value"]; narrowed {
			from = nil
			if p := s.find(id); p != nil {
				from = []*purchase{p}
			}
		}
		var all []row
		for _, p := range from {
			if s.visible(p, at) {
				all = append(all, rows(p, at)...)
			}
		}
		return all
	}
}

func (s *Sim) attendeeRows(p *purchase, at time.Time) []row {
	_, processed := s.shown(p, at)
	var all []row
	for i, a := range p.Attendees {
		r := row{
			"msevtmgt_eventpurchaseattendeeid": p.rows[i], "msevtmgt_name": a.FirstName + " " + a.LastName, "_msevtmgt_purchaseid_value": p.ID,
			"_msevtmgt_attendeecontactid_value": nil, "_msevtmgt_eventregistrationid_value": nil, "_msevtmgt_eventpurchasecontactid_value": nullable(p.UserID),
		}
		if seat := slices.IndexFunc(p.Seats, func(seat Seat) bool { return seat.Attendee == i }); processed && seat >= 0 {
			r["_msevtmgt_attendeecontactid_value"] = p.Seats[seat].ContactID
			r["_msevtmgt_eventregistrationid_value"] = p.Seats[seat].RegistrationID
		}
		all = append(all, r)
	}
	return all
}

// registrationTable has one row per seat. Its column for the purchase is an invention.
func (s *Sim) registrationTable() table {
	return table{
		set: OpRegistrations, entity: "msevtmgt_eventregistration", key: "msevtmgt_eventregistrationid",
		columns: []string{"msevtmgt_eventregistrationid", "msevtmgt_name", "createdon", "_msevtmgt_eventid_value", "_msevtmgt_contactid_value", "_msevtmgt_purchaseid_value"},
		rows: s.ofPurchases(func(p *purchase, at time.Time) []row {
			var all []row
			if _, processed := s.shown(p, at); !processed {
				return nil
			}
			for _, seat := range p.Seats {
				all = append(all, row{
					"msevtmgt_eventregistrationid": seat.RegistrationID, "msevtmgt_name": fmt.Sprintf("%s %s", p.event.Name, seat.Email),
					"createdon": seat.Created.UTC().Format(createdFormat), "_msevtmgt_eventid_value": p.event.id,
					"_msevtmgt_contactid_value": seat.ContactID, "_msevtmgt_purchaseid_value": p.ID,
				})
			}
			return all
		}),
	}
}

func (s *Sim) eventTable() table {
	return table{
		set: OpEvents, entity: "msevtmgt_event", key: "msevtmgt_eventid",
		columns: []string{"msevtmgt_eventid", "msevtmgt_readableeventid", "msevtmgt_name"},
		rows: func(time.Time, map[string]string) []row {
			var all []row
			for _, e := range s.events {
				all = append(all, row{"msevtmgt_eventid": e.id, "msevtmgt_readableeventid": e.ReadableID, "msevtmgt_name": e.Name})
			}
			return all
		},
	}
}

// contactTable has the buyers who are signed in, under the address of their first attendee, and everybody who has a seat.
func (s *Sim) contactTable() table {
	return table{
		set: OpContacts, entity: "contact", key: "contactid",
		columns: []string{"contactid", "emailaddress1", "fullname"},
		rows: func(time.Time, map[string]string) []row {
			var all []row
			add := func(id, email string, a Attendee) {
				all = append(all, row{"contactid": id, "emailaddress1": nullable(email), "fullname": a.FirstName + " " + a.LastName})
			}
			for _, p := range s.order {
				if p.UserID != "" {
					add(p.UserID, p.Attendees[0].Email, p.Attendees[0])
				}
				for _, seat := range p.Seats {
					add(seat.ContactID, seat.Email, p.Attendees[seat.Attendee])
				}
			}
			return all
		},
	}
}

func (s *Sim) currencyTable() table {
	return table{
		set: "transactioncurrencies", entity: "transactioncurrency", key: "transactioncurrencyid",
		columns: []string{"transactioncurrencyid", "isocurrencycode", "currencyname", "currencysymbol", "currencyprecision"},
		rows: func(time.Time, map[string]string) []row {
			var all []row
			seen := map[string]bool{}
			for _, e := range s.events {
				if c := e.Currency; !seen[e.currencyID] {
					seen[e.currencyID] = true
					all = append(all, row{"transactioncurrencyid": e.currencyID, "isocurrencycode": nullable(c.Code), "currencyname": c.Name,
						"currencysymbol": c.Symbol, "currencyprecision": c.Precision})
				}
			}
			return all
		},
	}
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}
