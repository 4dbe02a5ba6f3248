package adyen_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/adyen"
	"github.com/paybridge/paybridge/providers/protocol"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	merchant = "SimulatedEvents"
	hmacKey  = "0F1E2D3C4B5A69788796A5B4C3D2E1F00F1E2D3C4B5A69788796A5B4C3D2E1F0"
	password = "simulated-Password-51H"
	apiKey   = "AQSimulated0123456789abcdefghijklmnopqrstuvwxyz"
)

var ownFields = map[string]string{"purchase": "merchantReference"}

// A world is an account at a simulated Adyen.
type world struct {
	*adyen.Adyen
	*providertest.Stall[*providersim.Adyen]
	config adyen.Config
}

func newWorld(t testing.TB, change ...func(*adyen.Config)) *world {
	t.Helper()
	w := &world{Stall: providertest.NewStall(t, providersim.NewAdyen), config: section(t)}
	w.Sim.Settings(providertest.Callback)
	w.config.APIURL, w.config.APIKey = w.Server.URL, providertest.Secret(t, apiKey)
	for _, c := range change {
		c(&w.config)
	}
	w.Adyen = w.open(t).(*adyen.Adyen)
	return w
}

func (w *world) open(t testing.TB) protocol.Account {
	t.Helper()
	a, err := adyen.New(w.config, w.Stall.Options(t, ownFields))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// byHand is an account that captures by hand.
func byHand(c *adyen.Config) { c.FinalizeOn = "capture" }

// section is that of an account that only hears.
func section(t testing.TB) adyen.Config {
	t.Helper()
	return adyen.Config{MerchantAccount: merchant, HMACKeys: []field.Secret{providertest.Secret(t, hmacKey)}, Username: "paybridge",
		Password: providertest.Secret(t, password), FinalizeOn: "authorisation"}
}

// message is a genuine delivery of items.
func (w *world) message(items ...providersim.AdyenItem) purchase.Delivery {
	return providertest.Delivery(w.Sim.Message(items...), time.Now())
}

// authorised is the usual item: 45.00 EUR for the usual purchase.
func (w *world) authorised() providersim.AdyenItem {
	return w.Sim.Item("AUTHORISATION", "NC6HT9CRT65ZGN82", "", providertest.PurchaseID, 4500, "EUR", true)
}

// harness sells at the simulator and takes what it delivered for genuine. Only accounts with an API key can be asked.
func harness(t testing.TB, w *world) providertest.Harness {
	t.Helper()
	id := w.Sell(t)
	genuine := w.Delivered(t, 4)
	usual := genuine[0]
	with := func(old, by string) purchase.Delivery {
		if !strings.Contains(string(usual.Body), old) {
			t.Fatalf("there is no %s in %s", old, usual.Body)
		}
		d := usual
		d.Body = []byte(strings.Replace(string(usual.Body), old, by, 1))
		return d
	}
	signed := func(change func(*providersim.AdyenItem)) purchase.Delivery {
		i := w.authorised()
		change(&i)
		return w.message(i)
	}
	login := func(value string) purchase.Delivery {
		d := usual
		d.Header = d.Header.Clone()
		d.Header.Set("Authorization", value)
		return d
	}
	second := w.message(w.authorised(), w.authorised())
	cut := strings.LastIndex(string(second.Body), `"value":4500`)
	second.Body = []byte(string(second.Body[:cut]) + `"value":4501` + string(second.Body[cut+len(`"value":4501`):]))
	made := w.opened(t, providertest.Order("known"))
	w.Press(t, made.Session, "pay")
	return providertest.Harness{
		New:         func() (bridge.Provider, error) { return adyen.New(w.config, w.Stall.Options(t, ownFields)) },
		Environment: "main",
		Genuine:     genuine,
		Foreign:     w.Forged(),
		Bad: map[string]providertest.Bad{
			"live":                    providertest.Refused(with(`"live":"false"`, `"live":"true"`), purchase.WrongMode),
			"neither live nor test":   providertest.Refused(with(`"live":"false"`, `"live":"0"`), purchase.Malformed),
			"of no mode":              providertest.Refused(with(`"live":"false",`, ``), purchase.Malformed),
			"another merchant":        providertest.Refused(signed(func(i *providersim.AdyenItem) { i.Merchant = "SimulatedEvents2" }), purchase.WrongMerchant),
			"small letters":           providertest.Refused(signed(func(i *providersim.AdyenItem) { i.Merchant = strings.ToLower(merchant) }), purchase.WrongMerchant),
			"a merchant with a colon": providertest.Refused(signed(func(i *providersim.AdyenItem) { i.Merchant = merchant + ":x" }), purchase.WrongMerchant),
			"another amount":          providertest.Refused(with(`"value":4500`, `"value":4501`), purchase.BadSignature),
			"the amount written else": providertest.Refused(with(`"value":4500`, `"value":4500.0`), purchase.BadSignature),
			"another currency":        providertest.Refused(with(`"currency":"EUR"`, `"currency":"USD"`), purchase.BadSignature),
			"a failure made good":     providertest.Refused(with(`"success":"true"`, `"success":"TRUE"`), purchase.BadSignature),
			"a key twice":             providertest.Refused(with(`"success":"true"`, `"success":"true","success":"true"`), purchase.Malformed),
			"an envelope twice":       providertest.Refused(with(`"live":"false"`, `"live":"false","live":"false"`), purchase.Malformed),
			"unsigned":                providertest.Refused(with(`"hmacSignature"`, `"hmacSignatura"`), purchase.BadSignature),
			"no items":                providertest.Refused(with(`"notificationItems"`, `"notificationItem"`), purchase.Malformed),
			"an empty item":           providertest.Refused(with(`"NotificationRequestItem"`, `"NotificationRequest"`), purchase.BadSignature),
			"one unsigned of two":     providertest.Refused(with(`"notificationItems":[`, `"notificationItems":[{"NotificationRequestItem":{}},`), purchase.BadSignature),
			"the second one changed":  providertest.Refused(second, purchase.BadSignature),
			"a signature's twin":      providertest.Refused(twin(usual), purchase.BadSignature),
			"too many items":          providertest.Refused(w.message(make([]providersim.AdyenItem, 101)...), purchase.Malformed),
			"success as a boolean":    providertest.Refused(with(`"success":"true"`, `"success":true`), purchase.Malformed),
			"another password":        providertest.Refused(login("Basic cGF5YnJpZGdlOmd1ZXNzZWQ="), purchase.BadSignature),
			"another scheme":          providertest.Refused(login("Bearer "+password), purchase.BadSignature),
		},
		Signed:      []string{"Authorization"},
		Unsigned:    unsigned,
		Sign:        func(d *purchase.Delivery) { resign(w, d) },
		Known:       []purchase.Ref{{Payment: made.Payment, Session: made.Session}, {Payment: made.Payment, Session: made.Session, Object: "NC6HT9CRT65ZGN82"}},
		Unknown:     purchase.Ref{Payment: id, Object: id},
		Secrets:     []string{hmacKey, password, apiKey},
		Allocations: 80,
	}
}

// twin is a delivery with another text of the signature that stands for the same bytes: its last digit holds two bits that nobody reads.
func twin(d purchase.Delivery) purchase.Delivery {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	d.Body = append([]byte(nil), d.Body...)
	last := strings.Index(string(d.Body), `="`) - 1
	d.Body[last] = digits[strings.IndexByte(digits, d.Body[last])^1]
	return d
}

// covered is what a message says that counts: what the signature covers, the signature, and the mode.
type covered struct {
	Live  string `json:"live"`
	Items []struct {
		Item struct {
			PSP       string `json:"pspReference"`
			Original  string `json:"originalReference"`
			Merchant  string `json:"merchantAccountCode"`
			Reference string `json:"merchantReference"`
			Amount    struct {
				Value    int64  `json:"value"`
				Currency string `json:"currency"`
			} `json:"amount"`
			Code       string `json:"eventCode"`
			Success    string `json:"success"`
			Additional struct {
				Signature string `json:"hmacSignature"`
			} `json:"additionalData"`
		} `json:"NotificationRequestItem"`
	} `json:"notificationItems"`
}

// unsigned tells whether a changed byte leaves all that counts as it was: it is in another field, or the case of a name.
func unsigned(d purchase.Delivery, i int, by byte) bool {
	forged := append([]byte(nil), d.Body...)
	forged[i] ^= by
	read := func(raw []byte) (string, bool) {
		var c covered
		err := json.Unmarshal(raw, &c)
		text, _ := json.Marshal(c)
		return string(text), err == nil
	}
	was, _ := read(d.Body)
	is, ok := read(forged)
	return ok && is == was && !twice(forged)
}

// twice tells whether a change made two names of one object the same.
func twice(raw []byte) bool { return protocol.Decode(raw, new(any)) != nil }

// resign makes a delivery genuine whose items were made up, if there are any.
func resign(w *world, d *purchase.Delivery) {
	var m struct {
		Items []map[string]providersim.AdyenItem `json:"notificationItems"`
	}
	if json.Unmarshal(d.Body, &m) != nil {
		return
	}
	var items []providersim.AdyenItem
	for _, wrapped := range m.Items {
		items = append(items, wrapped["NotificationRequestItem"])
	}
	n := w.Sim.Message(items...)
	d.Body, d.Header = n.Body, n.Header
}

func TestSuite(t *testing.T) { providertest.Run(t, harness(t, newWorld(t))) }

func TestSuiteOfAnAccountThatOnlyHears(t *testing.T) {
	w := newWorld(t)
	h := harness(t, w)
	w.config.APIKey, w.config.APIURL = field.Secret{}, ""
	h.New = func() (bridge.Provider, error) { return adyen.New(w.config, w.Stall.Options(t, ownFields)) }
	providertest.Run(t, h)
	p, err := h.New()
	if err != nil {
		t.Fatal(err)
	}
	for power, has := range map[string]bool{"asks": is[bridge.Asker](p), "opens": is[bridge.Opener](p), "captures": is[bridge.Capturer](p), "voids": is[bridge.Voider](p),
		"refunds": is[bridge.Refunder](p), "lists": is[bridge.Lister](p)} {
		if has {
			t.Errorf("without an API key it %s", power)
		}
	}
}

func is[T any](p bridge.Provider) bool {
	_, ok := p.(T)
	return ok
}

func FuzzRead(f *testing.F)      { providertest.Fuzz(f, harness(f, newWorld(f))) }
func BenchmarkRead(b *testing.B) { providertest.Bench(b, harness(b, newWorld(b))) }

func TestADeliveryThatWasKeptIsReadAgainWithoutItsLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.message(w.authorised())
	d.Header.Del("Authorization")
	if _, err := w.Read(t.Context(), d); err == nil {
		t.Error("a new delivery needs no login")
	}
	d.Received = time.Now().Add(-time.Hour)
	if reading, err := w.Read(t.Context(), d); err != nil || len(reading.Facts) != 1 {
		t.Errorf("%+v, %v", reading, err)
	}
	d.Header.Set("Authorization", "Basic guessed")
	if _, err := w.Read(t.Context(), d); err == nil {
		t.Error("a wrong login is no login")
	}
	d.Header.Del("Authorization")
	d.Body = []byte(strings.Replace(string(d.Body), "4500", "4501", 1))
	if _, err := w.Read(t.Context(), d); err == nil {
		t.Error("what was kept needs no signature")
	}
}

