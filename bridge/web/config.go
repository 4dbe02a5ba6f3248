package web

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/paybridge/paybridge/config/field"
)

// Config is the server section: the public face, which buyers and providers reach.
type Config struct {
	// Listen is the address of the public face, for example ":8080". Put a proxy with a certificate in front: providers call https
	// on port 443 only.
	Listen string `yaml:"listen"`
	// PublicURL is how the outside reaches it: https://pay.example.org. Callback and return addresses begin with it.
	PublicURL string `yaml:"public_url"`
	// TrustedProxies are the networks of your own proxies, such as 10.0.0.0/8. Only they are believed about a client's address.
	TrustedProxies []string `yaml:"trusted_proxies"`
	// ReturnOrigins are the sites a buyer may be sent back to, such as https://events.example.org. Others are refused.
	ReturnOrigins []string `yaml:"return_origins"`
	// CheckoutsPerMinute is how many buyers one address may send to /pay in a minute, and as many at once: 120. Addresses of private
	// networks are not limited: no buyer comes from there, but a proxy that is not in trusted_proxies does.
	CheckoutsPerMinute int `yaml:"checkouts_per_minute"`
}

// Operations is the operations section: metrics and health checks, not for the public.
type Operations struct {
	// Listen is the address of the operations face, for example "127.0.0.1:9464".
	Listen string `yaml:"listen"`
}

// Validate notes everything that is wrong with the section.
func (c *Config) Validate(p *field.Problems) {
	checkListen(p, c.Listen, ":8080")
	checkPublicURL(p, c.PublicURL)
	if c.CheckoutsPerMinute < 0 {
		p.Add("checkouts_per_minute", "is %d; write how many buyers one address may send to pay in a minute, for example %d", c.CheckoutsPerMinute, checkoutsPerMinute)
	}
	for _, proxy := range c.TrustedProxies {
		network, err := netip.ParsePrefix(proxy)
		switch {
		case err != nil:
			p.Add("trusted_proxies", "%q is not a network; write it like 10.0.0.0/8 or 192.0.2.7/32", proxy)
		case network.Bits() == 0:
			p.Add("trusted_proxies", "%q is everybody; name the networks of your own proxies", proxy)
		}
	}
	for _, origin := range c.ReturnOrigins {
		if u, err := url.Parse(origin); err != nil || originOf(u) == "" || originOf(u) != strings.ToLower(origin) {
			p.Add("return_origins", "%q is not an origin; write it like https://events.example.org", origin)
		}
	}
}

// Validate notes everything that is wrong with the section.
func (o *Operations) Validate(p *field.Problems) { checkListen(p, o.Listen, "127.0.0.1:9464") }

func checkListen(p *field.Problems, address, example string) {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		p.Add("listen", "is %q; write host and port, for example %q", address, example)
	}
}

func checkPublicURL(p *field.Problems, address string) {
	const example = "for example https://pay.example.org"
	if address == "" {
		p.Add("public_url", "is required; write how the outside reaches this server, %s", example)
		return
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || originOf(u) == "" || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		p.Add("public_url", "is %q; write scheme and host only, %s", address, example)
	case u.Scheme != "https" && !loopback(u.Hostname()):
		p.Add("public_url", "is not https; providers and buyers need https, plain http is for tests on this machine only")
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
