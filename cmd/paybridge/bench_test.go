package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/store"
	"github.com/paybridge/paybridge/bridge/web"
)

// quickProvider reads a delivery at once: what is measured is everything around it.
type quickProvider struct{}

func (quickProvider) Read(_ context.Context, d purchase.Delivery) (purchase.Reading, error) {
	f := paidFact(string(d.Body))
	f.Standing = purchase.Heard
	return purchase.Reading{Message: d.Query, Facts: []purchase.Fact{f}}, nil
}

func (quickProvider) Ask(_ context.Context, ref purchase.Ref) ([]purchase.Fact, error) {
	return []purchase.Fact{paidFact(ref.Payment)}, nil
}

func paidFact(id string) purchase.Fact {
	return purchase.Fact{Purchase: purchase.Key{ID: id}, Kind: purchase.Captured, Standing: purchase.Proved, Payment: id, Object: id,
		Money: purchase.Money{Minor: 4500, Currency: "EUR"}, At: time.Now()}
}

// instantDynamics answers at once and says when a finalize was on the wire.
type instantDynamics struct{ sent func(id string) }

func (instantDynamics) Price(context.Context, purchase.Key) (purchase.Offer, error) {
	return purchase.Offer{Money: purchase.Money{Minor: 4500, Currency: "EUR"}, Created: time.Now()}, nil
}
func (d instantDynamics) Finalize(_ context.Context, call purchase.Final) purchase.Outcome {
	d.sent(call.Key.ID)
	return purchase.Outcome{Result: purchase.Confirmed}
}
func (instantDynamics) ReadBack(context.Context, purchase.Key) (purchase.Seats, error) {
	return purchase.SeatsAll, nil
}
func (instantDynamics) Release(context.Context, purchase.Key, time.Time) purchase.Outcome {
	return purchase.Outcome{}
}

// noStore keeps nothing: the same handler without the flush.
type noStore struct{ bridge.Store }

func (noStore) Keep(context.Context, bridge.Keeping) (bridge.Kept, error) { return bridge.Kept{}, nil }
func (noStore) Resolve(context.Context, string, string) (purchase.Key, error) {
	return purchase.Key{}, bridge.ErrNotFound
}

func benchBridge(b *testing.B, s bridge.Store, sent func(string)) *bridge.Bridge {
	b.Helper()
	accounts := []bridge.Account{{Name: "shop", Kind: "paypal", Environment: "main", Provider: quickProvider{}}}
	made, err := bridge.New(bridge.Options{Store: s, Clock: wallClock{}, Chance: realChance{}, Owner: "bench", Log: zap.NewNop(), Accounts: accounts,
		Environments: []bridge.Environment{{Name: "main", Registrar: instantDynamics{sent: sent}, Policy: purchase.DefaultPolicy(50 * time.Minute)}},
		Metrics:      bridge.NewMetrics(prometheus.NewRegistry(), accounts)})
	if err != nil {
		b.Fatal(err)
	}
	return made
}

func benchStore(b *testing.B) *store.Store {
	b.Helper()
	s, err := store.Open(b.Context(), filepath.Join(b.TempDir(), "bench.db"), store.Options{Clock: wallClock{},
		Policy: func(string) purchase.Policy { return purchase.DefaultPolicy(50 * time.Minute) }, Rules: purchase.Rules, Log: zap.NewNop()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// senders runs b.N sends over so many goroutines and reports rate and latencies.
func senders(b *testing.B, n int, send func(i int64) error) {
	b.Helper()
	var next atomic.Int64
	took := make([][]time.Duration, n)
	var wg sync.WaitGroup
	b.ResetTimer()
	for w := range n {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				began := time.Now()
				if err := send(i); err != nil {
					b.Error(err)
					return
				}
				took[w] = append(took[w], time.Since(began))
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	report(b, slices.Concat(took...))
}

func report(b *testing.B, all []time.Duration) {
	slices.Sort(all)
	if len(all) == 0 {
		return
	}
	b.ReportMetric(float64(len(all))/b.Elapsed().Seconds(), "deliveries/s")
	b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkAcknowledge is the public face over real HTTP: with the durable store, with no store, and beside them a bare loop that
// writes 4 KiB and flushes on the same disk.
func BenchmarkAcknowledge(b *testing.B) {
	b.Run("bare-flush", func(b *testing.B) {
		f, err := os.Create(filepath.Join(b.TempDir(), "flush"))
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		page := make([]byte, 4096)
		senders(b, 1, func(int64) error {
			if _, err := f.Write(page); err != nil {
				return err
			}
			return f.Sync()
		})
	})
	for _, kind := range []string{"no-store", "durable"} {
		for _, n := range []int{1, 16, 64, 256} {
			b.Run(fmt.Sprintf("%s/senders-%d", kind, n), func(b *testing.B) {
				var s bridge.Store = noStore{}
				if kind == "durable" {
					s = benchStore(b)
				}
				made := benchBridge(b, s, func(string) {})
				server := httptest.NewServer(web.NewPublic(web.Options{Bridge: made, Log: zap.NewNop(), Registerer: prometheus.NewRegistry(), Now: time.Now}))
				defer server.Close()
				client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: n}}
				senders(b, n, func(i int64) error { return sendBench(client, server.URL, i) })
			})
		}
	}
}

func benchID(i int64) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", i, i) }

func sendBench(client *http.Client, address string, i int64) error {
	resp, err := client.Post(fmt.Sprintf("%s/callback/shop?m%d", address, i), "application/json", bytes.NewReader([]byte(benchID(i))))
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %s", resp.Status)
	}
	return nil
}

// BenchmarkDeliveryToFinalize is the time from the arrival of a callback to the finalize request on the wire, with a Dynamics and a
// provider that answer at once, one delivery after another.
func BenchmarkDeliveryToFinalize(b *testing.B) {
	var mu sync.Mutex
	waiting := map[string]chan struct{}{}
	made := benchBridge(b, benchStore(b), func(id string) {
		mu.Lock()
		defer mu.Unlock()
		close(waiting[id])
	})
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = made.Run(ctx) }()
	defer func() { stop(); <-ended }()
	senders(b, 1, func(i int64) error {
		id := benchID(i)
		done := make(chan struct{})
		mu.Lock()
		waiting[id] = done
		mu.Unlock()
		d := purchase.Delivery{Account: "shop", Received: time.Now(), Method: "POST", Query: id, Body: []byte(id)}
		d.ID = purchase.DeliveryID(d)
		if r := made.Receive(ctx, d); r.Outcome != bridge.Accepted {
			return fmt.Errorf("receipt %+v", r)
		}
		<-done
		return nil
	})
}
