package monetico_test

import (
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providertest"
)

// with are the fields with one more or another.
func with(fields map[string]string, changes ...string) map[string]string {
	fields = maps.Clone(fields)
	for i := 0; i < len(changes); i += 2 {
		fields[changes[i]] = changes[i+1]
	}
	return fields
}

func without(fields map[string]string, name string) map[string]string {
	fields = maps.Clone(fields)
	delete(fields, name)
	return fields
}

var paid = map[string]string{"TPE": tpe, "date": "20/11/2026_a_10:15:30", "montant": "45.00EUR", "reference": "R1", "texte-libre": providertest.PurchaseID,
	"code-retour": "payetest", "numauto": "000001", "modepaiement": "CB"}

func TestWhatNotificationsTell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const captured, id = "proved captured R1 R1.000001 ", " " + providertest.PurchaseID
	refused := with(without(paid, "numauto"), "code-retour", "Annulation")
	for name, c := range map[string]struct {
		fields map[string]string
		want   []string
	}{
		"paid":                      {paid, []string{captured + "45.00 EUR" + id}},
		"paid, in cents less":       {with(paid, "montant", "45EUR"), []string{captured + "45.00 EUR" + id}},
		"paid in yen":               {with(paid, "montant", "4500JPY"), []string{captured + "4500 JPY" + id}},
		"paid in dinars":            {with(paid, "montant", "45.12KWD"), []string{captured + "45.120 KWD" + id}},
		"paid in dinars, padded":    {with(paid, "montant", "45.120KWD"), []string{captured + "45.120 KWD" + id}},
		"paid without a number":     {without(paid, "numauto"), []string{"proved captured R1 R1 45.00 EUR" + id}},
		"paid under an odd number":  {with(paid, "numauto", "- "), []string{"proved captured R1 R1 45.00 EUR" + id}},
		"paid for nobody":           {with(paid, "texte-libre", "Gala"), []string{captured + "45.00 EUR"}},
		"paid whole, as one part":   {with(paid, "montantech", "45.0EUR"), []string{captured + "45.00 EUR" + id}},
		"paid, with an empty part":  {with(paid, "montantech", ""), []string{captured + "45.00 EUR" + id}},
		"paid by other means":       {with(paid, "modepaiement", "paypal"), []string{captured + "45.00 EUR" + id}},
		"paid, with an asterisk":    {with(paid, "commentaire", "A * B"), []string{captured + "45.00 EUR" + id}},
		"paid, with an equals sign": {with(paid, "authentification", "e30=="), []string{captured + "45.00 EUR" + id}},
		"paid, in another charset":  {with(paid, "ville", "Orl\xe9ans"), []string{captured + "45.00 EUR" + id}},
		"refused":                   {with(refused, "motifrefus", "Refus"), []string{"proved failed R1 R1" + id + " Refus"}},
		"refused for a word":        {with(refused, "motifrefus", "Appel Phonie"), []string{"proved failed R1 R1" + id + " Appel_Phonie"}},
		"refused for no reason":     {refused, []string{"proved failed R1 R1" + id}},
		"refused, in small letters": {with(refused, "code-retour", "annulation"), []string{"proved failed R1 R1" + id}},
		"a first part refused":      {with(refused, "montantech", "15.00EUR"), []string{"proved failed R1 R1" + id}},
	} {
		reading, err := w.Read(t.Context(), w.signed(c.fields))
		if got := providertest.Said(reading.Facts); err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v\n got %q\nwant %q", name, err, got, c.want)
		}
		for _, f := range reading.Facts {
			if !f.At.IsZero() || f.Version != 0 || reading.Message != "" {
				t.Errorf("%s: %+v, %q", name, f, reading.Message)
			}
		}
	}
	for name, fields := range map[string]map[string]string{
		"a first instalment":        with(paid, "montantech", "15.00EUR"),
		"a part of no amount":       with(paid, "montantech", "a third"),
		"a later instalment":        with(paid, "code-retour", "payetest_pf2", "montantech", "15.00EUR"),
		"a later instalment missed": with(paid, "code-retour", "Annulation_pf3", "montantech", "15.00EUR"),
		"a pre-authorisation":       with(without(paid, "montant"), "montantestime", "45.00EUR"),
		"an unknown result":         with(paid, "code-retour", "attente"),
		"no word for a result":      with(paid, "code-retour", ""),
		"the word in capitals":      with(paid, "code-retour", "PAYETEST"),
		"no currency":               with(paid, "montant", "45.00"),
		"an unknown currency":       with(paid, "montant", "45.00EUX"),
		"a currency in small":       with(paid, "montant", "45.00eur"),
		"a comma":                   with(paid, "montant", "45,00EUR"),
		"a sign":                    with(paid, "montant", "-45.00EUR"),
		"nothing":                   with(paid, "montant", "0.00EUR"),
		"too exact":                 with(paid, "montant", "45.001EUR"),
		"too exact for the bank":    with(paid, "montant", "45.125KWD"),
		"parts of a yen":            with(paid, "montant", "4500.50JPY"),
		"too much":                  with(paid, "montant", "99999999999999999999EUR"),
		"no reference":              without(paid, "reference"),
		"an odd reference":          with(paid, "reference", "R\n1"),
		"a long reference":          with(paid, "reference", fmt.Sprintf("%065d", 1)),
	} {
		if reading, err := w.Read(t.Context(), w.signed(fields)); !errors.Is(err, purchase.ErrNotUnderstood) || len(reading.Facts) > 0 {
			t.Errorf("%s: %+v, %v", name, reading, err)
		}
	}
}

