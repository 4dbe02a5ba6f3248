package history

import (
	"fmt"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// moneyWords are what a payment can go through.
var moneyWords = map[purchase.Kind]Text{
	purchase.Approved:   {"Paiement accepté par l'acheteur", "Payment agreed by the buyer"},
	purchase.Pending:    {"Paiement en cours chez le prestataire", "Payment pending at the provider"},
	purchase.Authorised: {"Montant réservé", "Amount reserved"},
	purchase.Captured:   {"Paiement capturé", "Payment captured"},
	purchase.Failed:     {"Paiement refusé", "Payment declined"},
	purchase.Lapsed:     {"Le paiement ne peut plus être fait", "The payment can no longer be made"},
	purchase.Refunded:   {"Remboursement", "Refund"},
	purchase.Reversed:   {"Montant repris par la banque ou le prestataire", "Money taken back by the bank or the provider"},
}

var stepWords = map[purchase.Step]Text{
	purchase.StepFinalize: {"Demande d'inscription envoyée à Dynamics", "Registration requested from Dynamics"},
	purchase.StepCapture:  {"Encaissement demandé au prestataire", "Capture requested from the provider"},
	purchase.StepReserve:  {"Réservation du montant demandée au prestataire", "Reservation of the amount requested from the provider"},
	purchase.StepVoid:     {"Fin de la session de paiement demandée au prestataire", "End of the pay session requested from the provider"},
	purchase.StepRefund:   {"Remboursement demandé au prestataire", "Refund requested from the provider"},
	purchase.StepRelease:  {"Libération de la place demandée à Dynamics", "Release of the seat requested from Dynamics"},
}

var resultWords = map[purchase.Result]Text{
	purchase.Confirmed:    {"Réponse : confirmé", "Answer: confirmed"},
	purchase.Acknowledged: {"Réponse : reçu, à vérifier", "Answer: received, to be verified"},
	purchase.Refused:      {"Réponse : refusé", "Answer: refused"},
	purchase.Unknown:      {"Pas de réponse sûre : à vérifier", "No certain answer: to be verified"},
	purchase.Unsent:       {"Pas parti, à refaire", "Not sent, to be done again"},
}

var readBack = map[purchase.Seats]Text{
	purchase.SeatsAll:    {"Dynamics montre l'inscription", "Dynamics shows the registration"},
	purchase.SeatsSome:   {"Dynamics montre l'inscription d'une partie des participants", "Dynamics shows seats for some of the attendees"},
	purchase.SeatsNone:   {"Dynamics ne montre pas d'inscription", "Dynamics shows no registration"},
	purchase.SeatsUnsaid: {"Dynamics ne dit pas si l'inscription existe", "Dynamics does not say whether there is a registration"},
}

func causeText(c purchase.Cause) Text {
	words := c.Words()
	return Text{words.Fr, words.En}
}

// decisions are what a person decided.
var decisions = map[purchase.Kind]Text{
	purchase.Accepted:       {"Écart accepté", "Difference accepted"},
	purchase.Retried:        {"Nouvel essai demandé", "Another try ordered"},
	purchase.AskOrdered:     {"Question aux prestataires demandée", "Asking the providers ordered"},
	purchase.RefundOrdered:  {"Remboursement ordonné", "Refund ordered"},
	purchase.ReleaseOrdered: {"Libération de la place demandée", "Release of the seat ordered"},
	purchase.Closed:         {"Dossier clos", "Closed"},
	purchase.Noted:          {"Note", "Note"},
}

// by says who decided, how much and why.
func by(f purchase.Fact, t Text) Text {
	if f.Kind == purchase.RefundOrdered {
		t = with(t, amountOf(f))
	}
	if f.Detail.By != "" {
		t = with(t, texts(" par %s", " by %s", f.Detail.By))
	}
	if f.Kind == purchase.Tied { // its reason is the purchase
		return t
	}
	return said(t, f.Detail.Reason)
}

// heardWords say how hearsay came.
func heardWords(f purchase.Fact) Text {
	switch f.Source {
	case purchase.ByPoll:
		return texts("Vu dans la liste de %s : ", "Seen in the list of %s: ", f.Account)
	case purchase.ByReturn:
		return texts("Dit au retour de l'acheteur chez %s : ", "Said on the buyer's return at %s: ", f.Account)
	}
	return texts("Rappel reçu de %s : ", "Notification received from %s: ", f.Account)
}

// learned says how proof came that is older than our knowledge of it.
func learned(f purchase.Fact) Text {
	switch {
	case f.Standing == purchase.Decided:
		return by(f, Text{"Noté", "Noted"})
	case f.Source == purchase.ByCallback:
		return Text{"Connu par rappel du prestataire", "Learned by the provider's notification"}
	case f.Source == purchase.ByReturn:
		return Text{"Connu au retour de l'acheteur", "Learned when the buyer came back"}
	}
	return Text{"Connu en interrogeant le prestataire", "Learned by asking the provider"}
}

func deadline(d purchase.Deadline) Text {
	if d.Certain {
		return Text{"Échéance de Dynamics", "Dynamics' deadline"}
	}
	return Text{"Échéance supposée", "Presumed deadline"}
}

// texts writes both languages with the same values; a Text among them is taken in its language.
func texts(fr, en string, values ...any) Text {
	in := func(lang string) []any {
		out := make([]any, len(values))
		for i, v := range values {
			if t, ok := v.(Text); ok {
				v = t.In(lang)
			}
			out[i] = v
		}
		return out
	}
	return Text{fmt.Sprintf(fr, in("fr")...), fmt.Sprintf(en, in("en")...)}
}

func plain(s string) Text { return Text{s, s} }

func with(a, b Text) Text { return Text{a.Fr + b.Fr, a.En + b.En} }

func said(t Text, reason string) Text {
	if reason == "" {
		return t
	}
	return with(t, plain(" ("+reason+")"))
}

func times(n int, t Text) Text {
	if n == 1 {
		return t
	}
	return with(t, texts(" (%d fois)", " (%d times)", n))
}

// amount is money as each language writes it.
func amount(m purchase.Money) Text {
	return Text{strings.Replace(m.String(), ".", ",", 1), m.String()}
}

// Gap writes how long something took: to the hundredth below a second, then in the one unit that matters.
func Gap(d time.Duration, lang string) string {
	day := "d"
	if lang == "fr" {
		day = "j"
	}
	switch {
	case d < time.Second:
		return fmt.Sprintf("+ %d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("+ %d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("+ %d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("+ %d h %02d", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("+ %d %s", int(d.Hours()/24), day)
}

func fill(text, amount string) string { return strings.ReplaceAll(text, "{amount}", amount) }
