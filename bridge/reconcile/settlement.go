package reconcile

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A SettlementLine is a line of a settlement file as an entry, and where it stands there.
type SettlementLine struct {
	Entry
	Line int
}

// A FileError is what is wrong with a settlement file, and where. Column is the name of the column, or its place where it has none.
type FileError struct {
	Line    int
	Column  string
	Problem string // ends by saying what to do
}

func (e *FileError) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("line %d: %s", e.Line, e.Problem)
	}
	return fmt.Sprintf("line %d, column %s: %s", e.Line, e.Column, e.Problem)
}

const (
	mostSettlement = 64 << 20 // bytes
	mostField      = 255
)

// ReadSettlement reads a whole settlement file of an account, or refuses it whole: the error is a *FileError that names line and column.
func ReadSettlement(file io.Reader, account string, f Format) ([]SettlementLine, error) {
	raw, err := io.ReadAll(io.LimitReader(file, mostSettlement+1))
	if err != nil {
		return nil, fmt.Errorf("read the settlement file: %w", err)
	}
	if len(raw) > mostSettlement {
		return nil, &FileError{Line: 1, Problem: "the file is larger than 64 MiB; import it by months"}
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if err := encoded(raw); err != nil {
		return nil, err
	}
	s := &sheet{Format: f, account: account, csv: csv.NewReader(bytes.NewReader(raw)), seen: map[string]int{}}
	s.csv.Comma, s.csv.FieldsPerRecord = f.comma(), -1
	return s.read()
}

// encoded refuses what is not UTF-8 and says what it looks like.
func encoded(raw []byte) error {
	if bytes.HasPrefix(raw, []byte("\xff\xfe")) || bytes.HasPrefix(raw, []byte("\xfe\xff")) || bytes.IndexByte(raw, 0) >= 0 {
		return &FileError{Line: 1, Column: "1", Problem: "the file is in UTF-16, or no text at all; save it as CSV UTF-8"}
	}
	for line, rest := 1, raw; len(rest) > 0; line++ {
		text, after, _ := bytes.Cut(rest, []byte("\n"))
		if !utf8.Valid(text) {
			at := 0
			for at < len(text) {
				r, size := utf8.DecodeRune(text[at:])
				if r == utf8.RuneError && size == 1 {
					break
				}
				at += size
			}
			return &FileError{Line: line, Column: fmt.Sprintf("at character %d", utf8.RuneCount(text[:at])+1),
				Problem: "is not UTF-8; it looks like Latin-1: save it as CSV UTF-8, or convert it with iconv -f WINDOWS-1252 -t UTF-8"}
		}
		rest = after
	}
	return nil
}

// A sheet is a settlement file being read.
type sheet struct {
	Format
	account string
	csv     *csv.Reader
	header  []string
	columns map[string]int
	seen    map[string]int // what each line says, and where it said it first
	line    int
}

func (s *sheet) read() ([]SettlementLine, error) {
	header, err := s.record()
	if errors.Is(err, io.EOF) {
		return nil, &FileError{Line: 1, Problem: "the file is empty; export it again"}
	}
	if err == nil {
		err = s.find(header)
	}
	if err != nil {
		return nil, err
	}
	var lines []SettlementLine
	for {
		record, err := s.record()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err == nil && len(record) != len(s.header) {
			err = &FileError{Line: s.line, Column: fmt.Sprint(len(record)), Problem: fmt.Sprintf("there are %d columns, the first line has %d; "+
				"the file was cut, or its separator is another: export it again, or set separator", len(record), len(s.header))}
		}
		var entry *Entry
		if err == nil {
			entry, err = s.entry(record)
		}
		if err != nil {
			return nil, err
		}
		if entry != nil {
			lines = append(lines, SettlementLine{*entry, s.line})
		}
	}
}

func (s *sheet) record() ([]string, error) {
	record, err := s.csv.Read()
	var wrong *csv.ParseError
	switch {
	case errors.As(err, &wrong):
		return nil, &FileError{Line: wrong.StartLine, Column: fmt.Sprintf("at character %d", wrong.Column), Problem: "a quote is not closed or stands in a wrong place; " +
			"the file was cut or changed by hand: export it again"}
	case err != nil:
		return nil, err
	}
	s.line, _ = s.csv.FieldPos(0)
	return record, nil
}

// find looks the columns up in the first line.
func (s *sheet) find(header []string) error {
	s.header, s.columns = header, map[string]int{}
	for field, name := range s.headers() {
		at := slices.Index(header, name)
		if at >= 0 && slices.Contains(header[at+1:], name) {
			return &FileError{Line: 1, Column: name, Problem: "is there twice; rename one"}
		}
		required := field == colPayment || field == colAmount || field == colCurrency
		chosen := name != field // somebody said that it is there
		if at < 0 && (required || chosen || field == colMerchant && s.Merchant != "") {
			return &FileError{Line: 1, Column: name, Problem: fmt.Sprintf("is not in the first line (%s); name it with --column %s=NAME, or set separator",
				clip(shown(strings.Join(header, string(s.comma())))), field)}
		}
		if at >= 0 {
			s.columns[field] = at
		}
	}
	return nil
}

func (s *sheet) wrong(field, problem string, args ...any) error {
	return &FileError{Line: s.line, Column: s.headers()[field], Problem: fmt.Sprintf(problem, args...)}
}

// field is a field of the record, trimmed; "" where there is no such column.
func (s *sheet) field(record []string, name string) (string, error) {
	at, there := s.columns[name]
	if !there {
		return "", nil
	}
	text := strings.TrimSpace(record[at])
	if len(text) > mostField || strings.ContainsFunc(text, unicode.IsControl) {
		return "", s.wrong(name, "is too long or has control characters: %q; export the file again", clip(text))
	}
	return text, nil
}

// entry reads one line; nil is one that is to be ignored.
func (s *sheet) entry(record []string) (*Entry, error) {
	text := map[string]string{}
	for field := range s.columns {
		value, err := s.field(record, field)
		if err != nil {
			return nil, err
		}
		text[field] = value
	}
	kind, err := s.kind(text[colKind])
	if err != nil || kind == "" {
		return nil, err
	}
	e := Entry{Account: s.account, Payment: text[colPayment], Object: text[colObject], Kind: kind}
	if e.Payment == "" {
		return nil, s.wrong(colPayment, "is empty; every line needs the payment's reference")
	}
	if s.Merchant != "" && text[colMerchant] != s.Merchant {
		return nil, s.wrong(colMerchant, "is %q, and account %s is %q; this is the file of another account", clip(text[colMerchant]), s.account, s.Merchant)
	}
	if err := s.money(&e, text); err != nil {
		return nil, err
	}
	if err := s.rest(&e, text); err != nil {
		return nil, err
	}
	return &e, s.once(e)
}

// kind reads the word for what the line is.
func (s *sheet) kind(word string) (purchase.Kind, error) {
	if _, there := s.columns[colKind]; !there {
		return purchase.Captured, nil
	}
	for known, means := range s.Kinds {
		if strings.EqualFold(known, word) {
			return kindOf[means], nil
		}
	}
	kind, known := kindOf[strings.ToLower(word)]
	if !known {
		return "", s.wrong(colKind, "is %q, which nobody explained; say what it is with --kind 'WORD=payment', refund, chargeback or ignore", clip(word))
	}
	return kind, nil
}

// money reads the amount exactly. A sign is the direction where no column says it, and must agree where one does.
func (s *sheet) money(e *Entry, text map[string]string) error {
	number := text[colAmount]
	other := ","
	if s.Decimal == "," {
		number, other = strings.Replace(number, ",", ".", 1), "."
	}
	plain := strings.TrimPrefix(text[colAmount], "-")
	switch {
	case number == "":
		return s.wrong(colAmount, "is empty; every line needs an amount")
	case strings.ContainsFunc(plain, func(r rune) bool { return unicode.IsSpace(r) || r == '\'' || r == '\u202f' || r == '\u00a0' }):
		return s.wrong(colAmount, "is %q, with a thousands separator; export plain numbers such as 1234.50", clip(text[colAmount]))
	case strings.Contains(plain, other):
		return s.wrong(colAmount, "is %q; write plain numbers such as 1234.50, or say that the file has decimal commas with --decimal , (no thousands separators either way)", clip(text[colAmount]))
	}
	currency := strings.ToUpper(text[colCurrency])
	if _, known := purchase.Digits(currency); !known {
		return s.wrong(colCurrency, "is %q, which is no currency of ISO 4217; write its code, such as EUR", clip(text[colCurrency]))
	}
	money, err := purchase.ParseMoney(number, currency)
	if err != nil {
		return s.wrong(colAmount, "is %q, which is no amount in %s; write plain numbers such as 1234.50", clip(text[colAmount]), currency)
	}
	_, said := s.columns[colKind]
	switch {
	case money.Minor >= 0:
	case said && e.Kind == purchase.Captured:
		return s.wrong(colAmount, "is %q, and the line is a payment; explain the word of its kind with --kind", clip(text[colAmount]))
	default:
		if !said {
			e.Kind = purchase.Refunded
		}
		money.Minor = -money.Minor
	}
	e.Money = money
	return nil
}

// rest reads the date and the purchase.
func (s *sheet) rest(e *Entry, text map[string]string) error {
	if date := text[colDate]; date != "" {
		at, ok := s.date(date)
		if !ok {
			return s.wrong(colDate, "is %q; say how dates are written with --dates, such as DD/MM/YYYY", clip(date))
		}
		e.At = at
	}
	if id := text[colPurchase]; id != "" {
		parsed, err := purchase.ParseID(id)
		if err != nil {
			return s.wrong(colPurchase, "is %q, which is no purchase id; write the GUID, or leave it empty", clip(id))
		}
		e.Purchase = parsed
	}
	return nil
}

// once refuses a second line about the same thing: nobody could tell a repeat from a second payment.
func (s *sheet) once(e Entry) error {
	what := strings.Join([]string{string(e.Kind), cmp.Or(e.Object, e.Payment)}, "\x00")
	if before, twice := s.seen[what]; twice {
		return s.wrong(colPayment, "is %q again, after line %d; take one out, or name the column that tells them apart with --column object=NAME", clip(e.Payment), before)
	}
	s.seen[what] = s.line
	return nil
}

// shown is a text as a terminal may have it: a file could hold words for the terminal itself.
func shown(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\t' {
			return '?'
		}
		return r
	}, s)
}

func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
