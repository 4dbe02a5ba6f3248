package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/store"
	"github.com/paybridge/paybridge/config"
)

// A reader looks at the store of a daemon that may be running.
type reader struct {
	*store.Store
	environments []string
}

// settingsOf loads the settings that the command's flag names.
func settingsOf(cmd *cobra.Command) (*config.Config, error) {
	path, err := cmd.Flags().GetString("config")
	if err != nil {
		return nil, err
	}
	return loadConfig(path)
}

// withWriter opens the store of the settings for a short change beside the daemon, and closes it again.
func withWriter(cmd *cobra.Command, f func(context.Context, *config.Config, *store.Store) error) error {
	c, err := settingsOf(cmd)
	if err != nil {
		return err
	}
	s, err := store.OpenBeside(cmd.Context(), c.Store, store.Options{Clock: wallClock{}, Policy: policies(c), Rules: purchase.Rules})
	if err != nil {
		return fmt.Errorf("%w; has the daemon run with these settings yet?", err)
	}
	return errors.Join(f(cmd.Context(), c, s), s.Close())
}

// withReader opens the store of the settings for looking and closes it again.
func withReader(cmd *cobra.Command, f func(context.Context, reader) error) error {
	c, err := settingsOf(cmd)
	if err != nil {
		return err
	}
	s, err := store.OpenReader(cmd.Context(), c.Store, store.Options{Clock: wallClock{}, Policy: policies(c), Rules: purchase.Rules})
	if err != nil {
		return fmt.Errorf("%w; has the daemon run with these settings yet?", err)
	}
	return errors.Join(f(cmd.Context(), reader{Store: s, environments: slices.Sorted(maps.Keys(c.Environments))}), s.Close())
}
