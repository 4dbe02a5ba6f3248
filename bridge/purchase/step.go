package purchase

// Step is the next thing to do for a purchase.
type Step string

// The steps. Ask, Price and ReadBack only read; Reserve, Capture, Void, Refund, Finalize and Release cannot be taken back and need an
// intent; Void ends a pay session or gives back the money it reserved; Refund sends back money that was taken; Release gives the seat free
// that nobody can pay for any more; Conclude closes an intent that a crash left open; HandOver puts on the desk; Remind notes that the payer of an invoice is to be reminded; Abandon gives up what
// nobody paid.
const (
	StepPrice    Step = "price"
	StepAsk      Step = "ask"
	StepReserve  Step = "reserve"
	StepCapture  Step = "capture"
	StepVoid     Step = "void"
	StepRefund   Step = "refund"
	StepFinalize Step = "finalize"
	StepRelease  Step = "release"
	StepReadBack Step = "read_back"
	StepConclude Step = "conclude"
	StepHandOver Step = "hand_over"
	StepAbandon  Step = "abandon"
	StepRemind   Step = "remind"
	StepWait     Step = "wait"
	StepDone     Step = "done"
)

// Cause is why a purchase waits or is on the desk. It is a closed list: it becomes a label and a line of text.
type Cause string

// The causes of the desk.
const (
	CauseNone             Cause = ""
	CauseAmount           Cause = "amount_differs"
	CauseCurrency         Cause = "currency_differs"
	CauseUnknownPurchase  Cause = "unknown_purchase"
	CauseForeignEvent     Cause = "foreign_event"
	CausePriceUnreadable  Cause = "price_unreadable"
	CausePaidLate         Cause = "paid_late"
	CauseSecondPayment    Cause = "second_payment"
	CauseOutcomeUnknown   Cause = "outcome_unknown"
	CausePartialSeats     Cause = "partial_seats"
	CauseRefused          Cause = "refused"
	CauseNotRegistered    Cause = "not_registered"
	CauseSeatWithoutMoney Cause = "seat_without_money"
	CauseDisputed         Cause = "disputed"
	CauseContradiction    Cause = "contradiction"
	CauseUnproved         Cause = "unproved"
	CauseOrphan           Cause = "orphan"
	CauseCaptureFailed    Cause = "capture_failed"
	CauseVoidFailed       Cause = "void_failed"
	CauseRefundFailed     Cause = "refund_failed"
	CauseSeatReleased     Cause = "seat_released"
	CauseInvoiceLate      Cause = "invoice_late"
	CauseInvoiceOverdue   Cause = "invoice_overdue"
	CauseInvoiceCancelled Cause = "invoice_cancelled"
)

// The causes of waiting, beside those.
const (
	CauseAwaitingBuyer    Cause = "awaiting_buyer"
	CausePaymentPending   Cause = "payment_pending"
	CauseReadBackTooEarly Cause = "read_back_too_early"
	CauseInvoicePending   Cause = "invoice_pending"
	CauseIntentOpen       Cause = "intent_open"
	CauseRefundPending    Cause = "refund_pending"
)
