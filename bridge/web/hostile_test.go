package web

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// counting is an engine for many at once.
type counting struct {
	*engine
	mu sync.Mutex
}

func (e *counting) Receive(ctx context.Context, d purchase.Delivery) bridge.Receipt {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.engine.Receive(ctx, d)
}

func (e *counting) UnknownAccount() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.engine.UnknownAccount()
}

// kept is the bodies that were handed to the engine.
func (e *counting) kept() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var bodies []string
	for _, d := range e.received {
		bodies = append(bodies, string(d.Body))
	}
	return bodies
}

// A door is the public face on a real listener, with bounds that a test can reach.
type door struct {
	*counting
	t       *testing.T
	address string
}

func openDoor(t *testing.T, b bounds, bodyWithin time.Duration) *door {
	t.Helper()
	d := &door{counting: &counting{engine: &engine{receipt: bridge.Receipt{Outcome: bridge.Accepted}, err: bridge.ErrNotFound}}, t: t}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.address = listener.Addr().String()
	face := NewPublic(Options{Bridge: d, Log: zap.NewNop(), Accounts: []bridge.Account{{Name: "shop", Kind: "paypal"}}, Registerer: prometheus.NewRegistry(),
		Now: time.Now, BodyWithin: bodyWithin})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, listener, face, 0, b) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return d
}

// patience is for what must happen at last; nothing here is measured against it.
const patience = time.Minute

