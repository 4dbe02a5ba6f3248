package protocol

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

var reasonWords = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,80}$`)

// Word lets only the provider's closed words through, for a fact's reason.
func Word(reason string) string {
	switch {
	case reason == "":
		return ""
	case reasonWords.MatchString(reason):
		return reason
	}
	return "OTHER"
}

// Clip cuts text for the payer to at most limit characters, in one line.
func Clip(s string, limit int) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit-1]) + "…"
}

// Cancelled is the return address with a mark that the buyer gave up. It is a hint, never proof.
func Cancelled(back string) (string, error) {
	u, err := url.Parse(back)
	if err != nil || u.Host == "" {
		return "", errors.New("the return address is not an absolute one")
	}
	q := u.Query()
	q.Set("cancel", "1")
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// SameAddress compares addresses as a provider lists them with ours: letter case of scheme and host, the usual port and a slash at the
// end do not matter.
func SameAddress(a, b string) bool {
	u, errU := url.Parse(a)
	v, errV := url.Parse(b)
	if errU != nil || errV != nil {
		return false
	}
	host := func(u *url.URL) string { return strings.TrimSuffix(u.Host, ":443") }
	path := func(u *url.URL) string { return strings.TrimSuffix(u.Path, "/") }
	return strings.EqualFold(u.Scheme, v.Scheme) && strings.EqualFold(host(u), host(v)) && path(u) == path(v)
}
