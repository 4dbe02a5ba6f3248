package dataversesim

import (
	"fmt"
	"slices"
)

// The variants: which generation of paid events an organisation has.
const (
	VariantRealtime          = "realtime"           // payments of real-time journeys; no legacy action
	VariantOutbound          = "outbound"           // outbound marketing from June 2020
	VariantOutboundNoDetails = "outbound-nodetails" // before: no msevtmgt_ListDetailedPurchaseInfo
	VariantOutboundADX       = "outbound-adx"       // before April 2019: the finalize action has the prefix adx_
	VariantRemoved           = "removed"            // outbound taken away, payments of real-time journeys not set up
)

// Variants lists every variant.
func Variants() []string {
	return []string{VariantRealtime, VariantOutbound, VariantOutboundNoDetails, VariantOutboundADX, VariantRemoved}
}

// The operations, as faults, requests and counters name them. A table other than these is named by its entity set, an
// unknown route by its segment.
const (
	OpDiscovery        = "openid-configuration"
	OpToken            = "token"
	OpRegister         = "register"
	OpWhoAmI           = "WhoAmI"
	OpRetrieveVersion  = "RetrieveVersion"
	OpMetadata         = "$metadata"
	OpListDetailed     = "msevtmgt_ListDetailedPurchaseInfo"
	OpPurchaseDetails  = "msevtmgt_GetPurchaseDetailsAction"
	OpFinalizeOutbound = "msevtmgt_FinalizeExternalRegistrationRequest"
	OpFinalizeADX      = "adx_FinalizeExternalRegistrationRequest"
	OpFinalizeRealtime = "msevtmgt_finalizeregistrationpayment"
	OpPurchases        = "msevtmgt_eventpurchases"
	OpAttendees        = "msevtmgt_eventpurchaseattendees"
	OpContacts         = "contacts"
	OpRegistrations    = "msevtmgt_eventregistrations"
	OpEvents           = "msevtmgt_events"
)

// Groups of operations that a Fault may name instead of a single one.
const (
	AnyWebAPI   = ""         // everything under /api/data
	AnyFinalize = "finalize" // the three finalize operations
	AnyPrice    = "price"    // what a price is read from: the two purchase-info actions and the purchase row
)

// actions lists the unbound actions that a variant has.
func actions(variant string) []string {
	switch variant {
	case VariantRealtime:
		return []string{OpFinalizeRealtime}
	case VariantOutbound:
		return []string{OpListDetailed, OpPurchaseDetails, OpFinalizeOutbound}
	case VariantOutboundNoDetails:
		return []string{OpPurchaseDetails, OpFinalizeOutbound}
	case VariantOutboundADX:
		return []string{OpPurchaseDetails, OpFinalizeADX}
	}
	return nil
}

func isOutbound(variant string) bool {
	return slices.Contains([]string{VariantOutbound, VariantOutboundNoDetails, VariantOutboundADX}, variant)
}

func inGroup(group, operation string) bool {
	switch group {
	case AnyWebAPI:
		return !slices.Contains([]string{OpDiscovery, OpToken, OpRegister}, operation)
	case AnyFinalize:
		return slices.Contains([]string{OpFinalizeOutbound, OpFinalizeADX, OpFinalizeRealtime}, operation)
	case AnyPrice:
		return slices.Contains([]string{OpListDetailed, OpPurchaseDetails, OpPurchases}, operation)
	}
	return group == operation
}

// Variant says which variant answers now.
func (s *Sim) Variant() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.variant
}

// SetVariant switches the organisation to another variant; the purchases stay.
func (s *Sim) SetVariant(variant string) error {
	if !slices.Contains(Variants(), variant) {
		return fmt.Errorf("variant %q is unknown; choose one of %q", variant, Variants())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.variant = variant
	return nil
}
