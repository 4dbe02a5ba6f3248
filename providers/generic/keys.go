package generic

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/config/field"
)

// A key verifies messages.
type key struct {
	setting string // what settings call it
	id      string // the sender's name for it, "" where it has none
	bytes   []byte
}

// The encodings of keys, beside hex and base64.
const (
	inUTF8  = "utf8"
	inWhsec = "whsec"
	inWhpk  = "whpk"
)

const (
	minKey   = 16 // bytes
	minWhsec = 24
	maxWhsec = 64
)

// A keyRef is where a key is.
type keyRef struct {
	setting, id string
	secret      field.Secret
}

// references are the keys in a fixed order.
func (a Auth) references() (all []keyRef) {
	for i, secret := range a.Keys {
		all = append(all, keyRef{setting: fmt.Sprintf("keys[%d]", i), secret: secret})
	}
	for _, id := range slices.Sorted(maps.Keys(a.NamedKeys)) {
		all = append(all, keyRef{setting: "named_keys." + id, id: id, secret: a.NamedKeys[id]})
	}
	return all
}

func (a Auth) secrets() (all []field.Secret) {
	for _, r := range a.references() {
		all = append(all, r.secret)
	}
	return all
}

// compileKeys reads the keys and notes what keeps them from being used at all.
func (a Auth) compileKeys(p *field.Problems) (keys []key) {
	refs := a.references()
	switch {
	case len(refs) == 0:
		p.Add("keys", "is required; put the key into a file and write [file:PATH]")
	case len(a.Keys) > 0 && len(a.NamedKeys) > 0:
		p.Add("named_keys", "is beside keys; write one of the two")
	case len(a.NamedKeys) > 0 != (a.KeyID != ""):
		p.Add("key_id", "belongs to named_keys; write both or neither")
	}
	if !slices.Contains([]string{"", inUTF8, inHex, inBase64, inWhsec, inWhpk}, a.KeyEncoding) {
		p.Add("key_encoding", "is %q; write utf8, hex, base64, whsec or whpk", a.KeyEncoding)
		return nil
	}
	for _, ref := range refs {
		text, err := ref.secret.Reveal()
		var bytes []byte
		if err == nil {
			bytes, err = decodeKey(text, a.KeyEncoding)
		}
		if err == nil && a.Kind == byEd25519 && len(bytes) != ed25519.PublicKeySize {
			err = fmt.Errorf("is not a public key of %d bytes; copy the provider's, and see key_encoding", ed25519.PublicKeySize)
		}
		if err != nil {
			p.Add(ref.setting, "%v", err)
			continue
		}
		keys = append(keys, key{setting: ref.setting, id: ref.id, bytes: bytes})
	}
	return keys
}

// decodeKey never puts a key into its error.
func decodeKey(text, encoding string) (bytes []byte, err error) {
	switch encoding {
	case inHex:
		bytes, err = hex.DecodeString(text)
	case inBase64:
		bytes, err = base64.StdEncoding.Strict().DecodeString(text)
	case inWhsec, inWhpk:
		rest, ok := strings.CutPrefix(text, encoding+"_")
		bytes, err = base64.StdEncoding.Strict().DecodeString(rest)
		if !ok || err != nil || encoding == inWhsec && (len(bytes) < minWhsec || len(bytes) > maxWhsec) {
			return nil, fmt.Errorf("is not a key of Standard Webhooks; copy the one that begins with %s_", encoding)
		}
	default:
		bytes = []byte(text)
	}
	if err != nil {
		return nil, fmt.Errorf("is not written in %s; copy the key again, or correct key_encoding", encoding)
	}
	return bytes, nil
}

// published are digests of keys that everybody knows: of demonstration shops, manuals and the tests of libraries.
//
// Source: the published examples of the providers; the Standard Webhooks libraries; RFC 8032, test 1; MultiSafepay documentation,
// "Handle notifications".
const published = "1f1d54cc7e5710d7 f87143b28157e199 4204b7d0f0245f3e ca6090fc1548f6db 3c7a8c6bb4293d39 3ad01dadfdc5f49b d6192047ad60bb2b " +
	"c8d0a00f0bcfa9d0 f74e1720b7614881 21fe31dfa154a261 e4833d9aa5ab51cc cead3dcde6cca761 823015621c37d1c0"

// validateKeys notes keys that are too weak to be trusted, or known to everybody.
func (a Auth) validateKeys(p *field.Problems, live bool) {
	for _, k := range a.compileKeys(new(field.Problems)) {
		digest := sha256.Sum256(k.bytes)
		switch {
		case len(k.bytes) < minKey:
			p.Add(k.setting, "has fewer than %d bytes; ask the provider for a longer one", minKey)
		case live && strings.Contains(published, hex.EncodeToString(digest[:8])):
			p.Add(k.setting, "is a published demonstration key; in live mode use the account's own")
		}
	}
}
