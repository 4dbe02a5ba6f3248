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
		{StateAwaitingPayment, StateAbandoned, "deadline, nothing paid"},
		{StateAwaitingPayment, StateHeld, "said to be paid, never proved"},
		{StateAwaitingPayment, StateResolved, "the orphan's purchase is found"},
		{StatePaymentPending, StatePaidUnfinalized, "captured"},
		{StatePaymentPending, StateAwaitingPayment, "failed"},
		{StateAuthorised, StatePaidUnfinalized, "captured"},
		{StateAuthorised, StateAwaitingPayment, "voided"},
		{StatePaidUnfinalized, StateFinalized, "every attendee has a seat"},
		{StatePaidUnfinalized, StateMismatch, "not the price"},
		{StatePaidUnfinalized, StatePaidLate, "after the deadline"},
		{StatePaidUnfinalized, StateHeld, "another cause"},
		{StatePaidUnfinalized, StateRefunded, "refunded"},
		{StateFinalized, StateHeld, "second payment, or money gone"},
		{StateFinalized, StateMismatch, "money changed"},
		{StateMismatch, StatePaidUnfinalized, "money or price changed, or accepted"},
		{StateMismatch, StateFinalized, "money or price changed"},
		{StateMismatch, StateRefunded, "refunded"},
		{StatePaidLate, StatePaidUnfinalized, "money or price changed"},
		{StatePaidLate, StateHeld, "another cause"},
		{StatePaidLate, StateRefunded, "refunded"},
		{StateHeld, StatePaidUnfinalized, "what held it changed"},
		{StateHeld, StateFinalized, "what held it changed"},
		{StateHeld, StatePaidLate, "deadline"},
		{StateHeld, StateMismatch, "money or price changed"},
		{StateHeld, StateRefunded, "refunded"},
		{StateHeld, StateResolved, "the orphan's purchase is found"},
		{StateRefunded, StatePaidUnfinalized, "paid again"},
		{StateRefunded, StateHeld, "a seat without money"},
		{StateAbandoned, StatePaidUnfinalized, "captured after all"},
		{StateAbandoned, StateHeld, "another cause"},
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
