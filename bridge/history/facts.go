package history

import (
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// fact tells one fact. What people need not read is left out: the answers to what was asked stand beside it.
func (s *story) fact(f purchase.Fact) {
	switch f.Kind {
	case purchase.Offered:
		s.offered(f)
	case purchase.Arrived:
		s.add(when(f), Done, Text{"L'acheteur arrive sur notre page de paiement", "The buyer arrives at our pay address"})
	case purchase.Returned:
		s.returned(f)
	case purchase.Opened:
		s.add(when(f), Done, texts("Session de paiement ouverte chez %s : %s", "Pay session opened at %s: %s", f.Account, amount(f.Money)))
	case purchase.Asked:
		s.ask(f.At, "asked "+f.Account, func(n int) Text { return times(n, texts("%s interrogé", "%s asked", f.Account)) })
	case purchase.ReadBack:
		s.ask(f.At, "read "+string(f.Detail.Seats), func(n int) Text { return times(n, readBack[f.Detail.Seats]) })
	case purchase.Intended, purchase.Concluded:
		s.work(f)
	case purchase.Handed:
		s.add(when(f), Wrong, with(Text{"Mis à traiter : ", "Put on the desk: "}, causeText(f.Detail.Cause)))
	case purchase.Abandoned:
		s.add(when(f), Wrong, Text{"Délai écoulé sans paiement", "Time is up and nobody paid"})
	case purchase.Restored:
		s.add(when(f), Wrong, Text{"Base de données remise d'une sauvegarde : ce qui s'est passé depuis est à revérifier", "Database put back from a backup: what happened since is to be checked again"})
	case purchase.Tied:
		s.add(when(f), Done, by(f, texts("Rattaché à l'achat %s", "Tied to purchase %s", f.Detail.Reason)))
	default:
		if words, decided := decisions[f.Kind]; decided {
			s.add(when(f), Done, by(f, words))
			return
		}
		s.payment(f)
	}
}

// returned leaves out the pages that look again by themselves.
func (s *story) returned(f purchase.Fact) {
	switch purchase.Return(f.Detail.Reason) {
	case purchase.ReturnPaying:
		s.add(when(f), Done, Text{"L'acheteur revient du prestataire", "The buyer comes back from the provider"})
	case purchase.ReturnGivenUp:
		s.ask(when(f), "gives up "+f.Payment, func(int) Text {
			return Text{"L'acheteur renonce chez le prestataire et revient", "The buyer gives up at the provider and comes back"}
		})
	}
}

// when is our own time of a fact: the provider's clock tells only when money moved.
func when(f purchase.Fact) time.Time {
	if f.Standing == purchase.Own && !f.At.IsZero() {
		return f.At
	}
	return f.Seen
}

// offered tells what Dynamics said, where it said something new.
func (s *story) offered(f purchase.Fact) {
	if created := f.Detail.Created; !created.IsZero() && !s.born {
		s.born = true
		s.add(created, Done, Text{"Inscription commencée (Dynamics)", "Registration begun (Dynamics)"})
	}
	switch {
	case !f.Money.Known():
		s.ask(when(f), "no price", func(n int) Text {
			return times(n, Text{"Dynamics ne donne pas de prix pour cet achat", "Dynamics has no price for this purchase"})
		})
	case f.Money != s.price:
		s.price = f.Money
		s.add(when(f), Done, texts("Prix lu dans Dynamics : %s", "Price read in Dynamics: %s", amount(f.Money)))
	}
}

// payment tells what a provider or a person says of money: what was only heard at the time of the notification, what is proved at the
// provider's time, and then how we learned of it if that took a while.
func (s *story) payment(f purchase.Fact) {
	words, known := moneyWords[f.Kind]
	if !known {
		s.add(when(f), Done, texts("Noté : %s %s", "Noted: %s %s", plain(string(f.Kind)), plain(f.Detail.Reason)))
		return
	}
	what := with(words, amountOf(f))
	if f.Standing == purchase.Heard {
		s.add(f.Seen, Done, with(with(heardWords(f), what), Text{" (à vérifier)", " (to be verified)"}))
		return
	}
	mark := Done
	if f.Kind == purchase.Failed || f.Kind == purchase.Reversed {
		mark = Wrong
	}
	at := f.At
	if at.IsZero() || at.After(f.Seen) {
		at = f.Seen
	}
	s.add(at, mark, what)
	if late := f.Seen.Sub(at); late > time.Second || f.Standing == purchase.Decided {
		s.add(f.Seen, Done, learned(f))
	}
}

// work tells of our own calls that cannot be taken back, and of what became of them.
func (s *story) work(f purchase.Fact) {
	if f.Kind == purchase.Intended {
		words, known := stepWords[f.Detail.Step]
		if !known {
			words = plain(string(f.Detail.Step))
		}
		s.add(when(f), Done, words)
		return
	}
	words, known := resultWords[f.Detail.Result]
	if !known {
		words = plain(string(f.Detail.Result))
	}
	mark := Wrong
	if f.Detail.Result == purchase.Confirmed || f.Detail.Result == purchase.Acknowledged {
		mark = Done
	}
	s.add(when(f), mark, said(words, f.Detail.Reason))
}

func amountOf(f purchase.Fact) Text {
	var text Text
	if f.Money.Known() {
		text = with(plain(" "), amount(f.Money))
	}
	if f.Payment != "" {
		text = with(text, plain(" ("+f.Payment+")"))
	}
	return text
}
