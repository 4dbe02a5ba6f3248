package post_test

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge/post"
)

// counter looks a counter up among what was registered.
func counter(t *testing.T, c *town, channel, kind, result string) prometheus.Collector {
	t.Helper()
	families, err := c.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	value := prometheus.NewGauge(prometheus.GaugeOpts{Name: "found"})
	for _, f := range families {
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if f.GetName() == "paybridge_messages_total" && labels["channel"] == channel && labels["kind"] == kind && labels["result"] == result {
				value.Set(m.GetCounter().GetValue())
			}
		}
	}
	return value
}

func (c *town) log() *zap.Logger { return zap.NewNop() }

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func withCA(t *testing.T, w post.Webhook, server *httptest.Server) post.Webhook {
	t.Helper()
	w.CAFile = file(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	return w
}
