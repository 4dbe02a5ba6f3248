package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// A fate is what became of one scene: what the simulators hold, and what the daemon shows on its desk.
type fate struct {
	Scene      int    `json:"scene"`
	Turn       turn   `json:"turn"`
	Provider   string `json:"provider"`
	Page       bool   `json:"redirect"` // through our redirect leg
	Capture    string `json:"capture"`
	Purchase   string `json:"purchase"`
	Attendees  int    `json:"attendees"`
	Seats      int    `json:"seats"`    // registration records in Dynamics
	Captured   int64  `json:"captured"` // minor units at the provider
	Refunded   int64  `json:"refunded"`
	Reserved   int64  `json:"reserved,omitempty"`
	Price      int64  `json:"price"`           // in Dynamics
	Limbo      int64  `json:"limbo,omitempty"` // minor units that nobody answers for
	Desk       string `json:"desk,omitempty"`  // cause
	State      string `json:"state"`
	End        end    `json:"end"`
	Lost       bool   `json:"lost,omitempty"`
	Unexpected bool   `json:"unexpected,omitempty"`
	Trouble    string `json:"trouble,omitempty"` // what the buyer ran into
	Misled     string `json:"misled,omitempty"`  // what our page told the buyer that was not so
	budget     time.Duration
	payment    string
	returned   time.Time
	told       promises
}

// judge fills in what the facts of both sides amount to. Lost is money captured that is neither a seat, nor refunded, nor on the desk
// under a cause.
func (f *fate) judge(allowed []end) {
	seated := f.Seats >= f.Attendees && f.Attendees > 0
	held := f.Captured - f.Refunded
	switch {
	case seated && f.Desk != "":
		f.End = seatDesk(purchase.Cause(f.Desk))
	case seated && held <= 0:
		f.End = "unpaid"
	case seated:
		f.End = endSeat
	case f.Desk != "":
		f.End = endDesk(purchase.Cause(f.Desk))
	case f.Captured > 0 && held <= 0:
		f.End = endRefunded
	case f.Captured == 0:
		f.End = endAbandoned
	default:
		f.End = "lost"
	}
	f.Lost = held > 0 && !seated && f.Desk == ""
	f.Unexpected = !slices.Contains(allowed, f.End) || f.Seats > f.Attendees
}

// weigh finds the money in limbo: taken or reserved at a provider, and neither for the seats, nor given back, nor on the desk, nor in
// work with an instant at which it goes on.
func (f *fate) weigh(moving bool) {
	f.Limbo = 0
	if f.Desk != "" || moving {
		return
	}
	f.Limbo = f.Captured - f.Refunded + f.Reserved
	if f.Seats >= f.Attendees && f.Attendees > 0 {
		f.Limbo = max(f.Limbo-f.Price, 0)
	}
}

// lull is how long a purchase without money rests at least that is not waited for: all its buyers are through.
const lull = 5 * time.Second

// judge fills in the fates from what the simulators hold and the daemon lists, and counts those that still move. What may become of a
// fate is asked by its place.
func (w *world) judge(fates []fate, listed map[string]purchaseRow, window time.Duration, may func(int) []end) (pending int) {
	for i := range fates {
		if f := &fates[i]; f.Turn == turnOrphan && f.payment != "" {
			f.Purchase = w.orphan(*f, listed)
			w.shop(f.Provider).pays(f.payment, f.Purchase)
		}
	}
	dynamics, money := w.seats(), w.money()
	for i := range fates {
		f := &fates[i]
		f.Price, f.Reserved = dynamics[f.Purchase].price, money[f.Purchase].reserved
		f.Seats, f.budget = dynamics[f.Purchase].seats, dynamics[f.Purchase].used
		f.Captured, f.Refunded = money[f.Purchase].captured, money[f.Purchase].refunded
		row, known := listed[f.Purchase]
		f.Desk, f.State = "", string(row.State)
		if row.OnDesk {
			f.Desk = string(row.Cause)
		}
		f.judge(may(i))
		f.Misled = w.misled(*f)
		moving := known && row.Stage != bridge.Idle && row.State != purchase.StateFinalized && !row.OnDesk
		f.weigh(moving)
		empty := f.Captured == f.Refunded && f.Reserved == 0 // what failed is watched for a month, and nothing to wait for
		soon := moving && (row.Due == nil || time.Until(*row.Due) < window) && !(empty && row.Due != nil && time.Until(*row.Due) > lull)
		if soon || f.Unexpected || f.Lost || f.Limbo > 0 {
			pending++
		}
	}
	return pending
}

