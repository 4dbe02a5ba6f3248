package monetico

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"errors"
)

const keyLength = 40 // characters, as the bank gives it

var errKey = errors.New("it is not the key of a TPE: 40 characters, all but the last two hexadecimal digits")

// usableKey is the key that seals, 20 bytes, from the one that the bank gives. The last two characters of older keys are no hexadecimal
// digits: the first of them stands for the digit 23 places before it in ASCII, an M at the end for 0.
//
// Source: the bank's integration kits, usable key.
func usableKey(given string) ([]byte, error) {
	if len(given) != keyLength {
		return nil, errKey
	}
	digits := []byte(given)
	if last := &digits[keyLength-2]; *last > 'F' && *last < 'a' {
		*last -= 23
	}
	if last := &digits[keyLength-1]; *last == 'M' {
		*last = '0'
	}
	key := make([]byte, sha1.Size)
	if _, err := hex.Decode(key, digits); err != nil {
		return nil, errKey // the error would show a part of the key
	}
	return key, nil
}

// printed are keys of kits, manuals and examples: everybody has them.
var printed = []string{
	"12345678901234567890123456789012345678P0",
	"1234567890123456789012345678901234567849",
	"123456789012345678901234567890123456784M",
	"1036DEFD9175F29EE9337A1F284BDF781D5A4048",
	"0123456789ABCDEF0123456789ABCDEF01234567",
}

func isPrinted(key []byte) bool {
	for _, given := range printed {
		if known, err := usableKey(given); err == nil && bytes.Equal(key, known) {
			return true
		}
	}
	return false
}
