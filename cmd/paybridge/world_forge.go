package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/paybridge/paybridge/providers/providersim"
)

func (w *world) forgeries() (sent, accepted int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.forged, len(w.taken)
}

func (w *world) deceits() []deceit {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.taken)
}

// strangeID is a PurchaseId that Dynamics never gave.
func strangeID(n int, seed uint64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "strange %d %d", n, seed))
	s := fmt.Sprintf("%x", sum[:16])
	return s[:8] + "-" + s[8:12] + "-4" + s[13:16] + "-8" + s[17:20] + "-" + s[20:32]
}

// forge posts callbacks that the provider never sent, for a purchase that nobody paid.
func (b *buyer) forge(ctx context.Context) error {
	for _, n := range b.shop.Forgeries(providersim.Forgery{Purchase: b.purchase, Value: b.price, Currency: "EUR"}) {
		address := b.public + "/callback/" + b.shop.account()
		if n.Query != "" {
			address += "?" + n.Query
		}
		req, err := http.NewRequestWithContext(ctx, cmp.Or(n.Method, http.MethodPost), address, bytes.NewReader(n.Body))
		if err != nil {
			return err
		}
		req.Header = n.Header.Clone()
		resp, err := b.browser.Do(req)
		if err != nil {
			b.trouble = err.Error()
			continue
		}
		answer, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
		resp.Body.Close()
		if err != nil {
			b.trouble = err.Error()
			continue
		}
		taken := b.shop.Accepts(resp.StatusCode, answer) && !n.Harmless
		b.mu.Lock()
		b.forged++
		if taken {
			b.world.taken = append(b.world.taken, deceit{b.scene.Number, b.shop.Name, b.purchase, time.Now()})
		}
		b.mu.Unlock()
	}
	return nil
}
