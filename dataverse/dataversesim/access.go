package dataversesim

import "time"

// table finds an entity set. What exists but is closed answers 403, what does not exist 404.
func (s *Sim) table(q query) (table, error) {
	var t table
	switch q.segment {
	case OpPurchases:
		t = s.purchaseTable()
	case OpAttendees:
		t = s.attendeeTable()
	case OpRegistrations:
		t = s.registrationTable()
	case OpEvents:
		t = s.eventTable()
	case OpContacts:
		t = s.contactTable()
	case "transactioncurrencies":
		t = s.currencyTable()
	default:
		return s.discoveryTable(q.segment)
	}
	return t, s.openTable(q, t.entity)
}

// openTable says whether the variant and the behaviours let a table be read.
func (s *Sim) openTable(q query, entity string) error {
	readBack := q.segment == OpAttendees || q.segment == OpRegistrations
	perPurchase := readBack || q.segment == OpPurchases
	outbound := isOutbound(s.variant)
	switch {
	case q.segment == OpContacts && s.behaviours[Contacts] == "forbidden":
		return s.missingPrivilege("prvRead"+entity, entity)
	case !perPurchase:
		return nil
	case s.variant == VariantRemoved, outbound && !s.outboundReadable(q.segment):
		return s.noSegment(q.segment)
	case s.behaviours[Privileges] == "readback-forbidden" && (readBack || outbound),
		s.behaviours[RealtimeReadBack] == "forbidden" && !outbound && (readBack || s.wasFinalized(q.purchase())):
		return s.missingPrivilege("prvRead"+entity, entity)
	}
	return nil
}

func (s *Sim) outboundReadable(set string) bool {
	switch s.behaviours[OutboundReadBack] {
	case "purchase-row":
		return set == OpPurchases || set == OpAttendees
	case "registrations":
		return set != OpPurchases || s.behaviours[OutboundCreated] == "readable"
	}
	return set == OpPurchases && s.behaviours[OutboundCreated] == "readable"
}

func (s *Sim) wasFinalized(id string) bool {
	p := s.find(id)
	return p != nil && p.FinalizeCalls > 0
}

// visible says whether the rows of a purchase can be seen yet.
func (s *Sim) visible(p *purchase, at time.Time) bool {
	hidden := s.variant == VariantRealtime && s.behaviours[RowVisibility] == "delayed" && at.Before(p.Created.Add(s.cfg.Visibility))
	return !hidden
}

// shown says how much of a finalize the rows show: the payment, and the registrations.
func (s *Sim) shown(p *purchase, at time.Time) (paid, processed bool) {
	lagging := p.Processed && at.Before(p.FinalizedAt.Add(s.cfg.ReadBackLag))
	switch mode := s.behaviours[RealtimeReadBack]; {
	case s.variant != VariantRealtime || !lagging:
		return p.Paid, p.Processed
	case mode == "lag":
		return false, false
	case mode == "paid-first":
		return p.Paid, false
	}
	return p.Paid, p.Processed
}