func TestOneWordTellsTestFromProduction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	live := w.live(t)
	for code, c := range map[string]struct{ sandbox, live error }{
		"payetest":       {nil, purchase.WrongMode},
		"paiement":       {purchase.WrongMode, nil},
		"paiement_pf2":   {purchase.WrongMode, purchase.ErrNotUnderstood},
		"Annulation":     {nil, nil},
		"Annulation_pf2": {purchase.ErrNotUnderstood, purchase.ErrNotUnderstood},
	} {
		d := w.signed(with(paid, "code-retour", code))
		if _, err := w.Read(t.Context(), d); !errors.Is(err, c.sandbox) {
			t.Errorf("%s in sandbox: %v", code, err)
		}
		if _, err := live.Read(t.Context(), d); !errors.Is(err, c.live) {
			t.Errorf("%s in live: %v", code, err)
		}
	}
}

// fold is a purchase as the core makes it of deliveries.
func (w *world) fold(t *testing.T, deliveries ...purchase.Delivery) purchase.Purchase {
	t.Helper()
	var facts []purchase.Fact
	for _, d := range deliveries {
		reading, err := w.Read(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range reading.Facts {
			f.Account, f.Seen = "main", time.Now()
			facts = append(facts, purchase.Identify(f))
		}
	}
	return purchase.Fold(purchase.Key{Environment: "main", ID: providertest.PurchaseID}, facts, purchase.DefaultPolicy(time.Hour))
}

func TestARefusalHidesNoMoneyAndARepeatDoublesNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	refused := with(without(paid, "numauto"), "code-retour", "Annulation", "motifrefus", "Refus")
	good, bad, worse := w.signed(paid), w.signed(refused), w.signed(with(refused, "motifrefus", "3DSecure"))
	for name, deliveries := range map[string][]purchase.Delivery{"refused before": {bad, worse, good}, "refused after": {good, bad}, "repeated": {good, good, bad, bad}} {
		p := w.fold(t, deliveries...)
		if len(p.Payments) != 1 || p.Net() != providertest.Euros45 || p.Payments[0].Contradicted {
			t.Errorf("%s: %+v", name, p.Payments)
		}
	}
	twice := w.fold(t, good, w.signed(with(paid, "numauto", "000002")))
	if want := (purchase.Money{Minor: 9000, Currency: "EUR"}); twice.Net() != want {
		t.Errorf("a reference that was paid twice holds %s", twice.Net())
	}
	if p := w.fold(t, bad); p.Net().Known() || !p.Payments[0].Failed || !p.Payments[0].Open() {
		t.Errorf("after a refusal: %+v", p.Payments)
	}
}
