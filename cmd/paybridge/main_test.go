package main

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain is also the child of a campaign. A goroutine that outlives the tests would outlive its purpose in the daemon too.
func TestMain(m *testing.M) {
	if runsAsChild() {
		if err := newRoot().Execute(); err != nil {
			os.Exit(exitFailed)
		}
		return
	}
	goleak.VerifyTestMain(m)
}
