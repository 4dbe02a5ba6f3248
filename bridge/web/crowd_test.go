package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
)

func TestOneAddressSendsOnlySoManyToPay(t *testing.T) {
	t.Parallel()
	c, now := newCrowd(60), time.Unix(1_800_000_000, 0)
	admitted := func(address string, at time.Time) (n int) {
		for range 200 {
			if c.admits(address, at) {
				n++
			}
		}
		return n
	}
	for _, row := range []struct {
		address string
		at      time.Duration
		want    int
	}{
		{"203.0.113.7", 0, 60},
		{"203.0.113.8", 0, 60},                // another address has its own
		{"203.0.113.7", 10 * time.Second, 10}, // one a second comes back
		{"::ffff:203.0.113.8", 0, 0},          // the same address written otherwise
		{"2001:db8:1:2::1", 0, 60},            //
		{"2001:db8:1:2:ffff::1", 0, 0},        // of the same subscriber
		{"2001:db8:1:3::1", 0, 60},            //
		{"10.1.2.3", 0, 200}, {"::1", 0, 200}, // a proxy of ours
		{"127.0.0.1", 0, 200}, {"fd00::1", 0, 200}, //
		{"", 0, 200}, // not known: rather a question too many than a sale lost
	} {
		if got := admitted(row.address, now.Add(row.at)); got != row.want {
			t.Errorf("%s after %v: %d of 200, want %d", row.address, row.at, got, row.want)
		}
	}
}

func TestAFloodFromEverywhereFillsNoMemory(t *testing.T) {
	t.Parallel()
	c, now := newCrowd(1), time.Unix(1_800_000_000, 0)
	address := netip.MustParseAddr("198.18.0.0")
	for range 2*crowdUpTo + 100 {
		c.admits(address.String(), now)
		address = address.Next()
	}
	if len(c.from) > crowdUpTo {
		t.Errorf("%d addresses are remembered, at most %d should be", len(c.from), crowdUpTo)
	}
}

func TestTooManyFromOneAddressIsAPageThatSaysWhenToTryAgain(t *testing.T) {
	t.Parallel()
	e := &engine{checkout: bridge.CheckoutResult{Outcome: bridge.Redirected, Redirect: "https://provider.example/pay"}}
	server := faceWith(t, e, zap.NewNop(), Config{TrustedProxies: []string{"127.0.0.0/8"}, CheckoutsPerMinute: 2})
	from := func(address string) *http.Response {
		resp, _ := get(t, server.URL+"/pay/shop?purchaseId=ab62525b-7a63-47c0-b6e8-17ad1a2c67a6", http.Header{"X-Forwarded-For": {address}})
		return resp
	}
	var statuses []int
	for range 3 {
		statuses = append(statuses, from("203.0.113.7").StatusCode)
	}
	last := from("203.0.113.7")
	if got := fmt.Sprint(statuses); got != "[302 302 429]" || last.Header.Get("Retry-After") == "" || len(e.asked) != 2 {
		t.Errorf("%s, Retry-After %q, the engine was asked %d times", got, last.Header.Get("Retry-After"), len(e.asked))
	}
	if resp := from("203.0.113.9"); resp.StatusCode != http.StatusFound {
		t.Errorf("another address got %s", resp.Status)
	}
}
