package purchase

import "context"

type anonymous struct{}

// Anonymous marks what is asked of Dynamics because somebody unknown opened an address of ours: such requests get only their share
// of what may be asked, and come after those that money waits for.
func Anonymous(ctx context.Context) context.Context { return context.WithValue(ctx, anonymous{}, true) }

// IsAnonymous tells whether the context bears that mark.
func IsAnonymous(ctx context.Context) bool { return ctx.Value(anonymous{}) != nil }
