package adyen

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/paybridge/paybridge/providers/protocol"
)

const (
	maxKey = 64

	// inProgress is Adyen's error where the same call under the same key is being carried out just now.
	inProgress = "704"
)

// authorise adds the API key. It is read for each request, so that a changed file needs no restart.
func (a *Adyen) authorise(r *protocol.Request) error {
	key, err := a.config.APIKey.Reveal()
	if err != nil {
		return err
	}
	r.Header.Set("X-API-Key", key)
	return nil
}

// words are the kind and the code in Adyen's one shape of an error.
func words(r protocol.Response) ([]string, string) {
	var said struct {
		Code string `json:"errorCode"`
		Type string `json:"errorType"`
		PSP  string `json:"pspReference"`
	}
	_ = json.Unmarshal(r.Body, &said) // a page of the network's edge has no words
	return []string{said.Type, said.Code}, said.PSP
}

// post makes a call under an idempotency key: however often it is made, it is one operation, for at least a week.
//
// Source: Adyen documentation, "API idempotency".
func (a *Adyen) post(ctx context.Context, call protocol.Call, key string, into any) error {
	if key == "" || len(key) > maxKey {
		return a.Never(call.Operation, errors.New("the key cannot be used"))
	}
	call.Header = http.Header{"Idempotency-Key": {key}}
	err := a.Call(ctx, call, into)
	if protocol.HasWord(err, inProgress) {
		return a.Unanswered(call.Operation, errors.New("the same call is being carried out"))
	}
	return err
}
