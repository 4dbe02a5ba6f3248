package ingenico

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/config/field"
)

// domains are Worldline's own and those of its best known brands. Under them a host without a label for tests serves real money.
//
// Source: Worldline documentation and SDKs; the brands' rows from public integrations.
var domains = []string{"worldline-solutions.com", "ingenico.com", "api-ingenico.com", "secured-by-ingenico.com", "cawl-solutions.fr",
	"anzworldline-solutions.com.au"}

var (
	hostNames  = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
	testLabels = []string{"preprod", "sandbox", "test"}
)

func ofWorldline(host string) bool {
	return slices.ContainsFunc(domains, func(d string) bool { return host == d || strings.HasSuffix(host, "."+d) })
}

func forTests(host string) bool {
	return slices.ContainsFunc(strings.Split(host, "."), func(label string) bool { return slices.Contains(testLabels, label) })
}

// wrongMode tells of a host whose name says that it is of the other mode. A bank's host may say nothing.
func wrongMode(host string, live bool) bool {
	return forTests(host) && live || !forTests(host) && !live && ofWorldline(host)
}

// host is the server of the account's mode.
func (c *Config) host(live bool) string {
	switch {
	case c.Host != "" || c.generation() == connect:
		return c.Host
	case c.generation() == ogone && live:
		return "secure.ogone.com"
	case c.generation() == ogone:
		return "ogone.test.v-psp.com"
	case live:
		return "payment.direct.worldline-solutions.com"
	}
	return "payment.preprod.direct.worldline-solutions.com"
}

func (c *Config) validateHosts(p *field.Problems, live bool) {
	p.Require("host", c.host(live) != "" || c.APIURL != "", "write the server that the back office names for the API, like payment.connect.worldline-solutions.com")
	mode := map[bool]string{true: "live", false: "sandbox"}[live]
	for key, host := range map[string]string{"host": c.Host, "page_host": c.PageHost} {
		switch {
		case host == "":
		case !hostNames.MatchString(host):
			p.Add(key, "is not the name of a server; write it in small letters, without https:// and path")
		case wrongMode(host, live):
			p.Add(key, "is a server of the other mode; write the one for %s", mode)
		}
	}
}

// payPage pins the address of a hosted pay page: the settings' page_host, the API's own host, or one of Worldline's of the account's
// mode; with api_url the simulator's.
func (c *Config) payPage(address string, live bool) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Host == "" {
		return errors.New("the answer names no pay page")
	}
	host := strings.ToLower(u.Hostname())
	known := u.Host == strings.Trim(strings.TrimPrefix(c.APIURL, "https:"), "/")
	if c.APIURL == "" {
		known = (u.Port() == "" || u.Port() == "443") && (host == c.PageHost || host == c.host(live) || ofWorldline(host) && !wrongMode(host, live))
	}
	if !known {
		return errors.New("the answer names a pay page elsewhere; if it is the bank's, write page_host")
	}
	return nil
}
