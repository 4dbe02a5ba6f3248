package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
)

// progress tells on stderr how far long work has come: in one line that changes on a terminal, else in a line every ten seconds.
type progress struct {
	out    io.Writer
	format string // text, json or none
	every  time.Duration
	live   bool
	now    func() time.Time
	began  time.Time
	last   time.Time
	open   bool // a line that changes is on the screen
}

func newProgress(out io.Writer, format string, now func() time.Time) *progress {
	p := &progress{out: out, format: format, every: 10 * time.Second, now: now, began: now()}
	if f, ok := out.(*os.File); ok && format == "text" && isatty.IsTerminal(f.Fd()) && os.Getenv("TERM") != "dumb" {
		p.live, p.every = true, 200*time.Millisecond
	}
	p.last = p.began
	return p
}

// step says how much of something is done.
func (p *progress) step(what string, done int) {
	now := p.now()
	if p.format == "none" || now.Sub(p.last) < p.every {
		return
	}
	p.last = now
	took := now.Sub(p.began).Round(time.Second)
	switch {
	case p.format == "json":
		p.json(map[string]any{"progress": what, "done": done, "seconds": took.Seconds()})
	case p.live:
		fmt.Fprintf(p.out, "\r\033[K%s: %d (%v)", what, done, took)
		p.open = true
	default:
		fmt.Fprintf(p.out, "%s: %d (%v)\n", what, done, took)
	}
}

// say says something that people should read.
func (p *progress) say(format string, args ...any) {
	if p.format == "json" {
		p.json(map[string]any{"note": fmt.Sprintf(format, args...)})
		return
	}
	p.end()
	fmt.Fprintf(p.out, format+"\n", args...)
}

func (p *progress) json(v map[string]any) {
	v["schema_version"] = schemaVersion
	_ = json.NewEncoder(p.out).Encode(v) // who does not read it misses it
}

// end clears the line that changes.
func (p *progress) end() {
	if p.open {
		fmt.Fprint(p.out, "\r\033[K")
		p.open = false
	}
}
