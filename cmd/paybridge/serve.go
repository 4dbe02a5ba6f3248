package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/paybridge/paybridge/bridge/web"
	"github.com/paybridge/paybridge/config"
)

func newServe() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:     "serve",
		Short:   "Run the daemon",
		Example: "  paybridge serve --config paybridge.yaml",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(path)
			if err != nil {
				return err
			}
			return serve(cmd.Context(), c, newLogger(os.Stderr))
		},
	}
	cmd.Flags().StringVar(&path, "config", "paybridge.yaml", "the settings file")
	return cmd
}

const (
	pruneEvery  = time.Hour
	keepBodies  = 30 * 24 * time.Hour
	drainWithin = 20 * time.Second
)

// serve runs the daemon until the context is done, then lets requests and purchases in hand finish.
func serve(ctx context.Context, c *config.Config, log *zap.Logger) error {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	p, err := wire(ctx, c, wiring{clock: wallClock{}, log: log, registry: reg})
	if err != nil {
		return err
	}
	defer p.close()
	public, err := net.Listen("tcp", c.Server.Listen)
	if err != nil {
		return fmt.Errorf("listen for the public: %w", err)
	}
	operations, err := net.Listen("tcp", c.Operations.Listen)
	if err != nil {
		return fmt.Errorf("listen for operations: %w", err)
	}
	control, err := web.ListenControl(c.ControlSocket())
	if err != nil {
		return fmt.Errorf("listen for decisions at %s: %w; name another path as control in the settings", c.ControlSocket(), err)
	}
	log.Info("paybridge is up", zap.String("version", version), zap.Stringer("public", public.Addr()), zap.Stringer("operations", operations.Addr()))
	defer log.Info("paybridge ended")
	return p.run(ctx, public, operations, control)
}

// run serves the faces and works until the context is done. The public face closes first: what was accepted is then worked on.
func (p *program) run(ctx context.Context, public, operations, control net.Listener) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return web.Serve(ctx, public, p.public, drainWithin) })
	group.Go(func() error { return web.Serve(ctx, operations, p.operations, drainWithin) })
	group.Go(func() error { return web.Serve(ctx, control, p.control, drainWithin) })
	group.Go(func() error { return p.bridge.Run(ctx) })
	group.Go(func() error { return p.post.Run(ctx) })
	group.Go(func() error { return p.prune(ctx) })
	return group.Wait()
}

// prune forgets old delivery bodies; the facts stay.
func (p *program) prune(ctx context.Context) error {
	for {
		n, err := p.store.Prune(ctx, p.clock.Now().Add(-p.keep))
		if err != nil && ctx.Err() == nil {
			p.log.Error("old deliveries could not be pruned", zap.Error(err))
		} else if n > 0 {
			p.log.Info("old deliveries were pruned", zap.Int("attempt", n))
		}
		if p.clock.Sleep(ctx, pruneEvery) != nil {
			return nil
		}
	}
}
