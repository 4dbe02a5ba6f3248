package stripe

import (
	"encoding/json"
	"net/http"

	"github.com/paybridge/paybridge/providers/protocol"
)

// authorise adds the key, the version and the account that the calls are for. The key is read for each request, so that a changed
// file needs no restart.
func (s *Stripe) authorise(r *protocol.Request) error {
	key, err := s.config.SecretKey.Reveal()
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Stripe-Version", apiVersion)
	if s.config.Account != "" {
		r.Header.Set("Stripe-Account", s.config.Account)
	}
	return nil
}

// words are the type and the codes of Stripe's one shape of an error.
func words(r protocol.Response) ([]string, string) {
	var said struct {
		Error struct {
			Type    string `json:"type"`
			Code    string `json:"code"`
			Decline string `json:"decline_code"`
			Param   string `json:"param"`
		} `json:"error"`
	}
	_ = json.Unmarshal(r.Body, &said) // a page of the network's edge has no words
	return []string{said.Error.Type, said.Error.Code, said.Error.Decline}, r.Header.Get("Request-Id")
}

// underKey makes a call one operation however often it is made, for a day.
func underKey(key string) http.Header { return http.Header{"Idempotency-Key": {key}} }
