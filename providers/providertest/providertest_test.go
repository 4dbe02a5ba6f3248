package providertest_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providertest"
)

const secret = "a-secret-of-the-account"

// coin is a whole provider in a few lines: one header signs the body. Its flaws can be switched on one by one.
type coin struct {
	flaw string
	asks *atomic.Int64
}

type coinMessage struct {
	ID       string `json:"id"`
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"`
}

func (c coin) Read(_ context.Context, d purchase.Delivery) (purchase.Reading, error) {
	switch {
	case c.flaw == "reads without size":
		d.Body = d.Body[:min(len(d.Body), len(coinBody()))]
	case c.flaw == "panics on junk":
		_ = d.Body[0]
	case len(d.Body) > 1<<20, d.Method != http.MethodPost && c.flaw != "listens to any method":
		return purchase.Reading{}, purchase.Forged(purchase.Malformed)
	}
	signatures := c.signatures(d)
	if len(signatures) != 1 || !c.fits(signatures[0], d.Body) {
		return purchase.Reading{}, c.refusal()
	}
	var m coinMessage
	if err := json.Unmarshal(d.Body, &m); err != nil && c.flaw != "believes what has no end" {
		return purchase.Reading{}, purchase.ErrNotUnderstood
	}
	if m.Currency == "SAND" && c.flaw != "mixes modes" {
		why := purchase.WrongMode
		if c.flaw == "does not say why" {
			why = purchase.BadSignature
		}
		return purchase.Reading{}, purchase.Forged(why)
	}
	if c.flaw == "changes what it reads" {
		d.Body[0] = ' '
	}
	return purchase.Reading{Message: m.ID, Facts: []purchase.Fact{c.fact(purchase.Heard, m)}}, nil
}

// signatures are all values of the header, however its name is spelt.
func (c coin) signatures(d purchase.Delivery) []string {
	var all []string
	for name, values := range d.Header {
		if strings.EqualFold(name, "X-Signature") {
			all = append(all, values...)
		}
	}
	switch {
	case c.flaw == "takes any of several headers" && len(all) > 1:
		return all[:1]
	case c.flaw == "believes what is unsigned" && len(all) == 0:
		return []string{coinSign(c.flaw, d.Body)}
	}
	return all
}

func (c coin) fits(signature string, body []byte) bool {
	want := coinSign(c.flaw, body)
	if c.flaw == "looks at a prefix of the signature" {
		return strings.HasPrefix(signature, want[:8])
	}
	return hmac.Equal([]byte(signature), []byte(want))
}

func (c coin) refusal() error {
	switch c.flaw {
	case "tells the secret":
		return errors.Join(purchase.Forged(purchase.BadSignature), errors.New("the key is "+secret))
	case "calls forgeries unchecked":
		return purchase.ErrUnchecked
	}
	return purchase.Forged(purchase.BadSignature)
}

func (c coin) fact(standing purchase.Standing, m coinMessage) purchase.Fact {
	f := purchase.Fact{Kind: purchase.Captured, Standing: standing, Payment: m.ID, Object: m.ID, Money: purchase.Money{Minor: m.Minor, Currency: m.Currency}}
	switch c.flaw {
	case "names another environment":
		f.Purchase.Environment = "other"
	case "gives the engine's fields":
		f.Number = 7
	case "forgets the amount":
		f.Money = purchase.Money{}
	case "decides for people":
		f.Standing = purchase.Decided
	}
	return f
}

func (c coin) Ask(_ context.Context, ref purchase.Ref) ([]purchase.Fact, error) {
	if ref.Payment != "P1" {
		if c.flaw == "knows nothing of absence" {
			return nil, nil
		}
		return nil, fmt.Errorf("ask: %w", purchase.ErrNoPayment)
	}
	m := coinMessage{ID: "P1", Minor: 4500, Currency: "EUR"}
	standing := purchase.Proved
	switch c.flaw {
	case "proves something else each time":
		m.Minor += c.asks.Add(1)
	case "asks and proves nothing":
		standing = purchase.Heard
	}
	return []purchase.Fact{c.fact(standing, m)}, nil
}

func (c coin) List(context.Context, time.Time, time.Time) iter.Seq2[purchase.Fact, error] {
	return func(yield func(purchase.Fact, error) bool) {
		m := coinMessage{ID: "P1", Minor: 4500, Currency: "EUR"}
		switch c.flaw {
		case "lists nothing":
			return
		case "lists other amounts":
			m.Minor = 4400
		}
		f := c.fact(purchase.Heard, m)
		if c.flaw == "lists other objects" {
			f.Object = "event-7"
		}
		yield(f, nil)
	}
}

func (c coin) Instructions(callback string) []purchase.Instruction {
	step := purchase.Instruction{En: "Enter this.", Fr: "Saisissez ceci.", Value: callback}
	switch c.flaw {
	case "speaks one language":
		step.Fr = ""
	case "keeps its address to itself":
		step.Value = ""
	}
	return []purchase.Instruction{step}
}

func (c coin) Methods() []string {
	if c.flaw == "listens to another method" {
		return []string{http.MethodGet}
	}
	return []string{http.MethodPost}
}

