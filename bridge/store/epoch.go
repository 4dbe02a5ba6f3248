package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge/failpoint"
)

// epochEvery is how often the file is brought up to date while the database moves.
const epochEvery = time.Minute

// An epoch is how far the database has come: it counts the commits that changed something. The file beside the database says so too; it is
// written after the commit, so it is never ahead, unless the database was put back from a backup.
type epoch struct {
	path string

	mu       sync.Mutex
	identity string // of the database; "" until the file was read
	counter  int64  // of the last commit
	written  int64  // what the file says
	tried    time.Time
}

// An epochRow is what the database says of itself.
type epochRow struct {
	identity string
	counter  int64
	filed    bool // there was a file once
	restores int64
	at       sql.NullInt64
}

// An epochFile is what the file says.
type epochFile struct {
	there, readable bool
	identity        string
	counter         int64
}

const epochLine = "paybridge-epoch-1 %s %d\n"

// openEpoch finds out whether the database was put back, and says so in the database before anything else is done with it. A crash on the
// way finds it out again, or finds it said already. Who cannot read the file cannot know, and does not begin.
func (s *Store) openEpoch(ctx context.Context) error {
	file, err := readEpoch(s.epoch.path)
	if err != nil {
		return fmt.Errorf("read whether the database was put back from a backup: %w; make %s readable, or delete it if it was", err, s.epoch.path)
	}
	var row epochRow
	why := ""
	err = s.write(ctx, "epoch", func(t *txn) error {
		if row, err = t.epoch(); err != nil {
			return err
		}
		if why = row.against(file); why == "" {
			return nil
		}
		if _, err := t.exec(`UPDATE epoch SET counter = ?, restores = restores + 1, restored_at = ? WHERE id = 1`, max(row.counter, file.counter)+1, micros(t.now)); err != nil {
			return err
		}
		row, err = t.epoch()
		return err
	})
	if err != nil {
		return err
	}
	failpoint.Hit("epoch", "judged")
	s.restores, s.restoredAt = row.restores, instantOf(row.at)
	if err := s.epoch.begin(row, s.Clock.Now()); err != nil {
		return fmt.Errorf("write how far the database has come: %w", err)
	}
	if why != "" {
		s.Log.Warn("the database was put back from a backup, and what was learned and done since is forgotten: every payment is asked about, and Dynamics is read back, before anything is done again; "+
			"run reconcile for the time since the backup, and decide again what was decided since", zap.String("cause", why), zap.Int64("attempt", row.restores))
		err = s.markDesk(ctx)
	}
	if !row.filed {
		err = errors.Join(err, s.write(ctx, "epoch", func(t *txn) error {
			_, err := t.exec(`UPDATE epoch SET filed = 1 WHERE id = 1`)
			return err
		}))
	}
	return err
}

// against says why the database is one that was put back; "" if it is not. A file that says anything else than we write is a person's word
// that it was, or damaged; to ask too much harms nobody.
func (r epochRow) against(f epochFile) string {
	switch {
	case !f.there && r.filed:
		return "its epoch file is missing"
	case !f.there:
		return ""
	case !f.readable:
		return "its epoch file says so"
	case f.identity != r.identity:
		return "its epoch file is another database's"
	case f.counter > r.counter:
		return "it is older than its epoch file"
	}
	return ""
}

func (t *txn) epoch() (r epochRow, err error) {
	err = t.row(`SELECT identity, counter, filed, restores, restored_at FROM epoch WHERE id = 1`).Scan(&r.identity, &r.counter, &r.filed, &r.restores, &r.at)
	return r, err
}

func readEpoch(path string) (f epochFile, err error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return f, err
	}
	f.there = true
	n, err := fmt.Sscanf(string(raw), epochLine, &f.identity, &f.counter)
	f.readable = n == 2 && err == nil && string(raw) == fmt.Sprintf(epochLine, f.identity, f.counter)
	if !f.readable {
		f.counter = 0
	}
	return f, nil
}

// begin writes the file for the first time.
func (e *epoch) begin(r epochRow, now time.Time) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.identity, e.counter, e.tried = r.identity, max(e.counter, r.counter), now
	return e.write()
}

// moved notes a commit.
func (e *epoch) moved(counter int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.counter = counter
}

// tend brings the file up to date if it is time to. It runs between two batches, in the writer, so no commit pays for it.
func (e *epoch) tend(now time.Time) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	since := now.Sub(e.tried)
	if e.identity == "" || e.written == e.counter || since >= 0 && since < epochEvery {
		return nil
	}
	e.tried = now
	return e.write()
}

// end brings the file up to date for good. No commit may follow.
func (e *epoch) end() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.identity == "" || e.written == e.counter {
		return nil
	}
	return e.write()
}

func (e *epoch) write() error {
	if err := replace(e.path, fmt.Sprintf(epochLine, e.identity, e.counter)); err != nil {
		return err
	}
	e.written = e.counter
	return nil
}

// replace puts a file in the place of another, durably: whoever reads finds the one or the other, whole.
func replace(path, content string) error {
	next := path + ".new"
	f, err := os.OpenFile(next, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	failpoint.Hit("epoch", "written")
	if err := os.Rename(next, path); err != nil {
		return err
	}
	failpoint.Hit("epoch", "renamed")
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
