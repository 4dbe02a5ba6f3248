package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// An Import is a settlement file of an account that a person vouches for.
type Import struct {
	Account string       `json:"account"`
	By      string       `json:"by"`     // who vouches
	Source  string       `json:"source"` // the file's name, kept as the reason of each fact
	Lines   []ImportLine `json:"lines"`
	Dry     bool         `json:"dry,omitempty"` // only count
}

// An ImportLine is one line of the file: money that moved, and where it stands. Object, At and Purchase are empty where the file does not
// say them.
type ImportLine struct {
	Line     int            `json:"line"`
	Kind     purchase.Kind  `json:"kind"`
	Payment  string         `json:"payment"`
	Object   string         `json:"object,omitempty"`
	Money    purchase.Money `json:"money"`
	At       time.Time      `json:"at,omitzero"`
	Purchase string         `json:"purchase,omitempty"` // PurchaseId
}

// An ImportError is a line that contradicts what is known here, or belongs elsewhere. Nothing of the file was kept.
type ImportError struct {
	Line    int
	Problem string // ends by saying what to do
}

func (e *ImportError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Problem) }

// An ImportResult counts lines.
type ImportResult struct {
	New       int `json:"new"`
	Known     int `json:"known"`     // they were known, by proof or by an earlier import
	Unrelated int `json:"unrelated"` // they name no purchase and their payment is not known here: the shop's other sales
}

// Import keeps the lines of a settlement file: all of them in one transaction, or none. What they say counts as decided, not as proved:
// a person vouches for the file, and what the provider itself proves of the same payment takes its place. The same file again adds nothing.
// A line that contradicts proof, or is of another account, refuses the whole file with an *ImportError.
func (b *Bridge) Import(ctx context.Context, from Import) (ImportResult, error) {
	a, ok := b.accounts[from.Account]
	if !ok || from.By == "" {
		return ImportResult{}, fmt.Errorf("import: account %q or who vouches is missing: %w", from.Account, ErrNotAllowed)
	}
	i := importing{Bridge: b, Import: from, account: a, known: map[purchase.Key][]purchase.Fact{}}
	for _, l := range from.Lines {
		if err := i.line(ctx, l); err != nil {
			return ImportResult{}, err
		}
	}
	if from.Dry || len(i.facts) == 0 {
		return i.result, nil
	}
	if _, err := b.keep(ctx, Keeping{Facts: i.facts}); err != nil {
		return ImportResult{}, fmt.Errorf("import: %w", err)
	}
	return i.result, nil
}

// importing is one import on its way; nothing is kept before the last line was looked at.
type importing struct {
	*Bridge
	Import
	account Account
	facts   []purchase.Fact
	known   map[purchase.Key][]purchase.Fact // of purchases that were looked at, with what this file adds
	result  ImportResult
}

func (i *importing) line(ctx context.Context, l ImportLine) error {
	f := purchase.Fact{Purchase: purchase.Key{ID: l.Purchase}, Kind: l.Kind, Standing: purchase.Decided, Account: i.account.Name, Payment: l.Payment, Object: l.Object,
		Money: l.Money, At: l.At, Source: purchase.ByImport, Detail: purchase.Detail{By: i.By, Reason: fmt.Sprintf("%s, line %d", i.Source, l.Line)}}
	if err := l.check(); err != nil {
		return err
	}
	key, orphan, err := i.belongs(ctx, f, l.Line)
	if err != nil {
		return err
	}
	if key.ID == "" {
		i.result.Unrelated++
		return nil
	}
	f.Purchase = key
	facts, err := i.factsOf(ctx, key)
	if err != nil {
		return err
	}
	switch told, money := said(facts, f); {
	case told && money == f.Money:
		i.result.Known++
		return nil
	case told:
		return &ImportError{l.Line, fmt.Sprintf("payment %s %s %s in the file and %s here (paybridge purchase show %s); compare with the provider's back office and correct the file",
			f.Payment, f.Kind, f.Money, money, key.ID)}
	}
	i.facts = append(i.facts, f)
	i.known[key] = append(facts, f)
	if orphan.ID != "" {
		i.facts = append(i.facts, purchase.Fact{Purchase: orphan, Kind: purchase.Tied, Standing: purchase.Decided, Account: f.Account, Payment: f.Payment,
			Detail: purchase.Detail{By: i.By, Reason: key.ID}})
	}
	i.result.New++
	return nil
}

