//go:build !linux

package store

import "os"

// Elsewhere than on Linux, SQLite's own lock is what keeps a second process out.
func localDisk(string) error    { return nil }
func lockFile(*os.File) error   { return nil }
func unlockFile(*os.File) error { return nil }
