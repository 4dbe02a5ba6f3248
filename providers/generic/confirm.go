package generic

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Confirm says how a payment is read back. The answer is JSON and is read by the same rules as notifications.
type Confirm struct {
	// URL is the address, https, with {payment} where the payment's id goes: https://api.example.org/v1/payments/{payment}
	URL string `yaml:"url"`
	// Method is GET or POST. Default GET.
	Method string `yaml:"method,omitempty"`
	// Body is the JSON of a POST; {payment} may be in it instead.
	Body string `yaml:"body,omitempty"`
	// IDs is what payment ids look like, as a regular expression (RE2) from ^ to $. No other id of a message is asked for. Default
	// ^[A-Za-z0-9_-]{1,64}$
	IDs string `yaml:"ids,omitempty"`
	// Scheme is how the secret is sent: bearer, basic (with User before it) or plain. Default bearer.
	Scheme string `yaml:"scheme,omitempty"`
	// Header is the header of a plain secret. Default Authorization.
	Header string `yaml:"header,omitempty"`
	// User is the name that goes with a basic secret.
	User string `yaml:"user,omitempty"`
	// Secret is the key or password of the API.
	Secret field.Secret `yaml:"secret"`
	// Document is the JSON pointer to the payment in the answer. Default: all of it.
	Document string `yaml:"document,omitempty"`
	// Absent are conditions that all hold for an answer which says that there is no such payment. 404 always says so.
	Absent []string `yaml:"absent,omitempty"`
}

const (
	placeholder = "{payment}"
	defaultIDs  = `^[A-Za-z0-9_-]{1,64}$`
)

// confirm is a Confirm that works.
type confirm struct {
	Confirm
	origin, path string
	ids          *regexp.Regexp
	document     path
	absent       []condition
}

// plainIDs are ids that cannot leave their place in an address or in JSON.
var plainIDs = regexp.MustCompile(`^[A-Za-z0-9_~:-][A-Za-z0-9._~:-]{0,127}$`)

func (c *Confirm) compile(p *field.Problems) *confirm {
	if c == nil {
		return nil
	}
	out := &confirm{Confirm: *c}
	out.Method, out.Scheme, out.Header = cmp.Or(c.Method, http.MethodGet), cmp.Or(c.Scheme, "bearer"), canonical(cmp.Or(c.Header, "Authorization"))
	out.address(p)
	c.validateCall(p, out)
	ids, err := regexp.Compile(cmp.Or(c.IDs, defaultIDs))
	if err != nil || !strings.HasPrefix(ids.String(), "^") || !strings.HasSuffix(ids.String(), "$") {
		p.Add("ids", "is not a regular expression from ^ to $; write it like %s", defaultIDs)
	}
	out.ids = ids
	switch {
	case strings.HasPrefix(c.Document, "/"):
		out.document = newPath(c.Document)
	case c.Document != "":
		p.Add("document", "is not a JSON pointer; write it like /data")
	}
	answer := &fields{format: asJSON}
	out.absent = answer.conditions(p, "absent", c.Absent)
	protocol.CheckSecret(p, "secret", c.Secret, true)
	return out
}

// address takes the host from what is written, never from an id.
func (c *confirm) address(p *field.Problems) {
	u, err := url.Parse(strings.ReplaceAll(c.URL, placeholder, "0"))
	host := strings.TrimPrefix(c.URL, "https://")
	if end := strings.IndexAny(host, "/?#"); end >= 0 {
		host = host[:end]
	}
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "":
		p.Add("url", "is not an https address; write it like https://api.example.org/v1/payments/{payment}")
		return
	case host != u.Host:
		p.Add("url", "has its host from the payment's id; write the host out")
		return
	case !strings.Contains(c.URL+c.Body, placeholder):
		p.Add("url", "does not say which payment; put {payment} where its id goes")
	}
	c.origin, c.path = "https://"+u.Host, strings.TrimPrefix(c.URL, "https://"+u.Host)
}

func (c *Confirm) validateCall(p *field.Problems, out *confirm) {
	switch {
	case out.Method != http.MethodGet && out.Method != http.MethodPost:
		p.Add("method", "is %q; write GET or POST", c.Method)
	case out.Method == http.MethodGet && c.Body != "":
		p.Add("body", "has no use with GET; remove it, or write method: POST")
	case c.Body != "" && !json.Valid([]byte(strings.ReplaceAll(c.Body, placeholder, "0"))):
		p.Add("body", `is not JSON; write it like {"id": "{payment}"}`)
	}
	if out.Scheme != "bearer" && out.Scheme != "basic" && out.Scheme != "plain" {
		p.Add("scheme", "is %q; write bearer, basic or plain", c.Scheme)
	}
	if (out.Scheme == "basic") != (c.User != "") {
		p.Add("user", "belongs to scheme: basic; write both or neither")
	}
	if c.Header != "" && (out.Scheme != "plain" || !headerNames.MatchString(c.Header)) {
		p.Add("header", "is the name of a header for scheme: plain; correct it, or remove it")
	}
}

// takes tells whether an id may be asked for.
func (c *confirm) takes(id string) bool { return c.ids.MatchString(id) && plainIDs.MatchString(id) }

func (c *confirm) authorise(r *protocol.Request) error {
	secret, err := c.Secret.Reveal()
	if err != nil {
		return err
	}
	switch c.Scheme {
	case "bearer":
		secret = "Bearer " + secret
	case "basic":
		secret = "Basic " + base64.StdEncoding.EncodeToString([]byte(c.User+":"+secret))
	}
	r.Header.Set(c.Header, secret)
	return nil
}
