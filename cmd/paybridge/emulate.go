package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/paybridge/paybridge/dataverse/dataversesim"
	"github.com/paybridge/paybridge/providers/providersim"
)

// emulation is where a simulator listens and where it writes the files that fit it.
type emulation struct {
	listen, control, dir string
	seed                 uint64
}

func newEmulate() *cobra.Command {
	cmd := &cobra.Command{
		Use: "emulate", Short: "Serve a simulator of Dynamics 365 or of a payment provider",
		Long: "emulate serves a simulator until it is interrupted. It writes the certificates, secrets and settings that fit it into --dir; when\n" +
			"Dynamics and a provider used the same folder, paybridge.yaml there is complete.",
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newEmulateDataverse())
	for _, name := range providersim.Names() {
		cmd.AddCommand(newEmulateProvider(name))
	}
	return cmd
}

func (e *emulation) flags(cmd *cobra.Command, listen, control string) {
	f := cmd.Flags()
	f.StringVar(&e.listen, "listen", listen, "where it serves HTTPS")
	f.StringVar(&e.control, "control", control, "where it takes orders, by plain HTTP; never open this to others")
	f.StringVar(&e.dir, "dir", "", "where to write the settings, certificates and secrets that fit it (required)")
	f.Uint64Var(&e.seed, "seed", 0, "pick the behaviours that Microsoft or the provider leaves open by this number; 0 for the usual ones")
}

func newEmulateDataverse() *cobra.Command {
	var e emulation
	var variant, page string
	var window time.Duration
	cmd := &cobra.Command{
		Use: "dataverse", Short: "Dynamics 365 with its sign-in and its event API", Args: exactly(0, "no arguments"),
		Example: "  paybridge emulate dataverse --dir sim",
		RunE: func(cmd *cobra.Command, _ []string) error {
			config := dataversesim.Config{Variant: variant, Window: window, Seed: e.seed, PaymentPage: page, Events: append(dataversesim.SampleEvents(), demoSale())}
			if err := config.Validate(); err != nil {
				return usage(err)
			}
			sim := dataversesim.New(config)
			return e.run(cmd.Context(), cmd.ErrOrStderr(), sim.Handler(), sim.Control(), func(origin string, files simFiles) error {
				dialect := "outbound"
				if variant == dataversesim.VariantRealtime {
					dialect = "realtime"
				}
				return files.dataverse(sim, origin, dialect, window)
			})
		},
	}
	e.flags(cmd, "127.0.0.1:8443", "127.0.0.1:8444")
	cmd.Flags().StringVar(&variant, "variant", dataversesim.VariantRealtime, "which generation answers")
	cmd.Flags().DurationVar(&window, "window", 50*time.Minute, "how long a temporary registration lives")
	cmd.Flags().StringVar(&page, "payment-page", "http://127.0.0.1:8080/pay/"+accountOf("paypal"), "where a registration sends the buyer")
	return cmd
}

// newEmulateProvider is the command of one provider's simulator.
func newEmulateProvider(name string) *cobra.Command {
	var e emulation
	var public string
	cmd := &cobra.Command{
		Use: name, Short: "The payment provider " + name + ": its API, pay page and notifications", Args: exactly(0, "no arguments"),
		Example: "  paybridge emulate " + name + " --dir sim",
		RunE: func(cmd *cobra.Command, _ []string) error {
			sim, err := providersim.New(name, providersim.Config{Seed: e.seed})
			if err != nil {
				return err
			}
			defer sim.Close()
			return e.run(cmd.Context(), cmd.ErrOrStderr(), sim.Handler(), sim.Control(), func(origin string, files simFiles) error {
				sim.SetBaseURL(origin)
				return files.account(name, sim, strings.TrimSuffix(public, "/"), nil)
			})
		},
	}
	e.flags(cmd, "127.0.0.1:8445", "127.0.0.1:8446")
	cmd.Flags().StringVar(&public, "public", "http://127.0.0.1:8080", "the daemon's public address: notifications go to its /callback/"+accountOf(name))
	return cmd
}

// run writes the files, serves the simulator and its control port, and ends with the context.
func (e *emulation) run(ctx context.Context, says io.Writer, sim, control http.Handler, write func(origin string, files simFiles) error) error {
	if e.dir == "" {
		return usage(errors.New("--dir is required; name a folder for the settings, certificates and secrets"))
	}
	if err := os.MkdirAll(e.dir, 0o700); err != nil {
		return fmt.Errorf("make the folder: %w", err)
	}
	cert, ca, err := dataversesim.SelfSigned("127.0.0.1", "localhost")
	if err != nil {
		return err
	}
	server, origin, err := serveTLS(e.listen, cert, sim)
	if err != nil {
		return err
	}
	defer server.Close()
	orders, err := net.Listen("tcp", e.control)
	if err != nil {
		return fmt.Errorf("listen for orders: %w", err)
	}
	desk := &http.Server{Handler: control, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = desk.Serve(orders) }()
	defer desk.Close()
	files := simFiles{dir: e.dir, ca: ca}
	if err := errors.Join(write(origin, files), files.settings("127.0.0.1:8080", "127.0.0.1:9464", files.path("paybridge.db"))); err != nil {
		return err
	}
	fmt.Fprintf(says, "serving %s, taking orders at http://%s\nfiles are in %s; when Dynamics and a provider run: paybridge serve --config %s\n", origin,
		orders.Addr(), e.dir, files.path("paybridge.yaml"))
	<-ctx.Done()
	return nil
}
