package history

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

var labels = map[string]Text{
	"status":     {"Statut de la commande", "Order status"},
	"registered": {"Est inscrit", "Is registered"},
	"state":      {"Suivi", "Progress"},
	"yes":        {"oui", "yes"},
	"no":         {"non", "no"},
	"story":      {"Chronologie", "Timeline"},
	"answer":     {"Réponse à envoyer au participant", "Answer to send to the buyer"},
}

// Print writes the history as text, with times in the zone.
func Print(out io.Writer, h History, lang string, zone *time.Location) error {
	label := func(name string) string { return labels[name].In(lang) }
	registered := label("no")
	if h.Registered {
		registered = label("yes")
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "%s\t%s\n%s\t%s\n%s\t%s\n", label("status"), h.Order.In(lang), label("registered"), registered, label("state"), h.State.In(lang))
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s\n", label("story"))
	w = tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	day := ""
	for i, m := range h.Moments {
		gap, at := "", m.At.In(zone)
		if i > 0 {
			gap = Gap(m.Gap, lang)
		}
		clock := at.Format("15:04:05")
		if d := at.Format("2006-01-02"); d != day { // a story may go over midnight, and a dispute over months
			day, clock = d, d+" "+clock
		}
		fmt.Fprintf(w, "  %s %19s\t%s\t%s\n", m.Mark, clock, m.Text.In(lang), gap)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%s\n  %s\n", label("answer"), h.Answer.In(lang))
	return err
}
