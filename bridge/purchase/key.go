package purchase

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Key names a purchase: the environment (one Dynamics organisation) and the PurchaseId, a GUID in lower case without braces. Money
// whose purchase cannot be told is kept under a key of its own, see Orphan.
type Key struct {
	Environment string `json:"environment"`
	ID          string `json:"purchase"`
}

// ErrID is wrapped by ParseID's refusals.
var ErrID = errors.New("not a purchase id")

const orphanPrefix = "orphan-"

// ParseID reads a PurchaseId as people and systems write it, with or without braces and in any case, and returns the one spelling
// that Key uses. The nil GUID is refused: it names nothing. Errors wrap ErrID.
func ParseID(s string) (string, error) {
	id := strings.ToLower(strings.TrimSpace(s))
	if strings.HasPrefix(id, "{") && strings.HasSuffix(id, "}") {
		id = id[1 : len(id)-1]
	}
	if !isGUID(id) || id == "00000000-0000-0000-0000-000000000000" {
		return "", fmt.Errorf("read %q: %w", clip(s), ErrID)
	}
	return id, nil
}

func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if !strings.ContainsRune("0123456789abcdef", rune(s[i])) {
				return false
			}
		}
	}
	return true
}

// Orphan is the key under which a payment is kept while nobody can say which purchase it pays.
func Orphan(environment, account, payment string) Key {
	sum := sha256.Sum256([]byte(account + "\x00" + payment))
	return Key{Environment: environment, ID: orphanPrefix + hex.EncodeToString(sum[:12])}
}

// Orphaned tells whether the key stands for a payment without a purchase.
func (k Key) Orphaned() bool { return strings.HasPrefix(k.ID, orphanPrefix) }

// String is "environment/id".
func (k Key) String() string { return k.Environment + "/" + k.ID }