func TestEitherKeySignsWhileItIsChanged(t *testing.T) {
	t.Parallel()
	other := strings.Repeat("1A", 32)
	w := newWorld(t, func(c *adyen.Config) {
		c.HMACKeys = append([]field.Secret{providertest.Secret(t, other)}, c.HMACKeys...)
	})
	if _, err := w.Read(t.Context(), w.message(w.authorised())); err != nil {
		t.Error(err)
	}
	w = newWorld(t, func(c *adyen.Config) { c.HMACKeys = []field.Secret{providertest.Secret(t, other)} })
	if _, err := w.Read(t.Context(), w.message(w.authorised())); err == nil {
		t.Error("a key that is no longer ours signs")
	}
}

func TestWhatWasKeptIsAcceptedInAdyensWord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	yes, no := w.Adyen.Answer(purchase.Delivery{}, true), w.Adyen.Answer(purchase.Delivery{}, false)
	for _, v := range []providersim.AdyenVariant{{}, {WantsWord: true}} {
		w.Sim.SetVariant(v)
		if !w.Sim.Accepts(yes.Status, yes.Body) || yes.ContentType != "text/plain" {
			t.Errorf("%+v does not acknowledge to %+v", yes, v)
		}
		if w.Sim.Accepts(http.StatusUnauthorized, no.Body) {
			t.Errorf("a refusal acknowledges to %+v", v)
		}
	}
	if got := w.Methods(); len(got) != 1 || got[0] != http.MethodPost {
		t.Errorf("it listens to %v", got)
	}
}
