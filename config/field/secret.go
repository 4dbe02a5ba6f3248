// Package field holds what every section of the settings file is made of: secrets by reference, durations, and problems that name
// the key they are about.
package field

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Secret is a reference to a secret, never the secret itself: "file:PATH", "credential:NAME" (a file of that name under
// $CREDENTIALS_DIRECTORY, as systemd hands them out) or "env:NAME". It prints as the reference everywhere.
type Secret struct{ ref string }

// ErrSecret is wrapped by everything that can be wrong with a reference or with what it points to.
var ErrSecret = errors.New("unusable secret reference")

const maxSecret = 64 << 10

// NewSecret makes a reference; it is checked by Reveal.
func NewSecret(ref string) Secret { return Secret{ref: ref} }

// UnmarshalYAML takes the reference as a plain string.
func (s *Secret) UnmarshalYAML(node *yaml.Node) error { return node.Decode(&s.ref) }

// MarshalYAML writes the reference.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// MarshalText writes the reference, for JSON and logs.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// IsSet tells whether there is a reference at all.
func (s Secret) IsSet() bool { return s.ref != "" }

// IsZero serves omitempty.
func (s Secret) IsZero() bool { return s.ref == "" }

// String is the reference, or a placeholder where somebody wrote the secret itself into the file.
func (s Secret) String() string {
	if s.ref == "" {
		return ""
	}
	if kind, _, ok := strings.Cut(s.ref, ":"); ok && (kind == "file" || kind == "credential" || kind == "env") {
		return s.ref
	}
	return "<not a reference>"
}

// GoString is String, so that %#v shows no more.
func (s Secret) GoString() string { return s.String() }

// Reveal reads the secret. One trailing line break is taken off; anything else around the value is an error, because it is nearly
// always an accident of pasting. Errors wrap ErrSecret and never show the value.
func (s Secret) Reveal() (string, error) {
	value, err := s.read()
	if err != nil {
		return "", err
	}
	value = strings.TrimSuffix(strings.TrimSuffix(value, "\n"), "\r")
	switch {
	case value == "":
		return "", fmt.Errorf("%w: %s is empty", ErrSecret, s)
	case value != strings.TrimSpace(value):
		return "", fmt.Errorf("%w: %s has blanks around the value", ErrSecret, s)
	case len(value) > 1 && strings.Trim(value, `"'`) != value && !strings.Contains(value, "-----BEGIN"):
		return "", fmt.Errorf("%w: %s has quotes around the value", ErrSecret, s)
	}
	return value, nil
}

func (s Secret) read() (string, error) {
	kind, name, ok := strings.Cut(s.ref, ":")
	switch {
	case !ok || name == "":
		return "", fmt.Errorf("%w: write file:PATH, credential:NAME or env:NAME instead of the secret itself", ErrSecret)
	case kind == "env":
		return os.Getenv(name), nil
	case kind == "credential":
		dir := os.Getenv("CREDENTIALS_DIRECTORY")
		if dir == "" || name != filepath.Base(name) {
			return "", fmt.Errorf("%w: %s needs $CREDENTIALS_DIRECTORY and a plain name", ErrSecret, s)
		}
		return readFile(filepath.Join(dir, name))
	case kind == "file":
		return readFile(name)
	default:
		return "", fmt.Errorf("%w: unknown kind; write file:PATH, credential:NAME or env:NAME", ErrSecret)
	}
}

func readFile(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrSecret, err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxSecret {
		return "", fmt.Errorf("%w: %s is not a file of at most 64 KiB", ErrSecret, path)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrSecret, err)
	}
	return string(raw), nil
}