func (c coin) Answer(_ purchase.Delivery, kept bool) purchase.Answer {
	taken, refused := purchase.Answer{Body: []byte("taken")}, purchase.Answer{Body: []byte("refused")}
	switch c.flaw {
	case "says the same to everybody":
		refused = taken
	case "says the same under another status":
		refused = purchase.Answer{Status: http.StatusForbidden, Body: taken.Body}
	case "is silent to forgers":
		refused = purchase.Answer{}
	case "welcomes forgers without a word":
		taken, refused = purchase.Answer{}, purchase.Answer{Status: http.StatusAccepted}
	}
	if kept {
		return taken
	}
	return refused
}

// deaf is a coin that cannot be asked.
type deaf struct{ c coin }

func (d deaf) Read(ctx context.Context, delivery purchase.Delivery) (purchase.Reading, error) {
	return d.c.Read(ctx, delivery)
}
func (d deaf) Instructions(callback string) []purchase.Instruction { return d.c.Instructions(callback) }

func coinSign(flaw string, body []byte) string {
	if flaw == "signs a part" {
		body = body[:min(len(body), 10)]
	}
	h := hmac.New(sha256.New, []byte(secret))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

func coinBody() []byte { return []byte(`{"id":"P1","minor":4500,"currency":"EUR"}`) }

func coinDelivery(flaw string, body []byte) purchase.Delivery {
	return purchase.Delivery{Method: http.MethodPost, Header: http.Header{"X-Signature": {coinSign(flaw, body)}}, Body: body}
}

func harness(flaw string) providertest.Harness {
	sandbox := coinDelivery(flaw, []byte(`{"id":"P1","minor":4500,"currency":"SAND"}`))
	return providertest.Harness{
		New: func() (bridge.Provider, error) {
			c := coin{flaw: flaw, asks: new(atomic.Int64)}
			if flaw == "hears what it cannot ask" {
				return deaf{c}, nil
			}
			return c, nil
		},
		Bad:         map[string]providertest.Bad{"sandbox": {Delivery: sandbox, Why: purchase.WrongMode}},
		Environment: "main",
		Genuine:     []purchase.Delivery{coinDelivery(flaw, coinBody())},
		Sign:        func(d *purchase.Delivery) { d.Header.Set("X-Signature", coinSign(flaw, d.Body)) },
		Foreign:     []purchase.Delivery{sandbox},
		Signed:      []string{"X-Signature"},
		Known:       []purchase.Ref{{Payment: "P1"}},
		Unknown:     purchase.Ref{Payment: "P2"},
		Secrets:     []string{secret},
		Allocations: 100,
	}
}

func TestAnHonestAdapterHoldsEveryLaw(t *testing.T) {
	providertest.Run(t, harness(""))
}

func TestEachBrokenAdapterIsCaught(t *testing.T) {
	t.Parallel()
	for flaw, law := range map[string]string{
		"signs a part":                       "one changed byte of the payload is refused",
		"calls forgeries unchecked":          "one changed byte of the payload is refused",
		"looks at a prefix of the signature": "one changed byte of a signed header is refused",
		"takes any of several headers":       "a missing or doubled header is refused",
		"believes what is unsigned":          "a missing or doubled header is refused",
		"reads without size":                 "what is too large is refused",
		"believes what has no end":           "what is nested without an end is read without harm",
		"mixes modes":                        "what is genuine elsewhere is refused",
		"panics on junk":                     "junk is refused and does not panic",
		"tells the secret":                   "no secret is in an error",
		"names another environment":          "genuine deliveries are read",
		"gives the engine's fields":          "genuine deliveries are read",
		"forgets the amount":                 "genuine deliveries are read",
		"decides for people":                 "genuine deliveries are read",
		"changes what it reads":              "the same bytes say the same",
		"proves something else each time":    "asking twice proves the same",
		"asks and proves nothing":            "asking twice proves the same",
		"knows nothing of absence":           "asking twice proves the same",
		"lists nothing":                      "the list tells what asking proves",
		"lists other amounts":                "the list tells what asking proves",
		"lists other objects":                "the list tells what asking proves",
		"listens to any method":              "junk is refused and does not panic",
		"does not say why":                   "each bad delivery is refused for its own reason",
		"speaks one language":                "the back office is told in both languages",
		"keeps its address to itself":        "the back office is told in both languages",
		"listens to another method":          "it listens to the methods by which genuine deliveries come",
		"says the same to everybody":         "what is refused is not answered as what is kept",
		"says the same under another status": "what is refused is not answered as what is kept",
		"welcomes forgers without a word":    "what is refused is not answered as what is kept",
		"hears what it cannot ask":           "who cannot be asked hears only proof",
	} {
		faults := providertest.Faults(t.Context(), harness(flaw))
		if len(faults[law]) == 0 {
			t.Errorf("an adapter that %s keeps the law %q", flaw, law)
		}
	}
	for _, honest := range []string{"", "is silent to forgers"} {
		if faults := providertest.Faults(t.Context(), harness(honest)); len(faults) > 0 {
			t.Errorf("an honest adapter that %s is blamed: %v", honest, faults)
		}
	}
}
