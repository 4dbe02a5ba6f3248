package main

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	if runsAsChild() {
		if err := newRoot().Execute(); err != nil {
			os.Exit(exitFailed)
		}
		return
	}
	os.Exit(m.Run())
}
