//go:build linux

package main

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A crashStore is what the campaign needs of a store. Another database joins by another one.
type crashStore interface {
	// dsn is what the settings name for a store in dir.
	dsn(dir string) string
	// tear does to what was not flushed what a power cut may do, and says to how many stretches. The note is the dying process's.
	tear(t *testing.T, dir, note string, b boundary) int
	// sound checks the store, of which no process has hold: that it is whole, and that each fact has the hash of the one before.
	sound(t *testing.T, dir string)
	// deliveries are those that are kept: account, a NUL, body.
	deliveries(t *testing.T, dir string) []string
}

// crashStoreOf is the store that the campaign runs on.
func crashStoreOf(*testing.T) crashStore { return crashSQLite{} }

// crashSQLite is a file in dir, or in a folder there.
type crashSQLite struct{ folder string }

func (c crashSQLite) dsn(dir string) string { return filepath.Join(dir, c.folder, "paybridge.db") }

// tear cuts the log or fills it with noise from anywhere in what was written to it since its last flush, and writes noise over
// what was written to the database: as long as that is not flushed the log has it too.
func (c crashSQLite) tear(t *testing.T, dir, note string, b boundary) (torn int) {
	t.Helper()
	chance := rand.New(rand.NewPCG(uint64(b.nth), uint64(len(b.point))))
	from := int64(-1)
	for line := range strings.Lines(note) {
		words := strings.Fields(line)
		if len(words) != 3 || (words[0] != "log" && words[0] != "database") {
			continue
		}
		begin, _ := strconv.ParseInt(words[1], 10, 64)
		end, _ := strconv.ParseInt(words[2], 10, 64)
		torn++
		if words[0] == "log" {
			if from < 0 || begin < from {
				from = begin
			}
		} else if chance.IntN(2) == 0 {
			scribble(t, c.dsn(dir), begin, end, chance)
		}
	}
	if from >= 0 {
		tearTail(t, c.dsn(dir)+"-wal", from, chance)
	}
	return torn
}

// tearTail does something to a file after from.
func tearTail(t *testing.T, path string, from int64, chance *rand.Rand) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil || info.Size() <= from {
		return
	}
	at := from + chance.Int64N(info.Size()-from)
	switch chance.IntN(3) {
	case 0:
		if err := os.Truncate(path, at); err != nil {
			t.Fatal(err)
		}
	case 1:
		scribble(t, path, at, info.Size(), chance)
	} // or all of it came to the disk
}

// scribble writes noise into a file, which it does not make longer.
func scribble(t *testing.T, path string, from, to int64, chance *rand.Rand) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	noise := make([]byte, max(0, min(to, info.Size())-from))
	for i := range noise {
		noise[i] = byte(chance.Uint32())
	}
	if _, err := f.WriteAt(noise, from); err != nil {
		t.Fatal(err)
	}
}

// open opens the files as any program would.
func (c crashSQLite) open(t *testing.T, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", c.dsn(dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func (c crashSQLite) sound(t *testing.T, dir string) {
	t.Helper()
	db := c.open(t, dir)
	var verdict string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("the database is not whole: %s, %v", verdict, err)
	}
	var strays int
	if err := db.QueryRow("SELECT count(*) FROM pragma_foreign_key_check").Scan(&strays); err != nil || strays != 0 {
		t.Errorf("%d rows belong to nothing: %v", strays, err)
	}
	rows, err := db.Query("SELECT environment, purchase, id, seen, prev, hash FROM facts ORDER BY environment, purchase, seq")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	heads := map[string]string{}
	for rows.Next() {
		var environment, purchase, id, prev, hash string
		var seen int64
		if err := rows.Scan(&environment, &purchase, &id, &seen, &prev, &hash); err != nil {
			t.Fatal(err)
		}
		key := environment + "/" + purchase
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d", prev, id, seen))
		if prev != heads[key] || hash != hex.EncodeToString(sum[:]) {
			t.Errorf("the chain of %s breaks at %s", key, id)
		}
		heads[key] = hash
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	c.headsAre(t, db, heads)
}

// headsAre compares the purchases' rows with the ends of their chains.
func (crashSQLite) headsAre(t *testing.T, db *sql.DB, heads map[string]string) {
	t.Helper()
	rows, err := db.Query("SELECT environment || '/' || id, head FROM purchases")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var key, head string
		if err := rows.Scan(&key, &head); err != nil {
			t.Fatal(err)
		}
		if heads[key] != head {
			t.Errorf("%s ends in another fact than its row says", key)
		}
		delete(heads, key)
	}
	if err := rows.Err(); err != nil || len(heads) > 0 {
		t.Errorf("%d chains have no purchase: %v", len(heads), err)
	}
}

func (c crashSQLite) deliveries(t *testing.T, dir string) (kept []string) {
	t.Helper()
	rows, err := c.open(t, dir).Query("SELECT account, body FROM deliveries")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var account string
		var body []byte
		if err := rows.Scan(&account, &body); err != nil {
			t.Fatal(err)
		}
		kept = append(kept, account+"\x00"+string(body))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return kept
}
