package providertest

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// Fuzz reads anything at all, and anything at all under a genuine signature where the harness can sign: whatever comes, a reading is
// refused, or kept, or made of facts that the engine can take.
func Fuzz(f *testing.F, h Harness) {
	p, err := h.New()
	if err != nil {
		f.Fatal(err)
	}
	for _, d := range append(copies(h.Genuine), h.Foreign...) {
		f.Add(payload(d), headerText(d.Header), false)
		f.Add(payload(d), headerText(d.Header), true)
	}
	usual := h.Genuine[0]
	f.Fuzz(func(t *testing.T, raw []byte, headers string, sign bool) {
		d := withPayload(usual, raw)
		d.Received = usual.Received
		if d.Header = parseHeaders(headers); sign && h.Sign != nil {
			d.Header = usual.Header.Clone()
			h.Sign(&d)
		}
		reading, err := p.Read(t.Context(), d)
		known := err == nil || errors.Is(err, purchase.ErrForged) || errors.Is(err, purchase.ErrUnchecked) || errors.Is(err, purchase.ErrNotUnderstood)
		if !known {
			t.Errorf("an error of no kind: %v", err)
		}
		if err != nil && len(reading.Facts) > 0 {
			t.Errorf("refused and believed: %v", err)
		}
		for _, fact := range reading.Facts {
			for _, fault := range malformed(h, fact) {
				t.Errorf("%s: %+v", fault, fact)
			}
			purchase.Identify(fact)
		}
	})
}

func headerText(h http.Header) string {
	var b strings.Builder
	for name, values := range h {
		for _, v := range values {
			b.WriteString(name + ": " + v + "\n")
		}
	}
	return b.String()
}

func parseHeaders(text string) http.Header {
	h := http.Header{}
	for line := range strings.SplitSeq(text, "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			h.Add(name, value)
		}
	}
	return h
}

// Bench reads the usual delivery again and again, with its allocations.
func Bench(b *testing.B, h Harness) {
	p, err := h.New()
	if err != nil {
		b.Fatal(err)
	}
	d := h.Genuine[0]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Read(b.Context(), d); err != nil {
			b.Fatal(err)
		}
	}
}
