package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// A daemon is paybridge itself as a process of its own, which the demo starts, kills and starts again.
type daemon struct {
	program string
	config  string
	ready   string // address of its readiness check
	log     *os.File
	env     []string // beside ours

	mu      sync.Mutex
	process *exec.Cmd
	done    chan struct{}
}

// startDaemon runs this same program as a daemon; its log goes to daemon.log beside the settings.
func startDaemon(ctx context.Context, config, operations string) (*daemon, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	log, err := os.OpenFile(filepath.Join(filepath.Dir(config), "daemon.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the daemon's log: %w", err)
	}
	d := &daemon{program: program, config: config, ready: "http://" + operations + "/readyz", log: log}
	return d, d.start(ctx)
}

// start starts the process and waits until it is ready.
func (d *daemon) start(ctx context.Context) error {
	cmd := exec.Command(d.program, "serve", "--config", d.config)
	cmd.Stdout, cmd.Stderr, cmd.Env = d.log, d.log, append(os.Environ(), d.env...)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the daemon: %w", err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // how it ended is seen by who asked for it, or in awaitReady
	}()
	d.mu.Lock()
	d.process, d.done = cmd, done
	d.mu.Unlock()
	return d.awaitReady(ctx, done)
}

const readyWithin = 30 * time.Second

func (d *daemon) awaitReady(ctx context.Context, done <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		if isReady(ctx, d.ready) {
			return nil
		}
		select {
		case <-done:
			return fmt.Errorf("the daemon ended at once: %s", d.lastLine())
		case <-ctx.Done():
			return fmt.Errorf("the daemon did not become ready: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func isReady(ctx context.Context, address string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

func (d *daemon) lastLine() string {
	raw, err := os.ReadFile(d.log.Name())
	if err != nil {
		return "its log cannot be read"
	}
	lines := bytes.Split(bytes.TrimSpace(raw), []byte("\n"))
	return string(lines[len(lines)-1])
}

// kill is SIGKILL: no goodbye.
func (d *daemon) kill() { d.end(syscall.SIGKILL) }

// stop lets the daemon finish what is in hand.
func (d *daemon) stop() {
	d.end(syscall.SIGTERM)
	d.log.Close()
}

func (d *daemon) end(signal os.Signal) {
	d.mu.Lock()
	process, done := d.process, d.done
	d.mu.Unlock()
	if err := process.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return
	}
	<-done
}

// ask runs another command of this program on the daemon's settings and returns what it printed.
func (d *daemon) ask(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, d.program, append(args, "--config", d.config)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("run paybridge %s: %w: %s", args[0], err, bytes.TrimSpace(errs.Bytes()))
	}
	return out, nil
}
