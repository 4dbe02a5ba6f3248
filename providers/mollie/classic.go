package mollie

import (
	"context"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// readClassic reads a notification that says nothing but id=tr_… and is signed by nobody: anybody can send one for any id. The body has
// only this one form, so the id is an id of the bytes, and repeats by whomever are one delivery in the store.
//
// Source: Mollie documentation, webhooks.
func (m *Mollie) readClassic(ctx context.Context, d purchase.Delivery) (purchase.Reading, error) {
	id, ok := strings.CutPrefix(string(d.Body), "id=")
	if !ok || !ids.MatchString(id) || d.Query != "" || protocol.MediaType(d.Header) != protocol.FormType {
		return purchase.Reading{}, purchase.Forged(purchase.Malformed)
	}
	reading, err := m.readBack(ctx, id)
	if err == nil && !reading.Unkept {
		reading.Message = id
	}
	return reading, err
}
