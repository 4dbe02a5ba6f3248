package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A backup is the database as it was at an instant, by the ends of its files' names. What stands beside it to tell a backup is no part of it.
type backup map[string][]byte

const databaseFile = "paybridge.db"

// backUp copies the database. Nothing may move meanwhile.
func (s *stage) backUp() (backup, error) {
	kept := backup{}
	for _, end := range []string{"", "-wal"} {
		raw, err := os.ReadFile(filepath.Join(s.dir, databaseFile+end))
		switch {
		case err == nil:
			kept[end] = raw
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("back the database up: %w", err)
		}
	}
	return kept, nil
}

// restore kills every node, puts the database back, and lets the service managers go on.
func (s *stage) restore(kept backup) error {
	gate := make(chan struct{})
	s.mu.Lock()
	if s.mending != nil {
		s.mu.Unlock()
		return errors.New("the database is being put back already")
	}
	s.mending = gate
	s.mu.Unlock()
	var dead []*node
	for _, p := range s.berths {
		n := p.now()
		n.die()
		dead = append(dead, n)
	}
	for _, n := range dead {
		<-n.closed
	}
	err := s.replace(kept)
	s.mu.Lock()
	s.mending = nil
	s.mu.Unlock()
	close(gate)
	return err
}

// replace puts the files in their place while nobody has them open.
func (s *stage) replace(kept backup) error {
	shared := s.common()
	var errs []error
	if shared != nil {
		errs = append(errs, shared.Close())
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		path := filepath.Join(s.dir, databaseFile+end)
		errs = append(errs, os.RemoveAll(path))
		if raw, ok := kept[end]; ok {
			errs = append(errs, os.WriteFile(path, raw, 0o600))
		}
	}
	if shared != nil {
		errs = append(errs, s.share(len(s.berths)))
	}
	return errors.Join(errs...)
}

// mended waits until the database is in its place.
func (p *berth) mended() {
	p.stage.mu.Lock()
	gate := p.mending
	p.stage.mu.Unlock()
	if gate != nil {
		<-gate
	}
}