// check refuses what no settlement file can say.
func (l ImportLine) check() error {
	moves := l.Kind == purchase.Captured || l.Kind == purchase.Refunded || l.Kind == purchase.Reversed
	if _, known := purchase.Digits(l.Money.Currency); !moves || !known || l.Money.Minor < 0 || l.Payment == "" {
		return &ImportError{l.Line, "it is no movement of money; read the file again"}
	}
	return nil
}

// belongs finds the purchase of a line: the one that the file names, else the one that the payment is known under. An orphan that the
// file names a purchase for is handed back to be tied to it.
func (i *importing) belongs(ctx context.Context, f purchase.Fact, line int) (key, orphan purchase.Key, err error) {
	known, err := i.resolve(ctx, i.account.Name, f.Payment, f.Object)
	if err != nil {
		return key, orphan, err
	}
	for _, other := range i.Accounts {
		if known.ID != "" || other.Name == i.account.Name {
			continue
		}
		elsewhere, err := i.resolve(ctx, other.Name, f.Payment, f.Object)
		if err == nil && elsewhere.ID != "" {
			err = &ImportError{line, fmt.Sprintf("payment %s is known at account %s, so this is the file of another account; write --account %[2]s", f.Payment, other.Name)}
		}
		if err != nil {
			return key, orphan, err
		}
	}
	named := purchase.Key{Environment: i.account.Environment, ID: f.Purchase.ID}
	switch {
	case named.ID == "" || named == known:
		return known, orphan, nil
	case known.Orphaned():
		return named, known, i.free(ctx, known, f.Payment, line)
	case known.ID != "":
		return key, orphan, &ImportError{line, fmt.Sprintf("payment %s belongs to purchase %s here, and the file names %s; correct the file", f.Payment, known.ID, named.ID)}
	}
	return named, orphan, nil
}

// free refuses to tie an orphan whose money may be on its way back: a seat must not be made of that.
func (i *importing) free(ctx context.Context, orphan purchase.Key, payment string, line int) error {
	returning, err := i.returning(ctx, orphan)
	if err != nil {
		return err
	}
	if returning {
		return &ImportError{line, fmt.Sprintf("payment %s is on its way back, or may be (paybridge purchase show %s); wait until that is settled, or leave the line out", payment, orphan.ID)}
	}
	return nil
}

// resolve finds the purchase of a payment by any of its names; none is a key without an ID.
func (i *importing) resolve(ctx context.Context, account string, names ...string) (purchase.Key, error) {
	for _, name := range names {
		if name == "" {
			continue
		}
		key, err := i.Store.Resolve(ctx, account, name)
		if !errors.Is(err, ErrNotFound) {
			return key, err
		}
	}
	return purchase.Key{}, nil
}

func (i *importing) factsOf(ctx context.Context, key purchase.Key) ([]purchase.Fact, error) {
	if facts, looked := i.known[key]; looked {
		return facts, nil
	}
	_, facts, err := i.Store.Find(ctx, key)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	i.known[key] = facts
	return facts, nil
}

// said tells what is known already of the same thing: the same object, or, where file or fact names none, the same kind of movement of
// the same payment.
func said(facts []purchase.Fact, f purchase.Fact) (told bool, money purchase.Money) {
	for i, k := range facts {
		counts := k.Standing == purchase.Proved || k.Standing == purchase.Decided && !corrected(k, facts[i+1:])
		same := k.Object == f.Object && f.Object != "" || (k.Object == "" || f.Object == "") && (k.Payment == f.Payment || k.Object == f.Payment)
		if counts && k.Account == f.Account && k.Kind == f.Kind && same {
			told, money = true, k.Money
			if k.Money == f.Money {
				return told, money
			}
		}
	}
	return told, money
}

// corrected tells whether a person said something else of the same thing afterwards.
func corrected(k purchase.Fact, later []purchase.Fact) bool {
	return slices.ContainsFunc(later, func(f purchase.Fact) bool {
		return f.Standing == purchase.Decided && f.Account == k.Account && f.Payment == k.Payment && f.Kind == k.Kind && f.Object == k.Object
	})
}
