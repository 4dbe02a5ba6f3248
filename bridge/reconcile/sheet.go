package reconcile

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A Sheet says how a report is written as CSV.
type Sheet struct {
	French bool // the header and the words
	Excel  bool // as French Excel opens it: byte order mark, semicolons, decimal commas
	All    bool // what agrees too
}

var headers = map[bool][]string{
	false: {"kind", "meaning", "account", "payment", "environment", "purchase", "at", "currency", "listed_captured", "listed_back", "known_captured", "known_back",
		"price", "registered", "desk", "action"},
	true: {"type", "signification", "compte", "paiement", "environnement", "achat", "date", "devise", "encaissé_prestataire", "rendu_prestataire", "encaissé_connu",
		"rendu_connu", "prix", "inscrit", "à_traiter", "action"},
}

// WriteCSV writes one line for each payment: UTF-8, amounts in decimals, times in RFC 3339. What a spreadsheet would take for a formula
// is led by an apostrophe.
func WriteCSV(out io.Writer, r Report, s Sheet) error {
	if s.Excel {
		if _, err := io.WriteString(out, "\xef\xbb\xbf"); err != nil {
			return err
		}
	}
	w := csv.NewWriter(out)
	if s.Excel {
		w.Comma = ';'
	}
	if err := w.Write(headers[s.French]); err != nil {
		return err
	}
	for _, l := range r.Lines {
		if s.All || l.Kind.Row().Difference {
			if err := w.Write(s.record(l)); err != nil {
				return err
			}
		}
	}
	w.Flush()
	return w.Error()
}

func (s Sheet) record(l Line) []string {
	row := l.Kind.Row()
	meaning, yes, no := row.En, "yes", "no"
	if s.French {
		meaning, yes, no = row.Fr, "oui", "non"
	}
	if !l.Registered {
		yes = no
	}
	texts := []string{string(l.Kind), meaning, l.Account, l.Payment, l.Purchase.Environment, l.Purchase.ID, stamp(l.At), l.currency()}
	record := make([]string, 0, len(headers[false]))
	for _, text := range texts {
		record = append(record, plain(text))
	}
	for _, m := range []purchase.Money{l.Listed.Captured, l.Listed.back(), l.Known.Captured, l.Known.back(), l.Price} {
		record = append(record, s.amount(m))
	}
	return append(record, yes, plain(string(l.Cause)), plain(l.Action()))
}

func (l Line) currency() string {
	for _, m := range []purchase.Money{l.Listed.Captured, l.Known.Captured, l.Listed.back(), l.Known.back(), l.Price} {
		if m.Known() {
			return m.Currency
		}
	}
	return ""
}

// amount is a number that a spreadsheet can add up.
func (s Sheet) amount(m purchase.Money) string {
	if !m.Known() {
		return ""
	}
	if s.Excel {
		return strings.Replace(m.Decimal(), ".", ",", 1)
	}
	return m.Decimal()
}

func stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

// plain keeps a spreadsheet from running what somebody wrote into a reference.
func plain(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return "'" + text
	}
	return text
}

// lineJSON is a line in JSON Lines; amounts are as in the rest of the program.
type lineJSON struct {
	SchemaVersion int            `json:"schema_version"`
	Type          string         `json:"type"` // "line"
	Kind          Kind           `json:"kind"`
	Difference    bool           `json:"difference"`
	Account       string         `json:"account,omitempty"`
	Payment       string         `json:"payment,omitempty"`
	Environment   string         `json:"environment,omitempty"`
	Purchase      string         `json:"purchase,omitempty"`
	At            *time.Time     `json:"at,omitempty"`
	Listed        sumsJSON       `json:"listed"`
	Known         sumsJSON       `json:"known"`
	Price         *moneyJSON     `json:"price,omitempty"`
	Registered    bool           `json:"registered"`
	Desk          purchase.Cause `json:"desk,omitempty"`
	Action        string         `json:"action,omitempty"`
}

type moneyJSON struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
	Minor    int64  `json:"minor"`
}

type sumsJSON struct {
	Captured *moneyJSON `json:"captured,omitempty"`
	Refunded *moneyJSON `json:"refunded,omitempty"`
	Reversed *moneyJSON `json:"reversed,omitempty"`
}

type totalsJSON struct {
	SchemaVersion int                   `json:"schema_version"`
	Type          string                `json:"type"` // "totals"
	From          time.Time             `json:"from"`
	To            time.Time             `json:"to"`
	Payments      int                   `json:"payments"`
	Registered    int                   `json:"registered"`
	Differences   int                   `json:"differences"`
	Kinds         map[Kind]int          `json:"kinds"`
	Moved         map[string]sumsJSON   `json:"moved"`
	Difference    map[string]*moneyJSON `json:"difference"`
}

// WriteJSONL writes a JSON object for each line, and one with the totals at the end, so that who reads them knows that it is whole.
func WriteJSONL(out io.Writer, r Report, all bool, schemaVersion int) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for _, l := range r.Lines {
		difference := l.Kind.Row().Difference
		if !all && !difference {
			continue
		}
		j := lineJSON{SchemaVersion: schemaVersion, Type: "line", Kind: l.Kind, Difference: difference, Account: l.Account, Payment: l.Payment,
			Environment: l.Purchase.Environment, Purchase: l.Purchase.ID, Listed: l.Listed.json(), Known: l.Known.json(), Price: jsonOf(l.Price),
			Registered: l.Registered, Desk: l.Cause, Action: l.Action()}
		if !l.At.IsZero() {
			at := l.At.UTC()
			j.At = &at
		}
		if err := enc.Encode(j); err != nil {
			return err
		}
	}
	return enc.Encode(r.totals(schemaVersion))
}

func (r Report) totals(schemaVersion int) totalsJSON {
	t := totalsJSON{SchemaVersion: schemaVersion, Type: "totals", From: r.From, To: r.To, Payments: r.Totals.Payments, Registered: r.Totals.Registered,
		Differences: r.Totals.Differences(), Kinds: r.Totals.Kinds, Moved: map[string]sumsJSON{}, Difference: map[string]*moneyJSON{}}
	for currency, a := range r.Totals.Moved {
		t.Moved[currency] = Sums{Captured: purchase.Money{Minor: a.Captured, Currency: currency}, Refunded: purchase.Money{Minor: a.Refunded, Currency: currency},
			Reversed: purchase.Money{Minor: a.Reversed, Currency: currency}}.json()
	}
	for currency, minor := range r.Totals.Difference {
		t.Difference[currency] = jsonOf(purchase.Money{Minor: minor, Currency: currency})
	}
	return t
}

func jsonOf(m purchase.Money) *moneyJSON {
	if !m.Known() {
		return nil
	}
	return &moneyJSON{Amount: m.Decimal(), Currency: m.Currency, Minor: m.Minor}
}

func (s Sums) json() sumsJSON {
	return sumsJSON{Captured: jsonOf(s.Captured), Refunded: jsonOf(s.Refunded), Reversed: jsonOf(s.Reversed)}
}
