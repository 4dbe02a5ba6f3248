package protocol_test

import (
	"testing"

	"go.uber.org/goleak"
)

// A goroutine that outlives the tests would outlive its purpose in the daemon too.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
