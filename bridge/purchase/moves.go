package purchase

import (
	"fmt"
	"strings"
)

// A Move is a change of state and what brings it about.
type Move struct {
	From, To State
	By       string
}

// Moves are the changes of state there are. The law tests hold every history to them.
func Moves() []Move {
	return []Move{
		{StateAwaitingPayment, StatePaymentPending, "the provider works on it"},
		{StateAwaitingPayment, StateAuthorised, "reserved"},
		{StateAwaitingPayment, StatePaidUnfinalized, "captured"},
		{StateAwaitingPayment, StateAbandoned, "deadline or seat given free, nothing paid"},
		{StateAwaitingPayment, StateHeld, "said to be paid, never proved"},
		{StateAwaitingPayment, StateResolved, "the orphan's purchase is found"},
		{StatePaymentPending, StatePaidUnfinalized, "captured"},
		{StatePaymentPending, StateAwaitingPayment, "failed"},
		{StatePaymentPending, StateAuthorised, "reserved"},
		{StatePaymentPending, StateAbandoned, "failed after the deadline"},
		{StatePaymentPending, StateHeld, "another cause"},
		{StatePaymentPending, StateResolved, "the orphan's purchase is found"},
		{StateAuthorised, StateFinalized, "every attendee has a seat; the money is taken then"},
		{StateAuthorised, StatePaidUnfinalized, "captured"},
		{StateAuthorised, StateAwaitingPayment, "voided"},
		{StateAuthorised, StatePaymentPending, "voided, the provider works on another"},
		{StateAuthorised, StateAbandoned, "voided after the deadline"},
		{StateAuthorised, StateHeld, "another cause"},
		{StatePaidUnfinalized, StateFinalized, "every attendee has a seat"},
		{StatePaidUnfinalized, StateMismatch, "not the price"},
		{StatePaidUnfinalized, StatePaidLate, "after the deadline"},
		{StatePaidUnfinalized, StateHeld, "another cause"},
		{StatePaidUnfinalized, StateRefunded, "refunded"},
		{StatePaidUnfinalized, StateRefunding, "too late for a seat, the policy sends it back"},
		{StateRefunding, StateRefunded, "the provider shows it"},
		{StateRefunding, StatePaidUnfinalized, "a part stays"},
		{StateRefunding, StateHeld, "the refund failed"},
		{StateRefunding, StateResolved, "a person closes it"},
		{StateFinalized, StateHeld, "second payment, or money gone"},
		{StateFinalized, StateMismatch, "money changed"},
		{StateFinalized, StateDisputed, "the bank took the money back"},
		{StateDisputed, StateFinalized, "the money is there again"},
		{StateDisputed, StateRefunded, "a person cancelled the registration"},
		{StateMismatch, StatePaidUnfinalized, "money or price changed, or accepted"},
		{StateMismatch, StateFinalized, "money or price changed"},
		{StateMismatch, StateRefunded, "refunded"},
		{StateMismatch, StatePaidLate, "what would be right is reserved too late"},
		{StateMismatch, StateRefunding, "a person sends it back"},
		{StateMismatch, StateResolved, "a person closes it"},
		{StatePaidLate, StatePaidUnfinalized, "money or price changed"},
		{StatePaidLate, StateFinalized, "a seat after all"},
		{StatePaidLate, StateMismatch, "the price is read, and differs"},
		{StatePaidLate, StateHeld, "another cause"},
		{StatePaidLate, StateRefunded, "refunded"},
		{StatePaidLate, StateRefunding, "a person or the policy sends it back"},
		{StatePaidLate, StateResolved, "a person closes it"},
		{StateHeld, StatePaidUnfinalized, "what held it changed"},
		{StateHeld, StateFinalized, "what held it changed"},
		{StateHeld, StatePaidLate, "deadline"},
		{StateHeld, StateRefunded, "refunded"},
		{StateHeld, StateAuthorised, "what held it changed"},
		{StateHeld, StatePaymentPending, "what held it changed"},
		{StateHeld, StateAwaitingPayment, "what was said is disproved"},
		{StateHeld, StateAbandoned, "what was said is disproved"},
		{StateHeld, StateResolved, "the orphan's purchase is found, or a person closes it"},
		{StateHeld, StateRefunding, "a person sends it back"},
		{StateResolved, StatePaidUnfinalized, "something new, or a person tries again"},
		{StateResolved, StateAuthorised, "reserved"},
		{StateAuthorised, StateResolved, "what was closed is as it was"},
		{StateResolved, StateAwaitingPayment, "what was said is disproved"},
		{StateResolved, StateRefunded, "refunded"},
		{StateResolved, StateRefunding, "a person sends it back"},
		{StatePaidUnfinalized, StateResolved, "what was closed is as it was"},
		{StateRefunded, StatePaidUnfinalized, "paid again"},
		{StateRefunded, StateHeld, "a seat without money"},
		{StateRefunded, StateRefunding, "the refund failed at the payer's bank"},
		{StateRefunded, StateFinalized, "the seat is known late"},
		{StateAbandoned, StatePaidUnfinalized, "captured after all"},
		{StateAbandoned, StateHeld, "another cause"},
		{StateAbandoned, StateAuthorised, "reserved after all"},
		{StateAbandoned, StatePaymentPending, "the provider works on it after all"},
		{StateAwaitingPayment, StateAwaitingInvoice, "the buyer asks to pay on invoice"},
		{StateAwaitingInvoice, StateAwaitingPayment, "a person cancels it"},
		{StateAwaitingInvoice, StateFinalized, "paid"},
		{StateAwaitingInvoice, StatePaidUnfinalized, "paid before its seat"},
		{StateAwaitingInvoice, StateHeld, "late, overdue, or another cause"},
		{StateAwaitingInvoice, StateMismatch, "not the price"},
		{StateHeld, StateAwaitingInvoice, "what held it changed"},
		{StateMismatch, StateAwaitingInvoice, "money or price changed"},
		{StateAwaitingInvoice, StatePaymentPending, "cancelled, the provider works on another"},
		{StateAwaitingInvoice, StateRefunding, "a person sends another payment back"},
		{StateRefunding, StateAwaitingInvoice, "sent back, and there is an invoice"},
		{StateRefunded, StateAwaitingInvoice, "the buyer asks to pay on invoice"},
		{StatePaidUnfinalized, StateAwaitingInvoice, "refunded, and there is an invoice"},
		{StateAwaitingPayment, StateFinalized, "a seat that nobody knew of"},
		{StateAwaitingInvoice, StateAuthorised, "cancelled, another is reserved"},
		{StateFinalized, StateAwaitingInvoice, "refunded, and there is an invoice"},
		{StateAwaitingInvoice, StateDisputed, "the bank took another payment back"},
		{StateMismatch, StateHeld, "another cause"},
		{StateMismatch, StatePaymentPending, "the provider works on another"},
	}
}

// Diagram draws the tables of states and moves as a mermaid state diagram.
func Diagram() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for _, row := range states {
		fmt.Fprintf(&b, "    %s: %s\n", row.State, row.En)
	}
	fmt.Fprintf(&b, "    [*] --> %s\n", StateAwaitingPayment)
	for _, m := range Moves() {
		fmt.Fprintf(&b, "    %s --> %s: %s\n", m.From, m.To, m.By)
	}
	return b.String()
}
