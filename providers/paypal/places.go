package paypal

import (
	"fmt"
	"net/url"
	"slices"
)

// places are the addresses of one mode. What a message names is compared with them and never chosen from it.
//
// Source: PayPal developer documentation, REST API requests; IPN implementation guide; certificate addresses as PayPal's own SDKs
// pin them.
type places struct {
	api   string   // origin of the REST API
	ipn   string   // where IPN is posted back
	certs []string // hosts of certificate addresses
	pay   []string // hosts of the pay page
	cert  string   // DNS name in the signing certificate
}

var (
	livePlaces = places{
		api:   "https://api-m.paypal.com",
		ipn:   "https://ipnpb.paypal.com" + postBackPath,
		certs: []string{"api.paypal.com", "api-m.paypal.com"},
		pay:   []string{"www.paypal.com"},
		cert:  "messageverificationcerts.paypal.com",
	}
	sandboxPlaces = places{
		api:   "https://api-m.sandbox.paypal.com",
		ipn:   "https://ipnpb.sandbox.paypal.com" + postBackPath,
		certs: []string{"api.sandbox.paypal.com", "api-m.sandbox.paypal.com"},
		pay:   []string{"www.sandbox.paypal.com"},
		cert:  "messageverificationcerts.sandbox.paypal.com",
	}
)

const postBackPath = "/cgi-bin/webscr"

func placesOf(live bool) places {
	if live {
		return livePlaces
	}
	return sandboxPlaces
}

// choosePlaces lets a simulator's address stand for PayPal's. Certificates may still be named at PayPal's own sandbox, so that
// genuine messages can be replayed beside a simulator.
func choosePlaces(live bool, apiURL string) (places, error) {
	at := placesOf(live)
	if apiURL == "" {
		return at, nil
	}
	u, err := url.Parse(apiURL)
	if err != nil || live || u.Scheme != "https" || u.Host == "" {
		return places{}, fmt.Errorf("use api_url: it must be https and is for sandbox only")
	}
	at.api = "https://" + u.Host
	at.ipn = at.api + postBackPath
	at.certs = append(slices.Clone(at.certs), u.Host)
	at.pay = []string{u.Host}
	return at, nil
}
