package main

import (
	"context"
	crand "crypto/rand"
	"io"
	stdlog "log"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// wallClock is real time.
type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

func (wallClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// realChance draws from the system.
type realChance struct{}

func (realChance) Float64() float64 { return rand.Float64() }

// Token has at least 128 random bits.
func (realChance) Token() string { return crand.Text() }

// newLogger writes JSON lines with UTC times.
func newLogger(out zapcore.WriteSyncer) *zap.Logger {
	encoder := zap.NewProductionEncoderConfig()
	encoder.TimeKey, encoder.EncodeTime = "time", zapcore.RFC3339NanoTimeEncoder
	encoder.EncodeDuration = zapcore.StringDurationEncoder
	core := zapcore.NewCore(zapcore.NewJSONEncoder(encoder), zapcore.Lock(out), zap.InfoLevel)
	return zap.New(core)
}

func quietLogger() *zap.Logger { return zap.NewNop() }

// quietLog is for servers whose clients hang up on purpose.
func quietLog() *stdlog.Logger { return stdlog.New(io.Discard, "", 0) }
