package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/paybridge/paybridge/bridge/reconcile"
)

// A runHeader says what a run compares: only the same run may go on.
type runHeader struct {
	SchemaVersion int               `json:"schema_version"`
	From          time.Time         `json:"from"`
	To            time.Time         `json:"to"`
	Began         time.Time         `json:"began"`
	Environments  map[string]string `json:"environments"`
	Settlements   map[string]string `json:"settlements,omitempty"`
	untilNow      bool              // To is when the run began
}

// A runPart is what was fetched in one go. It is noted whole or not at all.
type runPart struct {
	Part     string            `json:"part"`
	Entries  []reconcile.Entry `json:"entries,omitempty"`
	Sales    []reconcile.Sale  `json:"sales,omitempty"`
	Seats    []reconcile.Seat  `json:"seats,omitempty"`
	Next     string            `json:"next,omitempty"` // cursor of the next part
	Unlisted bool              `json:"unlisted,omitempty"`
}

// A runState is the file that says how far a run came: a header and one line for each part that is done, each flushed to disk before the
// next is fetched. A last line that was cut is as good as not there.
type runState struct {
	path string
	file *os.File
	done map[string]runPart
}

// openState begins a run, or goes on with one. A file that is there is not overwritten by a run that does not go on with it.
func openState(path string, header *runHeader, resume bool) (*runState, error) {
	s := &runState{path: path, done: map[string]runPart{}}
	size := int64(0)
	if resume {
		var err error
		if size, err = s.read(header); err != nil {
			return nil, err
		}
	}
	flags := os.O_CREATE | os.O_RDWR
	if !resume {
		flags |= os.O_EXCL
	}
	file, err := os.OpenFile(path, flags, 0o600) // it holds who paid what
	switch {
	case errors.Is(err, os.ErrExist):
		return nil, fmt.Errorf("%s is there already, from a run that did not end; go on with --resume, or remove it", path)
	case err != nil:
		return nil, fmt.Errorf("note how far the run came: %w", err)
	}
	s.file = file
	if size == 0 {
		return s, s.append(header)
	}
	if err := file.Truncate(size); err != nil {
		return nil, fmt.Errorf("mend %s: %w", path, err)
	}
	_, err = file.Seek(size, 0)
	return s, err
}

// read takes in what is done and returns where the whole lines end.
func (s *runState) read(header *runHeader) (size int64, err error) {
	file, err := os.Open(s.path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, usage(fmt.Errorf("there is no run to go on with: %w; leave --resume out", err))
	}
	if err != nil {
		return 0, err
	}
	defer file.Close()
	for r := bufio.NewReader(file); ; {
		line, err := r.ReadBytes('\n')
		if err != nil { // the rest was cut, or there is none
			return size, nil
		}
		if size == 0 {
			err = s.same(line, header)
		} else {
			var p runPart
			if err = json.Unmarshal(line, &p); err == nil {
				s.done[p.Part] = p
			}
		}
		if err != nil {
			return 0, fmt.Errorf("%s cannot be gone on with: %w; remove it and start again", s.path, err)
		}
		size += int64(len(line))
	}
}

// same refuses to mix two runs.
func (s *runState) same(line []byte, header *runHeader) error {
	var was runHeader
	if err := json.Unmarshal(line, &was); err != nil {
		return err
	}
	header.Began = was.Began
	if header.untilNow {
		header.To = was.To
	}
	if want, err := json.Marshal(header); err != nil || !bytes.Equal(bytes.TrimSpace(line), want) {
		return errors.New("it is of a run with another period, other accounts or other files")
	}
	return nil
}

// begun tells whether there is something to go on with.
func (s *runState) begun() bool { return s != nil && len(s.done) > 0 }

// part is a part that is done, or fetches it and notes it.
func (s *runState) part(name string, fetch func() (runPart, error)) (runPart, error) {
	if p, done := s.done[name]; done {
		return p, nil
	}
	p, err := fetch()
	if err != nil {
		return p, err
	}
	p.Part = name
	s.done[name] = p
	return p, s.append(p)
}

func (s *runState) append(v any) error {
	line, err := json.Marshal(v)
	if err == nil {
		_, err = s.file.Write(append(line, '\n'))
	}
	if err == nil {
		err = s.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("note how far the run came: %w", err)
	}
	return nil
}

func (s *runState) close() {
	if s != nil && s.file != nil {
		_ = s.file.Close()
	}
}

// remove forgets a run that ended.
func (s *runState) remove() { _ = os.Remove(s.path) }