// verdict is the demo's result as JSON.
type verdict struct {
	SchemaVersion   int        `json:"schema_version"`
	Dialect         string     `json:"dialect"`
	Capture         string     `json:"capture"`
	Mishaps         string     `json:"mishaps"`
	Seed            uint64     `json:"seed"`
	WindowSeconds   float64    `json:"window_seconds"`
	Purchases       int        `json:"purchases"`
	Registered      int        `json:"registered"`
	Refunded        int        `json:"refunded"`
	Desk            int        `json:"desk"`
	Abandoned       int        `json:"abandoned"`
	Lost            int        `json:"lost"`
	Limbo           int64      `json:"limbo"` // minor units, whatever the currency
	RegisteredTwice int        `json:"registered_twice"`
	Unexpected      int        `json:"unexpected"`
	Misled          int        `json:"misled"` // buyers whom our page told what was not so
	Forged          int        `json:"forged_deliveries_sent"`
	ForgedAccepted  int        `json:"forged_deliveries_accepted"`
	Kills           int        `json:"kills"`
	Budget          budgetUsed `json:"budget_used_seconds"`
	Providers       []tally    `json:"providers"`
	Fates           []fate     `json:"fates"`
}

// A tally is what was sold at one provider.
type tally struct {
	Provider   string `json:"provider"`
	Purchases  int    `json:"purchases"`
	ByRedirect int    `json:"registered_by_redirect"`
	ByCallback int    `json:"registered_by_callback_only"`
	Unexpected int    `json:"unexpected"`
}

// budgetUsed is how much of the window registered purchases used, from their registration to their seat.
type budgetUsed struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

func (v *verdict) count(fates []fate) {
	v.Fates = fates
	v.Purchases = len(fates)
	var used []time.Duration
	for _, f := range fates {
		switch {
		case f.Seats > 0 && f.Seats >= f.Attendees:
			v.Registered++
			used = append(used, f.budget)
		case f.End == endRefunded:
			v.Refunded++
		case f.End == endAbandoned:
			v.Abandoned++
		}
		if f.Desk != "" {
			v.Desk++
		}
		if f.Lost {
			v.Lost++
		}
		v.Limbo += f.Limbo
		if f.Seats > f.Attendees {
			v.RegisteredTwice++
		}
		if f.Unexpected {
			v.Unexpected++
		}
		if f.Misled != "" {
			v.Misled++
		}
	}
	v.Budget = budgetOf(used)
	v.tally()
}

// tally sums up the fates by provider, in the order of their names.
func (v *verdict) tally() {
	at := map[string]*tally{}
	for _, f := range v.Fates {
		t := at[f.Provider]
		if t == nil {
			t = &tally{Provider: f.Provider}
			at[f.Provider] = t
		}
		t.Purchases++
		switch seated := f.Seats > 0 && f.Seats >= f.Attendees; {
		case seated && f.Page:
			t.ByRedirect++
		case seated:
			t.ByCallback++
		}
		if f.Unexpected {
			t.Unexpected++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(at)) {
		v.Providers = append(v.Providers, *at[name])
	}
}

func budgetOf(used []time.Duration) budgetUsed {
	if len(used) == 0 {
		return budgetUsed{}
	}
	slices.Sort(used)
	at := func(q float64) float64 { return used[int(q*float64(len(used)-1))].Seconds() }
	return budgetUsed{P50: at(0.5), P99: at(0.99), Max: at(1)}
}

func (v *verdict) good() bool {
	return v.Lost == 0 && v.Limbo == 0 && v.RegisteredTwice == 0 && v.Unexpected == 0 && v.Misled == 0 && v.ForgedAccepted == 0
}

func (v *verdict) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "#\tWHAT HAPPENED\tPROVIDER\tPURCHASE\tSEATS\tTAKEN\tEND\tBUDGET USED\t")
	for _, f := range v.Fates {
		mark := ""
		switch {
		case f.Unexpected || f.Lost || f.Limbo > 0:
			mark = "<- unexpected " + f.Trouble
		case f.Misled != "":
			mark = "<- " + f.Misled
		}
		used := "-"
		if f.budget > 0 {
			used = f.budget.Round(100 * time.Millisecond).String()
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%d/%d\t%s\t%s\t%s\t%s\n", f.Scene, f.Turn, f.Provider, clipID(f.Purchase), f.Seats, f.Attendees,
			purchase.Money{Minor: f.Captured, Currency: "EUR"}.Decimal(), f.End, used, mark)
	}
	fmt.Fprintln(w, "\nPROVIDER\tPURCHASES\tSEATS BY REDIRECT\tSEATS BY CALLBACK ONLY\t")
	for _, t := range v.Providers {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t\n", t.Provider, t.Purchases, t.ByRedirect, t.ByCallback)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%d purchases: %d registered, %d on the desk, %d abandoned, %d refunded; %d lost, %d cents in limbo, %d registered twice, %d unexpected\n"+
		"latency budget used of %s: p50 %.1fs, p99 %.1fs, max %.1fs\n", v.Purchases, v.Registered, v.Desk, v.Abandoned, v.Refunded, v.Lost, v.Limbo,
		v.RegisteredTwice, v.Unexpected, time.Duration(v.WindowSeconds*float64(time.Second)), v.Budget.P50, v.Budget.P99, v.Budget.Max)
	return err
}

func clipID(id string) string {
	if cut := strings.IndexByte(id, '-'); cut > 0 {
		return id[:cut]
	}
	return id
}
