package web

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// bounds are what a face grants those who connect to it; what is zero is as usual.
type bounds struct {
	header, write, idle time.Duration
	headerBytes         int
	connections         int
}

// usual: the longest wait of one who says nothing is that for the header, so that is how long a crowd can keep others out. All
// connections together hold some 300 MiB at most: a header, buffers, and a body that is taken in freely.
var usual = bounds{header: 10 * time.Second, write: 2 * time.Minute, idle: 2 * time.Minute, headerBytes: 64 << 10, connections: 4096}

// Serve serves a face until the context is done, then takes no new connection and lets the requests in hand finish for as long as
// drain; what is not done by then is cut off. It owns the listener. A nil error means that it ended because the context did.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler, drain time.Duration) error {
	return serve(ctx, listener, handler, drain, usual)
}

func serve(ctx context.Context, listener net.Listener, handler http.Handler, drain time.Duration, b bounds) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: cmp.Or(b.header, usual.header), WriteTimeout: cmp.Or(b.write, usual.write),
		IdleTimeout: cmp.Or(b.idle, usual.idle), MaxHeaderBytes: cmp.Or(b.headerBytes, usual.headerBytes)}
	most := cmp.Or(b.connections, usual.connections)
	server.ConnState = newPress(server, most).watch
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(netutil.LimitListener(listener, most)) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return server.Close()
	}
	return nil
}
