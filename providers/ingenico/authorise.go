package ingenico

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/providers/protocol"
)

// authorise signs a call as it will be sent. The secret is read for each call, so that a changed file needs no restart.
func (w *Worldline) authorise(r *protocol.Request) error {
	secret, err := w.config.APISecret.Reveal()
	if err != nil {
		return err
	}
	r.Header.Set("Date", w.Now().UTC().Format(http.TimeFormat))
	text, err := signed(*r)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "GCS v1HMAC:"+w.config.APIKeyID+":"+base64.StdEncoding.EncodeToString(macOf([]byte(secret), []byte(text))))
	return nil
}

// signed is what the signature of a call covers: method, type of the body (an empty line without one), date, the X-GCS headers in the
// order of their names, and the path as sent with its query decoded. It does not cover the body.
//
// Source: Worldline Connect and Direct documentation, v1HMAC authentication.
func signed(r protocol.Request) (string, error) {
	u, err := url.Parse(r.URL)
	if err != nil {
		return "", errors.New("the address cannot be used")
	}
	query, err := url.PathUnescape(u.RawQuery)
	if err != nil {
		return "", errors.New("the query cannot be used")
	}
	var b strings.Builder
	b.WriteString(r.Method + "\n" + r.Header.Get("Content-Type") + "\n" + r.Header.Get("Date") + "\n")
	var lines []string
	for name, values := range r.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-gcs-") {
			lines = append(lines, name+":"+canonical(strings.Join(values, ","))+"\n")
		}
	}
	slices.Sort(lines)
	b.WriteString(strings.Join(lines, "") + u.EscapedPath())
	if query != "" {
		b.WriteString("?" + query)
	}
	return b.String() + "\n", nil
}

var folded = regexp.MustCompile(`\r?\n[ \t\f\v]*`)

// canonical is a header's value in one line.
func canonical(value string) string { return strings.TrimSpace(folded.ReplaceAllString(value, " ")) }

// retriable is the word for an error that says of itself that it had no effect.
const retriable = "retriable"

// words are the names and numbers of the errors in the provider's envelope. Direct numbers them in errorCode, Connect in code.
func words(r protocol.Response) ([]string, string) {
	var said struct {
		ID     string `json:"errorId"`
		Errors []struct {
			ID        string `json:"id"`
			Code      string `json:"code"`
			ErrorCode string `json:"errorCode"`
			Retriable bool   `json:"retriable"`
		} `json:"errors"`
	}
	_ = json.Unmarshal(r.Body, &said) // a page of the network's edge has no words
	var all []string
	for _, e := range said.Errors {
		all = append(all, e.ID, e.ErrorCode, e.Code)
		if e.Retriable {
			all = append(all, retriable)
		}
	}
	return all, said.ID
}
