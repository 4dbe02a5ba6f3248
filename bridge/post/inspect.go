package post

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// Inspect answers the doctor: whether the mail server lets us in, and whether the other systems can be reached. Nobody is sent anything.
func Inspect(ctx context.Context, c Config) []purchase.Finding {
	if c.SMTP.IsZero() && len(c.Webhooks) == 0 {
		return []purchase.Finding{{Check: "MSG-01", Status: purchase.Skip, Detail: "no messages are sent: there is no mail server and no webhook"}}
	}
	findings := []purchase.Finding{c.inspectMail(ctx)}
	for _, name := range slices.Sorted(maps.Keys(c.Webhooks)) {
		findings = append(findings, c.inspectHook(ctx, name))
	}
	return findings
}

func (c Config) inspectMail(ctx context.Context) purchase.Finding {
	f := purchase.Finding{Check: "MSG-01", Status: purchase.Pass, Detail: fmt.Sprintf("the mail server %s lets paybridge in", c.SMTP.Host)}
	if c.SMTP.IsZero() {
		return purchase.Finding{Check: "MSG-01", Status: purchase.Skip, Detail: "no mails are sent: there is no mail server"}
	}
	m, err := newMailer(c, time.Now)
	if err == nil {
		err = m.connect(ctx)
	}
	if err != nil {
		f.Status, f.Detail = purchase.Fail, fmt.Sprintf("the mail server %s does not let paybridge in: %v", c.SMTP.Host, err)
		f.Fix = "compare messages.smtp with what the mail server's operator says: host, port, tls, username, password"
		return f
	}
	m.close()
	if len(c.Organiser) == 0 {
		f.Status, f.Detail, f.Fix = purchase.Warn, f.Detail+"; nobody is told of the desk", "write the organiser's addresses under messages.organiser"
	}
	return f
}

func (c Config) inspectHook(ctx context.Context, name string) purchase.Finding {
	h, err := newHook(c.Webhooks[name], nil, time.Now)
	if err == nil {
		err = h.reach(ctx)
	}
	if err != nil {
		return purchase.Finding{Check: "MSG-02", Status: purchase.Fail, Detail: fmt.Sprintf("webhook %s cannot be reached: %v", name, err),
			Fix: "compare messages.webhooks." + name + ".url and ca_file with what its operator says"}
	}
	return purchase.Finding{Check: "MSG-02", Status: purchase.Pass, Detail: "webhook " + name + " can be reached; nothing was told"}
}
