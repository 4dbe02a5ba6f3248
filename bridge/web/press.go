package web

import (
	"net"
	"net/http"
	"sync"
)

// A press is a crowd at the door of one face. While three quarters of the places are taken, connections that are between two requests
// are closed and none is kept after its answer: those who only stand there make room for those who want something.
type press struct {
	server interface{ SetKeepAlivesEnabled(bool) }
	most   int

	mu    sync.Mutex
	open  int
	tight bool
}

func newPress(server *http.Server, most int) *press { return &press{server: server, most: most} }

// watch is the server's hook for connections that come, wait and go.
func (p *press) watch(_ net.Conn, state http.ConnState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch state {
	case http.StateNew:
		p.open++
	case http.StateClosed, http.StateHijacked:
		p.open--
	default:
		return
	}
	was := p.tight
	p.tight = p.open >= max(1, p.most*3/4) || (was && p.open >= max(1, p.most/2))
	if p.tight != was || (p.tight && state == http.StateNew) { // again for each that comes: one may have been between two requests only since
		p.server.SetKeepAlivesEnabled(!p.tight)
	}
}
