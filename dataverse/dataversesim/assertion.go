package dataversesim

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t is a SHA-1 thumbprint by definition
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// refuseAssertion checks a client assertion: the federated one as it stands, any other as a JSON Web Token that the client
// made for this endpoint and, where a certificate is configured, signed with its key.
// Source: Microsoft identity platform, certificate credentials.
func (s *Sim) refuseAssertion(q tokenRequest) *entraError {
	given := q.form.Get("client_assertion")
	federated := s.cfg.FederatedAssertion
	switch {
	case q.form.Get("client_assertion_type") != assertionType:
		return &entraError{http.StatusBadRequest, "invalid_request", 50027, "The client assertion type is not supported."}
	case federated != "" && subtle.ConstantTimeCompare([]byte(given), []byte(federated)) == 1:
		return nil
	case federated != "" && s.cfg.ClientCertificate == nil:
		return &entraError{http.StatusUnauthorized, "invalid_client", 700213, "No matching federated identity record found for the presented assertion."}
	}
	if err := s.checkToken(given, q); err != nil {
		return &entraError{http.StatusUnauthorized, "invalid_client", 700027, fmt.Sprintf("The certificate used to sign the client assertion is not accepted: %v.", err)}
	}
	return nil
}

type tokenHeader struct {
	Algorithm string `json:"alg"`
	Thumb     string `json:"x5t"`
	ThumbLong string `json:"x5t#S256"`
}

type tokenClaims struct {
	Audience  string `json:"aud"`
	Issuer    string `json:"iss"`
	Subject   string `json:"sub"`
	NotBefore int64  `json:"nbf"`
	Expires   int64  `json:"exp"`
}

func (s *Sim) checkToken(token string, q tokenRequest) error {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return errors.New("it is not a JSON Web Token")
	}
	var header tokenHeader
	var claims tokenClaims
	if err := errors.Join(decodePart(parts[0], &header), decodePart(parts[1], &claims)); err != nil {
		return err
	}
	if err := s.checkClaims(claims, q); err != nil {
		return err
	}
	if s.cfg.ClientCertificate == nil {
		return nil
	}
	return s.checkSignature(header, parts[0]+"."+parts[1], parts[2])
}

func decodePart(part string, into any) error {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return fmt.Errorf("decode a part of the token: %w", err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("decode a part of the token: %w", err)
	}
	return nil
}

func (s *Sim) checkClaims(c tokenClaims, q tokenRequest) error {
	const skew = 5 * time.Minute
	now := s.cfg.Now()
	switch {
	case c.Issuer != s.cfg.ClientID || c.Subject != s.cfg.ClientID:
		return errors.New("issuer and subject must be the client id")
	case c.Audience != q.origin+"/"+q.tenant+"/oauth2/v2.0/token":
		return errors.New("the audience must be the token endpoint")
	case now.Add(skew).Before(time.Unix(c.NotBefore, 0)) || now.Add(-skew).After(time.Unix(c.Expires, 0)):
		return errors.New("the assertion is not within its valid time range")
	}
	return nil
}

func (s *Sim) checkSignature(h tokenHeader, signed, signature string) error {
	cert := s.cfg.ClientCertificate
	key, isRSA := cert.PublicKey.(*rsa.PublicKey)
	if !isRSA {
		return errors.New("the registered certificate has no RSA key")
	}
	sig, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		return fmt.Errorf("decode the signature: %w", err)
	}
	short, long, digest := sha1.Sum(cert.Raw), sha256.Sum256(cert.Raw), sha256.Sum256([]byte(signed)) //nolint:gosec // see the import
	if !sameThumb(h.ThumbLong, long[:]) && !sameThumb(h.Thumb, short[:]) {
		return errors.New("the thumbprint is not that of the registered certificate")
	}
	switch h.Algorithm {
	case "PS256":
		err = rsa.VerifyPSS(key, crypto.SHA256, digest[:], sig, nil)
	case "RS256":
		err = rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], sig)
	default:
		return fmt.Errorf("algorithm %q is not supported", h.Algorithm)
	}
	if err != nil {
		return fmt.Errorf("verify the signature: %w", err)
	}
	return nil
}

// sameThumb accepts both alphabets of base64: the standard asks for the URL one, MSAL for Go writes the other.
func sameThumb(given string, digest []byte) bool {
	return given == base64.RawURLEncoding.EncodeToString(digest) || given == base64.StdEncoding.EncodeToString(digest)
}
