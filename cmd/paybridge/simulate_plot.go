package main

import (
	"fmt"
	"strings"
	"time"
)

// The plot's measures, in pixels.
const (
	plotWidth, plotHeight   = 960, 420
	plotLeft, plotRight     = 70, 20
	plotTop, plotBottom     = 40, 50
	plotInner, plotInnerTop = plotWidth - plotLeft - plotRight, plotHeight - plotTop - plotBottom
)

// plotOf draws how much of its window every seat used, over the time of the sale. Troubles are shaded, the deadline is a line.
func plotOf(p plan, o *outcome) []byte {
	span := p.Window
	for _, s := range o.Seats {
		span = max(span, s.At)
	}
	for _, t := range p.Troubles {
		span = max(span, t.At+t.For)
	}
	x := func(at time.Duration) float64 { return plotLeft + float64(at)/float64(span)*plotInner }
	most := p.Window
	for _, s := range o.Seats {
		most = max(most, s.Used)
	}
	y := func(used time.Duration) float64 {
		return plotTop + plotInnerTop - float64(used)/float64(most)*plotInnerTop/1.05
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", plotWidth, plotHeight, plotWidth, plotHeight)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, `<text x="%d" y="22" font-size="14">%d registered of %d, %d on the desk, %d late; tightest margin %s; seed %d</text>`+"\n", plotLeft,
		o.Verdict.Registered, o.Verdict.Purchases, o.Verdict.Desk, o.Late, max(o.Tightest, 0).Round(time.Second), p.Seed)
	plotTroubles(&b, p, x)
	plotAxes(&b, span, most, x, y)
	fmt.Fprintf(&b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#c00" stroke-width="1.5"/><text x="%d" y="%.1f" fill="#c00" text-anchor="end">deadline: %s after registering</text>`+"\n",
		plotLeft, plotWidth-plotRight, y(p.Window), y(p.Window), plotWidth-plotRight-4, y(p.Window)-5, p.Window)
	for _, s := range o.Seats {
		fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="2.5" fill="#06c" fill-opacity="0.6"/>`+"\n", x(s.At), y(s.Used))
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

// plotTroubles shades the times at which something was wrong; their names are staggered.
func plotTroubles(b *strings.Builder, p plan, x func(time.Duration) float64) {
	for i, t := range p.Troubles {
		width := max(x(t.At+t.For)-x(t.At), 1)
		fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="#f80" fill-opacity="0.15"><title>%s</title></rect>`+"\n", x(t.At), plotTop, width, plotInnerTop, t)
		fmt.Fprintf(b, `<text x="%.1f" y="%d" fill="#a50" font-size="10">%s</text>`+"\n", x(t.At)+2, plotTop+12+12*(i%6), strings.ReplaceAll(string(t.Kind), "_", " "))
	}
}

// plotAxes draws a frame with a mark each tenth or so of both sides.
func plotAxes(b *strings.Builder, span, most time.Duration, x, y func(time.Duration) float64) {
	fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" fill="none" stroke="#888"/>`+"\n", plotLeft, plotTop, plotInner, plotInnerTop)
	for at := time.Duration(0); at <= span; at += tick(span) {
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", x(at), plotHeight-plotBottom+18, at)
	}
	for used := time.Duration(0); used <= most; used += tick(most) {
		fmt.Fprintf(b, `<text x="%d" y="%.1f" text-anchor="end">%s</text><line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#eee"/>`+"\n",
			plotLeft-6, y(used)+4, used, plotLeft, plotWidth-plotRight, y(used), y(used))
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">since the sale began</text>`+"\n", plotLeft+plotInner/2, plotHeight-12)
	fmt.Fprintf(b, `<text x="16" y="%d" text-anchor="middle" transform="rotate(-90 16 %d)">from registering to the seat</text>`+"\n", plotTop+plotInnerTop/2, plotTop+plotInnerTop/2)
}

// tick is a round step that divides a span into about ten.
func tick(span time.Duration) time.Duration {
	for _, step := range []time.Duration{time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute,
		30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour} {
		if span/step <= 12 {
			return step
		}
	}
	return 24 * time.Hour
}
