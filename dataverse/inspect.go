package dataverse

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// identity is who the application user is, and where.
type identity struct {
	Organization string `json:"OrganizationId"`
	Unit         string `json:"BusinessUnitId"`
	User         string `json:"UserId"`
}

func (c *Client) whoAmI(ctx context.Context) (identity, error) {
	var who identity
	err := c.readJSON(ctx, call{doing: "ask dynamics who we are", operation: opWhoAmI, segment: "WhoAmI"}, &who)
	return who, err
}

// Organization is the OrganizationId of the environment: its identity, whatever address it is reached at.
func (c *Client) Organization(ctx context.Context) (string, error) {
	who, err := c.whoAmI(ctx)
	if err == nil && !guidShape.MatchString(who.Organization) {
		err = errors.New("ask dynamics who we are: the answer names no organisation")
	}
	return who.Organization, err
}

// Inspect answers the doctor. It reads only; no finalize is ever tried. What an application user may not ask about is not
// conclusive and left to a person.
func (c *Client) Inspect(ctx context.Context) []purchase.Finding {
	found := []purchase.Finding{c.inspectToken(ctx)}
	if found[0].Status == purchase.Fail {
		return found
	}
	who, err := c.whoAmI(ctx)
	found = append(found, c.inspectOrganization(who, err))
	if err != nil {
		return append(found, c.inspectUser(who, err))
	}
	found = append(found, c.inspectClock(), c.inspectUser(who, err))
	return append(append(found, c.inspectDialect(ctx)...), c.inspectCredential(), switchPayments, switchDemo)
}

// The switches that no documented table shows.
// Source: Dynamics 365 Customer Insights - Journeys, event settings; Dynamics 365 Marketing, events settings.
var (
	switchPayments = purchase.Finding{Check: "DV-06", Status: purchase.Manual, Detail: "whether payments in real-time journeys are switched on cannot be read",
		Fix: "look at Settings > Feature switches > Enable payments in real-time journeys (real-time only)"}
	switchDemo = purchase.Finding{Check: "DV-11", Status: purchase.Manual, Detail: "whether anybody can confirm a registration without paying cannot be read",
		Fix: "look at Settings > Event administration > Enable demo payment confirmation: it must be No"}
)

func (c *Client) inspectToken(ctx context.Context) purchase.Finding {
	host := c.cfg.origin()
	if u, err := url.Parse(host); err == nil {
		host = u.Host
	}
	if _, err := c.tokens.get(ctx); err != nil {
		return troubled("DV-01", err, "compare tenant_id, client_id and the credential with the app registration")
	}
	return purchase.Finding{Check: "DV-01", Status: purchase.Pass, Detail: "got a token for " + host}
}

func (c *Client) inspectOrganization(who identity, err error) purchase.Finding {
	if err != nil {
		return troubled("DV-02", err, "compare url with the Power Platform admin center")
	}
	return purchase.Finding{Check: "DV-02", Status: purchase.Pass, Detail: fmt.Sprintf("%s is organisation %s", c.cfg.origin(), who.Organization)}
}

func (c *Client) inspectUser(who identity, err error) purchase.Finding {
	const check = "DV-03"
	var f *failure
	switch {
	case errors.As(err, &f) && f.code == codeNotMember:
		return troubled(check, err, "create the application user")
	case err != nil:
		return purchase.Finding{Check: check, Status: purchase.Skip, Detail: "cannot be told before dynamics answers"}
	}
	return purchase.Finding{Check: check, Status: purchase.Pass, Detail: fmt.Sprintf("the application user is enabled, in business unit %s", who.Unit)}
}

const (
	skewNoticed = 5 * time.Second
	skewWrong   = time.Minute
)

func (c *Client) inspectClock() purchase.Finding {
	skew := c.clock.ahead()
	f := purchase.Finding{Check: "CLK-01", Status: purchase.Pass, Detail: "the clocks of dynamics and of this machine agree"}
	if skew.Abs() >= skewNoticed {
		f.Status, f.Detail, f.Fix = purchase.Warn, fmt.Sprintf("the clock of dynamics is %s ahead of this machine's", skew.Round(time.Second)), "start time synchronisation"
	}
	if skew.Abs() > skewWrong {
		f.Status = purchase.Fail
	}
	return f
}

// inspectDialect finds the dialect, whether its finalize is there, and whether purchases can be read: twice, because a cache that
// is still warm hides a missing privilege.
func (c *Client) inspectDialect(ctx context.Context) []purchase.Finding {
	d, err := c.speak(ctx)
	if err != nil {
		return []purchase.Finding{troubled("DV-05", err, "")}
	}
	return []purchase.Finding{c.inspectFinalize(ctx, d), inspectReading(ctx, d)}
}

func inspectReading(ctx context.Context, d dialect) purchase.Finding {
	for range 2 {
		if err := d.readable(ctx); err != nil {
			return troubled("DV-07", err, "give the application user read access to the purchase tables and to currencies, for the whole organisation")
		}
	}
	return purchase.Finding{Check: "DV-07", Status: purchase.Pass, Detail: "purchases can be read"}
}

// inspectFinalize looks the action up in the list of messages, where that may be read. That it is not listed proves nothing: a
// private one is not.
func (c *Client) inspectFinalize(ctx context.Context, d dialect) purchase.Finding {
	f := purchase.Finding{Check: "DV-05", Status: purchase.Pass}
	for _, action := range d.finishes() {
		var page struct {
			Value []struct{} `json:"value"`
		}
		err := c.readJSON(ctx, call{doing: "look for the finalize action", operation: opMetadata, segment: "sdkmessages",
			rest: "?$select=name&$filter=" + url.PathEscape("name eq '"+action+"'")}, &page)
		if err == nil && len(page.Value) > 0 {
			f.Detail = fmt.Sprintf("the dialect is %s, finalized with %s", d.name(), action)
			return f
		}
	}
	f.Status, f.Detail = purchase.Manual, fmt.Sprintf("the dialect is %s; whether its finalize can be called shows with the first order", d.name())
	f.Fix = "make an order in the sandbox"
	return f
}

const expiresSoon = 21 * 24 * time.Hour

func (c *Client) inspectCredential() purchase.Finding {
	f := purchase.Finding{Check: "DV-08", Status: purchase.Pass, Detail: "the credential is renewed by the platform"}
	switch {
	case c.cfg.ClientSecret.IsSet():
		f.Status, f.Detail = purchase.Manual, "when the client secret expires cannot be read"
		f.Fix = "look at the app registration > Certificates & secrets, and put the day into a calendar"
	case c.cfg.ClientCertificate.IsSet():
		chain, _, err := c.cfg.certificate()
		if err != nil {
			return purchase.Finding{Check: f.Check, Status: purchase.Fail, Detail: err.Error()}
		}
		f.Detail = "the certificate ends on " + chain[0].NotAfter.UTC().Format(time.DateOnly)
		if chain[0].NotAfter.Sub(c.now()) < expiresSoon {
			f.Status, f.Fix = purchase.Warn, "make a new certificate and upload it to the app registration"
		}
	}
	return f
}

// troubled is a check that failed, with the fix that the error knows, else the usual one.
func troubled(check string, err error, usual string) purchase.Finding {
	f := purchase.Finding{Check: check, Status: purchase.Fail, Detail: err.Error(), Fix: usual}
	var s *signInError
	var known *failure
	switch {
	case errors.As(err, &s) && s.fix != "":
		f.Detail, f.Fix = s.told(), s.fix
	case errors.As(err, &known) && known.fix != "":
		f.Detail, f.Fix = known.told(), known.fix
	}
	return f
}
