package post

import (
	"maps"
	"slices"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// Routes is who is told what, for the store: for each account and its environment, each kind that is on, and each channel. Kinds about
// purchases of no known account go by the account "".
func (c Config) Routes(accounts map[string]string) []bridge.Route {
	var routes []bridge.Route
	for _, place := range places(accounts) {
		for _, row := range purchase.NoticeKinds() {
			for _, channel := range c.channelsOf(place.Account, row) {
				routes = append(routes, bridge.Route{Environment: place.Environment, Account: place.Account, Kind: row.Kind, Channel: channel})
			}
		}
	}
	return routes
}

// places are the accounts in their environments, and no account in each of these.
func places(accounts map[string]string) []bridge.Route {
	var all []bridge.Route
	for _, name := range slices.Sorted(maps.Keys(accounts)) {
		for _, account := range []string{name, ""} {
			if place := (bridge.Route{Environment: accounts[name], Account: account}); !slices.Contains(all, place) {
				all = append(all, place)
			}
		}
	}
	return all
}

func (c Config) channelsOf(account string, row purchase.NoticeRow) []string {
	var channels []string
	mailed := !c.SMTP.IsZero() && !slices.Contains(c.Off, row.Kind) && !slices.Contains(c.Accounts[account].Off, row.Kind)
	switch {
	case mailed && row.Organiser && len(c.Organiser) > 0:
		channels = append(channels, bridge.MailToOrganiser)
	case mailed && !row.Organiser:
		channels = append(channels, bridge.MailToPayer)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Webhooks)) {
		if !slices.Contains(c.Webhooks[name].Off, row.Kind) {
			channels = append(channels, bridge.WebhookPrefix+name)
		}
	}
	return channels
}

// channels are all that something may be sent over, those too that no route leads to any more: what waits there is settled.
func (c Config) channels() []string {
	var channels []string
	if !c.SMTP.IsZero() {
		channels = append(channels, bridge.MailToPayer, bridge.MailToOrganiser)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Webhooks)) {
		channels = append(channels, bridge.WebhookPrefix+name)
	}
	return channels
}