func (d *door) dial() net.Conn {
	d.t.Helper()
	conn, err := net.Dial("tcp", d.address)
	if err != nil {
		d.t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	d.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// genuine delivers as a provider does, on a connection of its own.
func (d *door) genuine(body string) {
	d.t.Helper()
	conn := d.dial()
	defer conn.Close()
	fmt.Fprintf(conn, "POST /callback/shop HTTP/1.1\r\nHost: pay\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	if got := statuses(conn); got != "200" {
		d.t.Errorf("another caller is answered %q", got)
	}
}

// statuses reads all answers until the connection ends.
func statuses(conn net.Conn) string {
	var all []string
	for from := bufio.NewReader(conn); ; {
		resp, err := http.ReadResponse(from, nil)
		if err != nil {
			if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
				all = append(all, "never closed")
			}
			return strings.Join(all, " ")
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		all = append(all, fmt.Sprint(resp.StatusCode))
	}
}

func TestASlowClientIsCutOffAndHoldsUpNobody(t *testing.T) {
	t.Parallel()
	const moment = 300 * time.Millisecond
	d := openDoor(t, bounds{header: moment, idle: moment, connections: 64}, moment)
	post := "POST /callback/shop HTTP/1.1\r\nHost: pay\r\n"
	var all sync.WaitGroup
	for name, c := range map[string]struct{ at, drip, want string }{
		"says nothing":                 {"", "", ""},
		"a header a byte at a time":    {"POST /callback/shop HTTP/1.1\r\nX-Slow: ", "a", ""},
		"an address a byte at a time":  {"GET /return/", "a", "400"},
		"headers without an end":       {post, "X: y\r\n", ""},
		"a body a byte at a time":      {post + "Content-Length: 1000\r\n\r\n", "a", "408"},
		"a body that stops":            {post + "Content-Length: 1000\r\n\r\n", "", "408"},
		"chunks of a byte":             {post + "Transfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n", "408"},
		"a chunk's length for ever":    {post + "Transfer-Encoding: chunked\r\n\r\n1", "0", "408"},
		"a trailer for ever":           {post + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: ", "y", "400"},
		"a body for nobody":            {"POST /callback/nobody HTTP/1.1\r\nHost: pay\r\nContent-Length: 9000\r\n\r\n", "a", "404"},
		"a form that nobody reads":     {"POST /return/token HTTP/1.1\r\nHost: pay\r\nContent-Length: 9000\r\n\r\n", "a", "303"},
		"an invoice a byte at a time":  {"POST /invoice/token HTTP/1.1\r\nHost: pay\r\nContent-Length: 9000\r\n\r\n", "a", "404"},
		"a second request that hangs":  {post + "Content-Length: 0\r\n\r\n" + post, "", "200"},
		"asks whether to go on, waits": {post + "Expect: 100-continue\r\nContent-Length: 10\r\n\r\n", "", "100 408"},
	} {
		for range 3 {
			conn := d.dial()
			all.Go(func() { _ = drip(conn, c.at, c.drip) })
			all.Go(func() {
				if got := statuses(conn); got != c.want {
					t.Errorf("%s: answered %q, want %q", name, got, c.want)
				}
				_ = conn.Close()
			})
		}
	}
	for range 10 {
		d.genuine("genuine")
	}
	all.Wait()
	for _, body := range d.kept() {
		if body != "genuine" && body != "" {
			t.Errorf("a part of a delivery was handed on: %q", body)
		}
	}
}

// drip writes the beginning, then a bit again and again until the other side has enough.
func drip(conn net.Conn, at, bit string) error {
	if _, err := io.WriteString(conn, at); err != nil {
		return err
	}
	for bit != "" {
		if _, err := io.WriteString(conn, bit); err != nil {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}

func packed(t *testing.T, size int) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.CopyN(w, zeros{}, int64(size)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestWhatIsNoRightRequestGetsItsStatusAndReachesNobody(t *testing.T) {
	t.Parallel()
	const to = "POST /callback/shop HTTP/1.1\r\nHost: pay\r\n"
	const closing = to + "Connection: close\r\n"
	bomb := packed(t, 16<<20)
	deep := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	for name, c := range map[string]struct{ sent, want, kept string }{
		"a header of 1 MiB":           {to + "X: " + strings.Repeat("a", 1<<20) + "\r\n\r\n", "431", ""},
		"100,000 headers":             {to + strings.Repeat("X: y\r\n", 100_000) + "\r\n", "431", ""},
		"100,000 cookies":             {to + "Cookie: " + strings.Repeat("a=b; ", 100_000) + "\r\n\r\n", "431", ""},
		"an address of 1 MiB":         {"GET /pay/shop?purchaseId=" + strings.Repeat("a", 1<<20) + " HTTP/1.1\r\nHost: pay\r\n\r\n", "431", ""},
		"a body of more than 1 MiB":   {to + "Content-Length: 1048577\r\n\r\n", "413", ""},
		"a body of 2⁶⁴ bytes":         {to + "Content-Length: 18446744073709551616\r\n\r\n", "400", ""},
		"a body of less than nothing": {to + "Content-Length: -1\r\n\r\n", "400", ""},
		"two lengths":                 {to + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400", ""},
		"a length and chunks":         {to + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n" + to + "\r\n", "200", "a"},
		"chunks twice":                {to + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "501", ""},
		"chunks of another coding":    {to + "Transfer-Encoding: gzip, chunked\r\n\r\n", "501", ""},
		"chunks to 1.0":               {"POST /callback/shop HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", "200", ""},
		"a chunk of 2⁶⁴ bytes":        {to + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", "400", ""},
		"a chunk of no number":        {to + "Transfer-Encoding: chunked\r\n\r\n-1\r\na\r\n", "400", ""},
		"chunks beyond 1 MiB":         {to + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("10000\r\n"+strings.Repeat("a", 1<<16)+"\r\n", 17), "413", ""},
		"a chunk's comment of 1 MiB":  {to + "Transfer-Encoding: chunked\r\n\r\n1;" + strings.Repeat("a", 1<<20) + "\r\n", "400", ""},
		"chunks that are cut":         {to + "Transfer-Encoding: chunked\r\n\r\n5\r\nab", "400", ""},
		"a body that is cut":          {to + "Content-Length: 5\r\n\r\nab", "400", ""},
		"packed, 16 MiB unpacked":     {closing + fmt.Sprintf("Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n", len(bomb)) + bomb, "200", bomb},
		"nested 100,000 deep":         {closing + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(deep)) + deep, "200", deep},
		"two hosts":                   {"POST /callback/shop HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400", ""},
		"no host":                     {"POST /callback/shop HTTP/1.1\r\n\r\n", "400", ""},
		"an odd header":               {to + "X y: z\r\n\r\n", "400", ""},
		"a header on two lines":       {closing + "X: y\r\n z\r\nContent-Length: 1\r\n\r\nb", "200", "b"},
		"a header with a zero byte":   {to + "X: \x00\r\n\r\n", "400", ""},
		"no version":                  {"GET /return/x\r\n\r\n", "400", ""},
		"HTTP/1.0":                    {"POST /callback/shop HTTP/1.0\r\nContent-Length: 1\r\n\r\nc", "200", "c"},
		"HTTP/2 without being asked":  {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "404", ""},
		"an address of odd bytes":     {"GET /return/\xff\xfe HTTP/1.1\r\nHost: pay\r\nConnection: close\r\n\r\n", "404", ""},
		"an address of odd escapes":   {"GET /return/%zz HTTP/1.1\r\nHost: pay\r\n\r\n", "400", ""},
		"an account of odd bytes":     {"POST /callback/%ff%00 HTTP/1.1\r\nHost: pay\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "404", ""},
		"an account with slashes":     {"POST /callback/shop%2f..%2fshop HTTP/1.1\r\nHost: pay\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "404", ""},
		"a way out":                   {"GET /callback/../return/x HTTP/1.1\r\nHost: pay\r\nConnection: close\r\n\r\n", "404", ""},
		"a whole address":             {"GET http://evil.example/return/x HTTP/1.1\r\nHost: pay\r\nConnection: close\r\n\r\n", "404", ""},
		"another way through":         {"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", "404", ""},
		"a made-up method":            {"BREW /pay/shop HTTP/1.1\r\nHost: pay\r\nConnection: close\r\n\r\n", "405", ""},
		"three at once":               {to + "Content-Length: 1\r\n\r\nd" + to + "Content-Length: 1\r\n\r\ne" + closing + "Content-Length: 1\r\n\r\nf", "200 200 200", "d|e|f"},
		"another in what was cut off": {to + "Content-Length: 2000000\r\n\r\n" + to + "Content-Length: 1\r\n\r\ng", "413", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openDoor(t, bounds{}, 0)
			conn := d.dial()
			go func() {
				_, _ = io.WriteString(conn, c.sent)
				_ = conn.(*net.TCPConn).CloseWrite()
			}()
			if got := statuses(conn); got != c.want {
				t.Errorf("answered %q, want %q", got, c.want)
			}
			if got := strings.Join(d.kept(), "|"); got != c.kept {
				t.Errorf("handed on %.40q (%d bytes), want %.40q", got, len(got), c.kept)
			}
			d.genuine("still here")
		})
	}
}

func TestLongDeliveriesShareOneRoomAndShortOnesNeedNone(t *testing.T) {
	t.Parallel()
	d := openDoor(t, bounds{}, patience)
	const post = "POST /callback/shop HTTP/1.1\r\nHost: pay\r\n"
	var holding []net.Conn
	for range heldAtOnce / maxDelivery {
		conn := d.dial()
		holding = append(holding, conn)
		fmt.Fprintf(conn, post+"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n", maxDelivery)
		if line, err := bufio.NewReader(conn).ReadString('\n'); !strings.Contains(line, "100") {
			t.Fatalf("a long delivery is not taken in: %q, %v", line, err)
		}
	}
	middling := strings.Repeat("a", 2*takenFreely)
	for _, more := range []string{
		fmt.Sprintf("Expect: 100-continue\r\nContent-Length: %d\r\n\r\n", maxDelivery),
		fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(middling), middling),
		fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(middling), middling),
	} {
		conn := d.dial()
		_, _ = io.WriteString(conn, post+more)
		if got := statuses(conn); got != "503" {
			t.Errorf("a long delivery too many (%.30q) is answered %q", more, got)
		}
	}
	d.genuine("short")
	for _, conn := range holding {
		_ = conn.Close()
	}
	long := strings.Repeat("b", maxDelivery)
	for last := ""; last != "200"; { // the server notices the others' end when it gets to it
		conn := d.dial()
		fmt.Fprintf(conn, "POST /callback/shop HTTP/1.1\r\nHost: pay\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(long), long)
		if last = statuses(conn); last != "200" && last != "503" {
			t.Fatalf("a long delivery afterwards is answered %q", last)
		}
	}
	if kept := d.kept(); len(kept) != 2 || kept[0] != "short" || kept[1] != long {
		t.Errorf("%d deliveries were handed on", len(kept))
	}
}

func TestACrowdThatOnlyStandsThereMakesRoom(t *testing.T) {
	t.Parallel()
	const places = 32
	d := openDoor(t, bounds{connections: places, header: patience, idle: patience}, 0)
	var crowd sync.WaitGroup
	for range 4 * places {
		conn := d.dial()
		crowd.Go(func() {
			fmt.Fprint(conn, "POST /callback/shop HTTP/1.1\r\nHost: pay\r\nContent-Length: 1\r\n\r\na")
			if got := statuses(conn); got != "200" { // who was let in is answered, and then let go
				t.Errorf("one of the crowd is answered %q", got)
			}
		})
	}
	for range 8 {
		d.genuine("genuine")
	}
	stop := make(chan struct{})
	go func() { // those who came last may stay until others come
		defer close(stop)
		crowd.Wait()
	}()
	for waiting := true; waiting; {
		select {
		case <-stop:
			waiting = false
		default:
			var more []net.Conn
			for range places - 4 {
				more = append(more, d.dial())
			}
			d.genuine("genuine")
			for _, conn := range more {
				_ = conn.Close()
			}
		}
	}
	if n := len(d.kept()); n < 4*places+8 {
		t.Errorf("%d deliveries were handed on", n)
	}
}
