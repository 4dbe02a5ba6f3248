package purchase

import (
	"fmt"
	"io"
	"net/mail"
	"strings"
)

// An Address is somebody's e-mail address: a personal detail, which prints as what it is and never as itself. Only Reveal shows it.
type Address string

// ParseAddress reads an address as systems hand it over, alone or with a name, and returns the bare address; "" where it is none that
// a message could be sent to.
func ParseAddress(s string) Address {
	parsed, err := mail.ParseAddress(strings.TrimSpace(s))
	if err != nil || len(parsed.Address) > 254 || strings.ContainsAny(parsed.Address, "\r\n \"") {
		return ""
	}
	return Address(parsed.Address)
}

// Reveal is the address itself, for the envelope of a message and the side table only.
func (a Address) Reveal() string { return string(a) }

// Format prints "[address]", or nothing where there is none, whatever the verb.
func (a Address) Format(f fmt.State, _ rune) {
	if a != "" {
		_, _ = io.WriteString(f, "[address]")
	}
}

// MarshalText writes what Format prints, for JSON and logs.
func (a Address) MarshalText() ([]byte, error) { return []byte(fmt.Sprint(a)), nil }

// A Contact is how the payer of a purchase can be reached.
type Contact struct {
	Address  Address
	Language string // "fr", "en", or "" where nobody said
}
