package mollie

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/paybridge/paybridge/providers/protocol"
)

// authorise adds the key. It is read for each request, so that a changed file needs no restart.
func (m *Mollie) authorise(r *protocol.Request) error {
	key, err := m.config.APIKey.Reveal()
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+key)
	return nil
}

// words are the title and the field of Mollie's one shape of an error. Its detail is free text.
func words(r protocol.Response) (said []string, trace string) {
	var e struct {
		Title string `json:"title"`
		Field string `json:"field"`
	}
	_ = json.Unmarshal(r.Body, &e) // a page of the network's edge has no words
	closed := strings.NewReplacer(" ", "_", ".", "_")
	return []string{closed.Replace(e.Title), closed.Replace(e.Field)}, ""
}

// underKey makes a call one operation however often it is made, for an hour. Mollie wants a UUID of version 4: it is made of the key.
//
// Source: Mollie API reference, idempotency.
func underKey(key string) http.Header {
	sum := sha256.Sum256([]byte(key))
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80
	return http.Header{"Idempotency-Key": {fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])}}
}
