package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"text/template"
	"time"

	"github.com/spf13/cobra"

	"github.com/paybridge/paybridge/config"
	"github.com/paybridge/paybridge/dataverse"
)

// A snippet is what connects an event's page with the redirect leg of one account: for outbound a web template of a Power Apps portal,
// for real-time an address to paste. It carries ids only: never an amount, a currency or a secret, for everybody can read the page.
type snippet struct {
	SchemaVersion int      `json:"schema_version"`
	Account       string   `json:"account"`
	Address       string   `json:"address"` // of the redirect leg
	RealTime      []string `json:"realtime_steps,omitempty"`
	Outbound      []string `json:"outbound_steps,omitempty"`
	Template      string   `json:"template,omitempty"` // Liquid
}

func newSnippet() *cobra.Command {
	var path, account, lang string
	var bare bool
	cmd := &cobra.Command{
		Use:   "snippet",
		Short: "Print what to paste into the event's page, with the steps",
		Long: "snippet prints what leads a buyer from the event to the redirect leg of an account: for outbound events on a Power Apps portal a web\n" +
			"template, for real-time events the address of the payment page. An event site of your own sends the buyer to the same address.",
		Example: "  paybridge snippet --account paypal-main --lang fr\n  paybridge snippet --account paypal-main --template > paybridge.liquid",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			asJSON, err := wantsJSON(cmd)
			if err != nil {
				return err
			}
			c, err := loadConfig(path)
			if err != nil {
				return err
			}
			s, err := makeSnippet(c, account, lang)
			switch {
			case err != nil:
				return usage(err)
			case asJSON:
				return printJSON(cmd.OutOrStdout(), s)
			case bare:
				_, err := io.WriteString(cmd.OutOrStdout(), s.Template)
				return err
			}
			return s.print(cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&path, "config", "paybridge.yaml", "the settings file")
	cmd.Flags().StringVar(&account, "account", "", "the account whose pay page buyers are led to")
	cmd.Flags().StringVar(&lang, "lang", "en", "language of the page and of the steps: en or fr")
	cmd.Flags().BoolVar(&bare, "template", false, "print the web template only")
	return cmd
}

//go:embed snippet.liquid
var snippetSource string

var snippetTemplate = template.Must(template.New("snippet").Delims("[[", "]]").Parse(snippetSource))

// makeSnippet is for the dialect of the account's environment; for both where that is to be found out.
func makeSnippet(c *config.Config, account, lang string) (snippet, error) {
	a, ok := c.Accounts[account]
	words, spoken := snippetWords[lang]
	switch {
	case account == "":
		return snippet{}, errors.New("--account is missing; name the account that buyers pay at")
	case !ok:
		return snippet{}, fmt.Errorf("there is no account %q in the settings", account)
	case !spoken:
		return snippet{}, fmt.Errorf("there is no language %q; choose en or fr", lang)
	}
	s := snippet{SchemaVersion: schemaVersion, Account: account,
		Address: strings.TrimSuffix(c.Server.PublicURL, "/") + "/pay/" + url.PathEscape(account)}
	var text strings.Builder
	if err := snippetTemplate.Execute(&text, words); err != nil {
		return snippet{}, fmt.Errorf("write the template: %w", err)
	}
	s.Template = text.String()
	of := c.Environments[a.Environment].Dataverse
	if of.Dialect != dataverse.DialectOutbound {
		s.RealTime = filledSteps(words.RealTime, s.Address, of.Policy().Window)
	}
	if of.Dialect != dataverse.DialectRealtime {
		s.Outbound = filledSteps(words.Outbound, s.Address, of.Policy().Window)
	}
	return s, nil
}

func filledSteps(steps []string, address string, window time.Duration) []string {
	filled := make([]string, 0, len(steps))
	for _, step := range steps {
		filled = append(filled, strings.NewReplacer("{address}", address, "{minutes}", fmt.Sprint(int(window.Minutes()))).Replace(step))
	}
	return filled
}

func (s snippet) print(w io.Writer) error {
	var text strings.Builder
	for _, part := range []struct {
		title string
		steps []string
	}{{"Real-time journeys", s.RealTime}, {"Outbound marketing, Power Apps portal", s.Outbound}} {
		if len(part.steps) == 0 {
			continue
		}
		fmt.Fprintf(&text, "%s\n\n", part.title)
		for i, step := range part.steps {
			fmt.Fprintf(&text, "  %d. %s\n", i+1, step)
		}
		text.WriteString("\n")
	}
	if len(s.Outbound) > 0 {
		text.WriteString(s.Template)
	}
	_, err := io.WriteString(w, text.String())
	return err
}
