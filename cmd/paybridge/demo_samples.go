package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const sampleEvery = 10 * time.Second

// sampled are the daemon's own metrics that a leak shows in.
var sampled = []string{"process_resident_memory_bytes", "go_memstats_heap_inuse_bytes", "go_goroutines", "process_open_fds"}

// sample writes how much the daemon uses, one line every ten seconds, until the sale is over.
func (s *sale) sample(ctx context.Context, began time.Time) {
	out, err := os.Create(s.samples)
	if err != nil {
		fmt.Fprintln(s.says, err)
		return
	}
	defer out.Close()
	fmt.Fprintf(out, "seconds,buyers_through,%s,files_bytes\n", strings.Join(sampled, ","))
	for sleepUntil(ctx, time.Now().Add(sampleEvery)) == nil {
		values, err := s.world.measure(ctx)
		if err != nil {
			continue // it was just killed
		}
		fmt.Fprintf(out, "%.0f,%d,%s,%d\n", time.Since(began).Seconds(), s.done.Load(), strings.Join(values, ","), s.filesBytes())
	}
}

// measure reads the metrics of the daemon.
func (w *world) measure(ctx context.Context) ([]string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.operations+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	resp, err := w.browser.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	if err != nil {
		return nil, err
	}
	var values []string
	for _, name := range sampled {
		m := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindSubmatch(raw)
		if m == nil {
			return nil, fmt.Errorf("the daemon does not say %s", name)
		}
		v, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			return nil, err
		}
		values = append(values, strconv.FormatFloat(v, 'f', 0, 64))
	}
	return values, nil
}

// filesBytes is what the store's files take.
func (s *sale) filesBytes() (n int64) {
	path := s.db
	if path == "" {
		path = filepath.Join(filepath.Dir(s.daemon.config), "paybridge.db")
	}
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(path + suffix); err == nil {
			n += info.Size()
		}
	}
	return n
}
