// Command paybridge carries payments from payment providers to event registrations in Dynamics 365 Customer Insights - Journeys.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(run(os.Args[1:])) }

// run is the program as a value: the exit code is all that main adds.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRoot()
	root.SetArgs(args)
	return exitCode(root.ExecuteContext(ctx), os.Stderr)
}

// Exit codes, the same for every command.
const (
	exitOK            = 0
	exitFailed        = 1
	exitUsage         = 2
	exitDifferences   = 3
	exitNotConclusive = 4
	exitNotFound      = 5
	exitTryAgain      = 75
	exitInterrupted   = 130
)

// An exitError carries its exit code. A nil err inside means that all was said already.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}
func (e exitError) Unwrap() error { return e.err }

// exitCode prints what is left to say and picks the code: what cobra itself refuses is wrong usage.
func exitCode(err error, stderr *os.File) int {
	if err == nil {
		return exitOK
	}
	if text := err.Error(); text != "" {
		fmt.Fprintln(stderr, "paybridge: "+text)
	}
	var exit exitError
	switch {
	case errors.As(err, &exit):
		return exit.code
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitFailed
}
