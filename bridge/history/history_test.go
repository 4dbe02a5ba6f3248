package history_test

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paybridge/paybridge/bridge/history"
	"github.com/paybridge/paybridge/bridge/purchase"
)

var update = flag.Bool("update", false, "write the golden files again")

var (
	began = time.Date(2026, 11, 24, 9, 52, 4, 0, time.UTC)
	key   = purchase.Key{Environment: "main", ID: "00000001-0000-4000-8000-000000000001"}
	price = purchase.Money{Minor: 12000, Currency: "EUR"}
)

// A tale is facts as a store would keep them.
type tale struct {
	facts  []purchase.Fact
	number int64
}

// at adds a fact that is seen so long after the registration.
func (t *tale) at(after time.Duration, f purchase.Fact) *tale {
	f.Seen = began.Add(after)
	if f.Kind == "" {
		panic("a fact of no kind")
	}
	if f.Standing == "" {
		f.Standing = purchase.Own
	}
	if f.At.IsZero() && f.Standing == purchase.Own {
		f.At = f.Seen
	}
	if f.Numbered() {
		t.number++
		f.Number = t.number
	}
	t.facts = append(t.facts, purchase.Identify(f))
	return t
}

func (t *tale) offered(after time.Duration) *tale {
	return t.at(after, purchase.Fact{Kind: purchase.Offered, Money: price, Detail: purchase.Detail{Created: began, Event: "EV", EventName: "Salon 2027", Attendees: 1}})
}

func (t *tale) opened(after time.Duration) *tale {
	return t.at(after, purchase.Fact{Kind: purchase.Opened, Account: "paypal", Payment: "8XJ", Money: price})
}

func (t *tale) money(after, learned time.Duration, kind purchase.Kind, standing purchase.Standing, source purchase.Source, object string, m purchase.Money) *tale {
	return t.at(learned, purchase.Fact{Kind: kind, Standing: standing, Account: "paypal", Payment: "8XJ", Object: object, Money: m, At: began.Add(after), Source: source})
}

func (t *tale) paid(after, learned time.Duration, m purchase.Money) *tale {
	return t.money(after, learned, purchase.Captured, purchase.Proved, purchase.ByCallback, "CAP", m)
}

func (t *tale) returned(after time.Duration, how purchase.Return) *tale {
	return t.at(after, purchase.Fact{Kind: purchase.Returned, Standing: purchase.Heard, Account: "paypal", Payment: "8XJ", Detail: purchase.Detail{Reason: string(how)}})
}

// registered is a finalize and what became of it.
func (t *tale) finalized(after time.Duration, result purchase.Result, seats purchase.Seats) *tale {
	t.at(after, purchase.Fact{Kind: purchase.Intended, Detail: purchase.Detail{Step: purchase.StepFinalize, SendBefore: began.Add(after + 2*time.Second)}})
	n := t.number
	t.at(after+300*time.Millisecond, purchase.Fact{Kind: purchase.Concluded, Attempt: n, Detail: purchase.Detail{Result: result}})
	return t.at(after+time.Second, purchase.Fact{Kind: purchase.ReadBack, Attempt: n, Detail: purchase.Detail{Seats: seats}})
}

// handed puts it on the desk for what is known by now.
func (t *tale) handed(after time.Duration, cause purchase.Cause) *tale {
	sight := purchase.Fold(key, t.facts, policy()).Sight()
	return t.at(after, purchase.Fact{Kind: purchase.Handed, Detail: purchase.Detail{Cause: cause, Basis: sight}})
}

func policy() purchase.Policy { return purchase.DefaultPolicy(50 * time.Minute) }

const minute = time.Minute

func tales() map[string]*tale {
	other := purchase.Money{Minor: 9000, Currency: "EUR"}
	start := func() *tale {
		return new(tale).at(2*time.Second, purchase.Fact{Kind: purchase.Arrived, Standing: purchase.Heard, Account: "paypal"}).offered(2100 * time.Millisecond).opened(3 * time.Second)
	}
	return map[string]*tale{
		"waiting":    start(),
		"registered": start().paid(37*minute, 37*minute+3*time.Second, price).finalized(37*minute+4*time.Second, purchase.Acknowledged, purchase.SeatsAll),
		"confirming": start().paid(37*minute, 37*minute+100*time.Millisecond, price).finalized(37*minute+4*time.Second, purchase.Unknown, purchase.SeatsNone),
		"heard": start().money(37*minute, 37*minute, purchase.Captured, purchase.Heard, purchase.ByCallback, "CAP", price).
			at(38*minute, purchase.Fact{Kind: purchase.Asked, Account: "paypal", Payment: "8XJ"}).at(39*minute, purchase.Fact{Kind: purchase.Asked, Account: "paypal", Payment: "8XJ"}),
		"came back": start().returned(4*minute, purchase.ReturnGivenUp).returned(4*minute+2*time.Second, purchase.ReturnGivenUp).
			returned(9*minute, purchase.ReturnPaying).returned(9*minute+2*time.Second, purchase.ReturnLooking),
		"found in the list": new(tale).money(5*minute, 12*minute, purchase.Captured, purchase.Proved, purchase.ByPoll, "CAP", price).offered(12*minute + time.Second),
		"another amount":    start().paid(10*minute, 10*minute+time.Second, other).handed(10*minute+2*time.Second, purchase.CauseAmount),
		"too late":          start().paid(58*minute, 58*minute+time.Second, price).handed(58*minute+2*time.Second, purchase.CausePaidLate),
		"registered and paid twice": start().paid(5*minute, 5*minute, price).finalized(5*minute+time.Second, purchase.Confirmed, purchase.SeatsAll).
			at(7*minute, purchase.Fact{Kind: purchase.Captured, Standing: purchase.Proved, Account: "paypal", Payment: "9YK", Object: "CAP2", Money: price, At: began.Add(7 * minute), Source: purchase.ByPoll}).
			handed(7*minute+time.Second, purchase.CauseSecondPayment),
		"refunded":               start().paid(5*minute, 5*minute, price).money(72*time.Hour, 72*time.Hour+time.Second, purchase.Refunded, purchase.Proved, purchase.ByCallback, "REF", price),
		"taken back by the bank": start().paid(5*minute, 5*minute, price).money(30*24*time.Hour, 30*24*time.Hour+time.Second, purchase.Reversed, purchase.Proved, purchase.ByCallback, "REV", price),
		"vouched for": new(tale).offered(time.Second).at(20*time.Hour, purchase.Fact{Kind: purchase.Captured, Standing: purchase.Decided, Account: "bank", Payment: "B1", Money: price,
			At: began.Add(20 * minute), Source: purchase.ByImport, Detail: purchase.Detail{By: "camille", Reason: "settlement file november.csv, line 7"}}),
		"a person decides": start().paid(10*minute, 10*minute+time.Second, other).handed(10*minute+2*time.Second, purchase.CauseAmount).
			at(20*minute, purchase.Fact{Kind: purchase.Noted, Standing: purchase.Decided, Detail: purchase.Detail{By: "ada", Reason: "student rate"}}).
			at(21*minute, purchase.Fact{Kind: purchase.RefundOrdered, Standing: purchase.Decided, Account: "paypal", Payment: "8XJ", Money: other, Detail: purchase.Detail{By: "ada", Reason: "asked for it"}}),
		"put back from a backup": start().at(30*minute, purchase.Fact{Kind: purchase.Restored}).paid(10*minute, 31*minute, price),
		"nobody paid":            start().at(51*minute, purchase.Fact{Kind: purchase.Abandoned}),
	}
}

