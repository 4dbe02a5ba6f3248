package sips

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/providers/protocol"
)

// What of Sips Office is used, in versions that both Mercanet and Sips offer.
//
// Source: Mercanet and Sips data dictionaries, Office (M2M): getTransactionData, validate, cancel, refund.
const (
	diagnosticPath    = "/rs-services/v2/diagnostic/getTransactionData"
	diagnosticVersion = "DR_WS_2.55"
	cashPath          = "/rs-services/v2/cashManagement/"
	cashVersion       = "CR_WS_2.55"
	origin            = "paybridge" // who asked, as the back office shows it
)

// An object is what goes to Sips Office and what comes from it.
type object map[string]any

// get is a field's text; "" where there is none.
func (o object) get(name string) string {
	switch v := o[name].(type) {
	case string:
		if v != "null" {
			return v
		}
	case json.Number:
		return v.String()
	}
	return ""
}

// office makes one call. An answer that tells of success must be sealed; that of a refusal tells nothing that could be believed wrongly.
func (s *Sips) office(ctx context.Context, call protocol.Call, version string, fields object) (object, error) {
	call.Method, call.JSON = http.MethodPost, s.sealed(version, fields)
	var raw json.RawMessage
	if err := s.Call(ctx, call, &raw); err != nil {
		return nil, err
	}
	var a object
	if err := protocol.Decode(raw, &a); err != nil {
		return nil, s.Unusable(call.Operation, http.StatusOK, err)
	}
	if (a.get("responseCode") == "00" || a.get("transactionStatus") != "") && !s.seals.verifies(a) {
		return nil, s.Unusable(call.Operation, http.StatusOK, errors.New("the seal of the answer is wrong"))
	}
	return a, nil
}

// sealed is a request with its seal, by the newest key.
func (s *Sips) sealed(version string, fields object) object {
	request := object{"interfaceVersion": version, "merchantId": s.config.MerchantID}
	maps.Copy(request, fields)
	k := s.seals.keys[0]
	seal := hex.EncodeToString(k.hmac(values(request, strings.Compare)))
	request["keyVersion"], request["sealAlgorithm"], request["seal"] = k.version, hmacAlgorithm, seal
	return request
}

// verifies tells whether one of our keys made the answer's seal. Capitals come before small letters in the order of names; whether all
// of Sips sorts so is not known.
func (s seals) verifies(a object) bool {
	got, err := hex.DecodeString(a.get("seal"))
	if err != nil {
		return false
	}
	folded := func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }
	for _, k := range s.keys {
		if hmac.Equal(got, k.hmac(values(a, strings.Compare))) || hmac.Equal(got, k.hmac(values(a, folded))) {
			return true
		}
	}
	return false
}

// values are the values of all fields in the order of their names, those of objects inside in theirs, but for what is about the seal.
//
// Source: BNP Paribas, sample code of the JSON connector.
func values(v any, order func(a, b string) int) string {
	var all strings.Builder
	switch v := v.(type) {
	case object:
		rest := maps.Clone(v)
		for _, name := range []string{"keyVersion", "sealAlgorithm", "seal"} {
			delete(rest, name)
		}
		return values(map[string]any(rest), order)
	case map[string]any:
		for _, name := range slices.SortedFunc(maps.Keys(v), order) {
			all.WriteString(values(v[name], order))
		}
	case []any:
		for _, one := range v {
			all.WriteString(values(one, order))
		}
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "true"
		}
		return "false"
	}
	return all.String()
}

// refused is the error of an answer's code. Faults of the platform leave it open what happened; seals, rights and contracts are mended
// by a person; the rest stays refused.
//
// Source: Sips data dictionary, responseCode.
func (s *Sips) refused(operation, code string) error {
	word := "response_" + code
	if !codes.MatchString(code) {
		return s.Unusable(operation, http.StatusOK, errors.New("the answer has no response code"))
	}
	switch code {
	case "90", "99":
		return s.Unusable(operation, http.StatusOK, errors.New(word))
	case "03", "34", "40":
		return s.Judged(operation, errors.New(word))
	}
	return s.Never(operation, errors.New(word))
}
