//go:build !failpoint

package failpoint

// On tells whether this build can kill itself.
const On = false

// Hit says that act has come to a moment.
func Hit(act, moment string) {}

// Bound is the bound itself; only a build that can kill itself may have a smaller one.
func Bound(usual int64) int64 { return usual }
