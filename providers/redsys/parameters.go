package redsys

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"github.com/paybridge/paybridge/providers/protocol"
)

// parameters are what a notification says, by names in capitals: Redsys is not said to spell them in one way.
type parameters map[string]string

// The parameters that matter.
const (
	order           = "DS_ORDER"
	merchant        = "DS_MERCHANTCODE"
	terminal        = "DS_TERMINAL"
	transactionType = "DS_TRANSACTIONTYPE"
	response        = "DS_RESPONSE"
	amount          = "DS_AMOUNT"
	currency        = "DS_CURRENCY"
	merchantData    = "DS_MERCHANTDATA"
	authorisation   = "DS_AUTHORISATIONCODE"
	date            = "DS_DATE"
	hour            = "DS_HOUR"
)

var (
	errTwice = errors.New("a parameter is there twice")

	standard = strings.NewReplacer("-", "+", "_", "/")
)

// readParameters reads base64, of either alphabet, of a JSON object whose texts are percent-encoded. Values that are neither text nor
// number are of no concern here and left out.
func readParameters(text string) (parameters, error) {
	raw, err := base64.RawStdEncoding.DecodeString(standard.Replace(strings.TrimRight(text, "=")))
	if err != nil {
		return nil, err
	}
	var object map[string]any
	if err := protocol.Decode(raw, &object); err != nil {
		return nil, err
	}
	p := make(parameters, len(object))
	for name, value := range object {
		name = strings.ToUpper(name)
		if _, twice := p[name]; twice {
			return nil, errTwice
		}
		switch v := value.(type) {
		case string:
			p[name] = decoded(v)
		case json.Number:
			p[name] = v.String()
		default:
			p[name] = ""
		}
	}
	return p, nil
}

// decoded takes off the percent-encoding. A text that cannot be of it was not encoded.
func decoded(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

// get is a parameter by its name in any spelling.
func (p parameters) get(name string) string { return p[strings.ToUpper(name)] }
