package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// An assignment is what a child is asked to simulate: a plan, or what chance makes of a sketch.
type assignment struct {
	Plan      *plan  `json:"plan,omitempty"`
	Seed      uint64 `json:"seed,omitempty"`
	Purchases int    `json:"purchases,omitempty"`
	Story     bool   `json:"story,omitempty"`
}

func (a assignment) plan() plan {
	if a.Plan != nil {
		return *a.Plan
	}
	return sketch{seed: a.Seed, purchases: a.Purchases}.draw()
}

// An answer is what a child answers.
type answer struct {
	Outcome *outcome `json:"outcome,omitempty"`
	Story   []string `json:"story,omitempty"`
	Error   string   `json:"error,omitempty"`
}

// newSimulateChild is the process in which simulations run: assignments come in, one a line, and answers go out.
func newSimulateChild() *cobra.Command {
	return &cobra.Command{Use: "simulate-child", Hidden: true, Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			in, out := json.NewDecoder(cmd.InOrStdin()), json.NewEncoder(cmd.OutOrStdout())
			os.Stdout = os.Stderr // where the runtime says what went wrong in a bubble, such as goroutines that never end
			bubbles(func(bubble func(func())) int { return answerAssignments(in, out, bubble) })
			return nil
		}}
}

func answerAssignments(in *json.Decoder, out *json.Encoder, bubble func(func())) int {
	for {
		var a assignment
		if err := in.Decode(&a); err != nil {
			if errors.Is(err, io.EOF) {
				return 0
			}
			fmt.Fprintln(os.Stderr, err)
			return exitUsage
		}
		var r answer
		dir, err := os.MkdirTemp(memoryDir(), "paybridge-simulate-")
		if err != nil {
			r.Error = err.Error()
		} else {
			bubble(func() { r = a.carryOut(dir) })
			_ = os.RemoveAll(dir)
		}
		if err := out.Encode(r); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return exitFailed
		}
	}
}

// carryOut plays the plan. It must run in a bubble.
func (a assignment) carryOut(dir string) answer {
	j := newJournal(a.Story)
	o, err := a.plan().play(dir, j)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Outcome: o, Story: j.story()}
}

// memoryDir is a place in memory where there is one: a simulation loses nothing when the power goes.
func memoryDir() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return ""
}

// A child is a process that simulates, one assignment after the other. One processor each: what happens must not depend on how many run.
type child struct {
	cmd    *exec.Cmd
	in     *json.Encoder
	pipe   io.Closer
	out    *json.Decoder
	stderr bytes.Buffer
}

func startChild(ctx context.Context) (*child, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	c := &child{cmd: exec.CommandContext(ctx, program, "simulate-child")}
	c.cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1", "GOGC=800")
	c.cmd.Stderr = &c.stderr
	in, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.in, c.pipe, c.out = json.NewEncoder(in), in, json.NewDecoder(bufio.NewReader(out))
	return c, c.cmd.Start()
}

// do lets the child simulate. An error means that the child is gone: the program panicked, or got stuck.
func (c *child) do(a assignment) (answer, error) {
	if err := c.in.Encode(a); err != nil {
		return answer{}, c.died(err)
	}
	var r answer
	if err := c.out.Decode(&r); err != nil {
		return answer{}, c.died(err)
	}
	if r.Error != "" {
		return r, errors.New(r.Error)
	}
	return r, nil
}

func (c *child) died(err error) error {
	_ = c.cmd.Wait()
	lines := strings.Split(strings.TrimSpace(c.stderr.String()), "\n")
	return fmt.Errorf("the simulation died: %w\n%s", err, strings.Join(lines[:min(len(lines), 40)], "\n"))
}

func (c *child) stop() {
	_ = c.pipe.Close()
	_ = c.cmd.Wait()
}

// once simulates one thing in a child of its own.
func once(ctx context.Context, a assignment) (answer, error) {
	c, err := startChild(ctx)
	if err != nil {
		return answer{}, err
	}
	defer c.stop()
	return c.do(a)
}

// savePlan writes a plan down.
func savePlan(path string, p plan) error {
	raw, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Clean(path), append(raw, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return nil
}
