package providersim

import (
	"encoding/hex"
	"slices"
	"strings"
)

// Forgeries implements Simulator: without a seal, sealed by another key, changed, with a field nobody sealed, with a result too many, of
// another TPE, paid in the other mode; and pay forms, which carry the same seal past every buyer: one as it is, one cut into other fields
// after a shop let the buyer write into it.
func (m *Monetico) Forgeries(f Forgery) []Notice {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := &Payment{ID: "FORGED" + strings.ToUpper(m.id("", 6)), Value: f.Value, Currency: f.Currency, Updated: m.now(),
		Fields: map[string]string{"texte-libre": f.Purchase}}
	ours, others := "payetest", "paiement"
	if m.cfg.Live {
		ours, others = others, ours
	}
	paid := m.result(p, ours, field{"numauto", "123456"})
	mac := field{"MAC", moneticoSeal(m.key, paid)}
	sealed := append(slices.Clone(paid), mac)
	changed := slices.Clone(sealed)
	changed[2].Value = "1.00" + p.Currency
	strange := slices.Clone(paid)
	strange[0].Value = "7654321"
	other, _ := hex.DecodeString(strings.Repeat("5A", 20)) // it is hexadecimal
	order := m.ordered(p)
	return []Notice{
		m.bare(paid),
		m.bare(append(slices.Clone(paid), field{"MAC", moneticoSeal(other, paid)})),
		m.bare(append(slices.Clone(paid), field{"MAC", mac.Value[:39]})),
		m.bare(changed),
		m.bare(append(slices.Clone(sealed), field{"unsealed", "1"})),
		m.bare(append(slices.Clone(sealed), field{"code-retour", ours})),
		m.notice(strange),
		m.notice(m.result(p, others, field{"numauto", "123456"})),
		m.notice(order),
		m.recut(order, ours),
	}
}

// ordered is a pay form for the forged payment. Held: mu.
func (m *Monetico) ordered(p *Payment) []field {
	return []field{{"TPE", m.tpe}, {"ThreeDSecureChallenge", "no_preference"}, {"contexte_commande", "e30="}, {"date", "01/01/2027:10:00:00"}, {"lgue", "FR"},
		{"mail", "payer@example.org"}, {"montant", p.Value + p.Currency}, {"reference", p.ID}, {"societe", m.company}, {"texte-libre", p.Fields["texte-libre"]},
		{"url_retour_err", "https://shop.example.org/err"}, {"url_retour_ok", "https://shop.example.org/ok"}, {"version", "3.0"}}
}

// recut takes the seal of a pay form in which the buyer gave a result as the second half of an e-mail address, and cuts what was sealed
// into the fields of a notification: everything before the result becomes the value of one of them. Held: mu.
func (m *Monetico) recut(order []field, code string) Notice {
	const mail = 5
	written := slices.Clone(order)
	written[mail].Value = "payer*code-retour=" + code + "*date=01/01/2027_a_10:00:00@example.org"
	swallowed := written[1].Value
	for _, f := range written[2:mail] {
		swallowed += "*" + f.Name + "=" + f.Value
	}
	cut := []field{written[0], {written[1].Name, swallowed + "*mail=payer"}, {"code-retour", code}, {"date", "01/01/2027_a_10:00:00@example.org"}}
	cut = append(cut, written[mail+1:]...)
	if moneticoSeal(m.key, cut) != moneticoSeal(m.key, written) {
		panic("providersim: a pay form that is cut otherwise has another seal")
	}
	return m.bare(append(cut, field{"MAC", moneticoSeal(m.key, written)}))
}
