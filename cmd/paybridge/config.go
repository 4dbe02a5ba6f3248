package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/paybridge/paybridge/config"
)

func newConfig() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Check or print the settings",
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(
		&cobra.Command{
			Use: "check FILE", Short: "Report every mistake of a settings file; nothing is started", Args: exactly(1, "the settings file"),
			Example: "  paybridge config check paybridge.yaml",
			RunE:    checkConfig,
		},
		&cobra.Command{
			Use: "print FILE", Short: "Print the settings as they are understood; secrets stay references", Args: exactly(1, "the settings file"),
			RunE: printConfig,
		})
	return cmd
}

// loadConfig reads the settings; what is wrong with them is wrong usage.
func loadConfig(path string) (*config.Config, error) {
	c, err := config.Load(path)
	if err != nil {
		return nil, usage(err)
	}
	return c, nil
}

func checkConfig(cmd *cobra.Command, args []string) error {
	asJSON, err := wantsJSON(cmd)
	if err != nil {
		return err
	}
	_, err = config.Load(args[0])
	var invalid *config.Invalid
	if err != nil && !errors.As(err, &invalid) {
		return usage(err)
	}
	if asJSON {
		report := map[string]any{"schema_version": schemaVersion, "valid": err == nil, "problems": []any{}}
		if invalid != nil {
			report["problems"] = invalid.Problems
		}
		if printErr := printJSON(cmd.OutOrStdout(), report); printErr != nil {
			return printErr
		}
		if invalid != nil {
			return exitError{code: exitUsage}
		}
		return nil
	}
	if invalid != nil {
		fmt.Fprintln(cmd.ErrOrStderr(), invalid.Error())
		return exitError{code: exitUsage}
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s is in order\n", args[0])
	return nil
}

func printConfig(cmd *cobra.Command, args []string) error {
	asJSON, err := wantsJSON(cmd)
	if err != nil {
		return err
	}
	c, err := loadConfig(args[0])
	if err != nil {
		return err
	}
	raw, err := yaml.Marshal(c)
	if err != nil {
		return fmt.Errorf("write the settings: %w", err)
	}
	if !asJSON {
		_, err = cmd.OutOrStdout().Write(raw)
		return err
	}
	var tree map[string]any
	if err := yaml.Unmarshal(raw, &tree); err != nil {
		return fmt.Errorf("write the settings: %w", err)
	}
	return printJSON(cmd.OutOrStdout(), map[string]any{"schema_version": schemaVersion, "settings": tree})
}