func fold(t *tale) purchase.Purchase { return purchase.Fold(key, t.facts, policy()) }

func TestAHistoryIsToldInPlainWords(t *testing.T) {
	t.Parallel()
	for name, tale := range tales() {
		for _, lang := range []string{"fr", "en"} {
			var out bytes.Buffer
			if err := history.Print(&out, history.Tell(fold(tale), tale.facts, began.Add(time.Minute), time.Time{}), lang, time.UTC); err != nil {
				t.Fatal(err)
			}
			golden(t, strings.ReplaceAll(name, " ", "_")+"."+lang+".txt", out.String())
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s:\n%s", name, diff)
	}
}

func TestTheOrderOfTheFactsCannotChangeTheStory(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(2, 2))
	for name, tale := range tales() {
		want := history.Tell(fold(tale), tale.facts, began, began.Add(time.Hour))
		for range 5 {
			chance.Shuffle(len(tale.facts), func(i, j int) { tale.facts[i], tale.facts[j] = tale.facts[j], tale.facts[i] })
			if diff := cmp.Diff(want, history.Tell(fold(tale), tale.facts, began, began.Add(time.Hour))); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
}

// What is said to the buyer must be proved: a received payment only with money, a confirmed participation only with a seat, a refund only
// where the merchant gave it back, and never that nothing was charged.
func TestTheAnswerNeverPromisesMoreThanTheFactsProve(t *testing.T) {
	t.Parallel()
	for name, tale := range tales() {
		p := fold(tale)
		answer, order := history.Answer(p), history.Order(p)
		for _, c := range []struct {
			words  []string
			proved bool
		}{
			{[]string{"a bien été reçu", "has been received"}, p.Net().Positive()},
			{[]string{"participation est bien confirmée", "participation is confirmed"}, p.Registered()},
			{[]string{"été remboursé", "was refunded"}, p.State() == purchase.StateRefunded && name == "refunded"},
			{[]string{"débité. ", "rien n'a été", "nothing was charged"}, false},
		} {
			for _, w := range c.words {
				if strings.Contains(answer.Fr+answer.En, w) && !c.proved {
					t.Errorf("%s: the answer says %q: %s", name, w, answer.En)
				}
			}
		}
		if strings.HasPrefix(order.Fr, "Paiement validé") != (order.En != "" && strings.HasPrefix(order.En, "Payment validated")) ||
			strings.HasPrefix(order.Fr, "Paiement validé") && !p.Net().Positive() {
			t.Errorf("%s: the order is %v", name, order)
		}
		if answer.Fr == "" || answer.En == "" || strings.Contains(answer.Fr+answer.En, "{") {
			t.Errorf("%s: the answer is %+v", name, answer)
		}
	}
}

func TestEveryStateHasAnAnswerForTheBuyer(t *testing.T) {
	t.Parallel()
	for _, row := range purchase.States() {
		if !history.HasAnswer(row.State) {
			t.Errorf("state %s has no answer for the buyer", row.State)
		}
	}
}

func TestGapsAreInTheUnitThatMatters(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration][2]string{38 * time.Millisecond: {"+ 38 ms", "+ 38 ms"}, 3 * time.Second: {"+ 3 s", "+ 3 s"},
		37*time.Minute + 36*time.Second: {"+ 37 min", "+ 37 min"}, 5*time.Hour + 4*time.Minute: {"+ 5 h 04", "+ 5 h 04"}, 72 * time.Hour: {"+ 3 j", "+ 3 d"}} {
		if got := [2]string{history.Gap(d, "fr"), history.Gap(d, "en")}; got != want {
			t.Errorf("%v: %v", d, got)
		}
	}
}
