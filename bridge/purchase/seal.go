package purchase

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Seals seal what of Dynamics travels through a provider, so that it comes back as it was sent. The first key signs, all verify; a
// key is known by a short digest of itself. The zero value has no key: it seals nothing and opens nothing.
type Seals struct {
	keys  []sealKey
	scope string
}

type sealKey struct {
	id     [4]byte
	secret []byte
}

// ErrSeal is wrapped by everything that keeps a reference from being sealed.
var ErrSeal = errors.New("cannot seal")

const (
	minSealKey  = 16 // bytes
	sealVersion = 1
	sealMAC     = 16 // bytes of HMAC-SHA-256 that travel
	sealHead    = 1 + 4 + 1 + 16
	sealUser    = 16

	sealHasUser = 1 // flag: the contact's id follows the purchase
)

// NewSeals takes the keys, the signing one first. A key shorter than 16 bytes is refused with ErrSeal.
func NewSeals(keys ...[]byte) (Seals, error) {
	var s Seals
	for i, key := range keys {
		if len(key) < minSealKey {
			return Seals{}, fmt.Errorf("take seal key %d: %w: it has fewer than %d bytes", i+1, ErrSeal, minSealKey)
		}
		k := sealKey{secret: mac(key, "paybridge seal")}
		copy(k.id[:], mac(key, "paybridge seal id"))
		s.keys = append(s.keys, k)
	}
	return s, nil
}

// For returns the seals of one environment: what was sealed for another one does not open.
func (s Seals) For(environment string) Seals { return Seals{keys: s.keys, scope: environment} }

// Seal writes the reference as at most limit characters of URL-safe base64. What does not fit is left out rather than cut, the
// contact first: within 127 characters there is room for an event id of 41 bytes beside the contact, or of 57 bytes without it. A
// contact id that is not a GUID is left out too. Errors wrap ErrSeal: no key, a purchase that is not a GUID, no room even for that.
func (s Seals) Seal(r Reference, limit int) (string, error) {
	if len(s.keys) == 0 {
		return "", fmt.Errorf("%w: there is no key", ErrSeal)
	}
	id, ok := guidBytes(r.Purchase)
	if !ok {
		return "", fmt.Errorf("%w: the purchase is not named by a GUID", ErrSeal)
	}
	room := base64.RawURLEncoding.DecodedLen(limit) - sealMAC
	if room < sealHead {
		return "", fmt.Errorf("%w: %d characters are too few", ErrSeal, limit)
	}
	k := s.keys[0]
	text := append([]byte{sealVersion}, k.id[:]...)
	text = append(append(text, 0), id[:]...)
	event := r.Event
	if len(text)+len(event) > room {
		event = ""
	}
	if user, ok := guidBytes(r.User); ok && len(text)+sealUser+len(event) <= room {
		text[5] |= sealHasUser
		text = append(text, user[:]...)
	}
	text = append(text, event...)
	return base64.RawURLEncoding.EncodeToString(append(text, s.sign(k, text)...)), nil
}

// Open reads what Seal wrote; ok is false for anything else, whatever is wrong with it.
func (s Seals) Open(sealed string) (r Reference, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil || strings.ContainsAny(sealed, "\r\n") || len(raw) < sealHead+sealMAC || raw[0] != sealVersion {
		return Reference{}, false
	}
	text, sum := raw[:len(raw)-sealMAC], raw[len(raw)-sealMAC:]
	for _, k := range s.keys {
		if string(k.id[:]) == string(text[1:5]) && hmac.Equal(sum, s.sign(k, text)) {
			return openSeal(text)
		}
	}
	return Reference{}, false
}

func openSeal(text []byte) (Reference, bool) {
	flags, rest := text[5], text[sealHead:]
	r := Reference{Purchase: guidText(text[6:sealHead]), Sealed: true}
	if flags&sealHasUser != 0 {
		if len(rest) < sealUser {
			return Reference{}, false
		}
		r.User, rest = guidText(rest[:sealUser]), rest[sealUser:]
	}
	r.Event = string(rest)
	return r, true
}

func (s Seals) sign(k sealKey, text []byte) []byte {
	h := hmac.New(sha256.New, k.secret)
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(s.scope)))
	h.Write(length[:])
	h.Write([]byte(s.scope))
	h.Write(text)
	return h.Sum(nil)[:sealMAC]
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func guidBytes(s string) (b [16]byte, ok bool) {
	id, err := ParseID(s)
	if err != nil {
		return b, false
	}
	_, err = hex.Decode(b[:], []byte(strings.ReplaceAll(id, "-", "")))
	return b, err == nil
}

func guidText(b []byte) string {
	s := hex.EncodeToString(b)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
