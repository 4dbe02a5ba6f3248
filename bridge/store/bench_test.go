package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/store/storetest"
)

// BenchmarkKeep measures durable keeps (a delivery of 2 KiB and one fact of a new purchase) by so many senders at once, beside a
// bare loop of 4 KiB writes and flushes on the same disk.
func BenchmarkKeep(b *testing.B) {
	for _, senders := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("senders=%d", senders), func(b *testing.B) {
			folder := b.TempDir()
			s := openAt(b, filepath.Join(folder, "bridge.db"), options(&storetest.Clock{}))
			took := make([]time.Duration, b.N)
			var next atomic.Int64
			var wg sync.WaitGroup
			b.ResetTimer()
			for range senders {
				wg.Go(func() {
					for n := int(next.Add(1)) - 1; n < b.N; n = int(next.Add(1)) - 1 {
						start := time.Now()
						if err := keepOne(s, n); err != nil {
							b.Error(err)
							return
						}
						took[n] = time.Since(start)
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			slices.Sort(took)
			rate, flushes := float64(b.N)/b.Elapsed().Seconds(), flushRate(b, folder)
			b.ReportMetric(rate, "keeps/s")
			b.ReportMetric(took[len(took)/2].Seconds()*1e3, "p50-ms")
			b.ReportMetric(took[len(took)*99/100].Seconds()*1e3, "p99-ms")
			b.ReportMetric(flushes, "flushes/s")
			b.ReportMetric(rate/flushes, "keeps/flush")
		})
	}
}

func keepOne(s bridge.Store, n int) error {
	f := paidFact(n)
	f.Payment, f.Standing = fmt.Sprint("p", n), purchase.Heard
	d := note(fmt.Sprint("d", n))
	d.Body = make([]byte, 2<<10)
	_, err := s.Keep(context.Background(), bridge.Keeping{Delivery: d, State: bridge.Read, Facts: []purchase.Fact{f}})
	return err
}

func flushRate(b *testing.B, folder string) float64 {
	b.Helper()
	f, err := os.Create(filepath.Join(folder, "flush"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	n, start, page := 0, time.Now(), make([]byte, 4<<10)
	for ; time.Since(start) < 500*time.Millisecond; n++ {
		if _, err := f.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	return float64(n) / time.Since(start).Seconds()
}
