package generic_test

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.yaml.in/yaml/v3"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/generic"
	"github.com/paybridge/paybridge/providers/protocol"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A sender is one simulated provider and what its messages are like.
type sender struct {
	name      string
	make      func(providersim.Config) *providersim.Notifier
	seed      uint64
	reference string
	signed    []string
	stale     bool // messages say when they were signed
	live      [2]string
	merchant  [2]string
}

var senders = []sender{
	{name: "standard-webhooks", make: providersim.NewStandardWebhooks, reference: "/data/metadata/purchase_id", stale: true,
		signed: []string{"Webhook-Id", "Webhook-Timestamp"}, live: [2]string{`"livemode":false`, `"livemode":true`}, merchant: [2]string{"org_simulated", "org_elsewhere"}},
	{name: "standard-webhooks", make: providersim.NewStandardWebhooks, seed: 1, reference: "/data/metadata/purchase_id", stale: true,
		signed: []string{"Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"}, live: [2]string{`"livemode":false`, `"livemode":true`}, merchant: [2]string{"org_simulated", "org_elsewhere"}},
	{name: "checkout-com", make: providersim.NewCheckoutCom, reference: "/data/reference", signed: []string{"Cko-Signature"}},
	{name: "square", make: providersim.NewSquare, reference: "/data/object/payment/reference_id", signed: []string{"X-Square-Hmacsha256-Signature"},
		merchant: [2]string{"MLSIMULATED01", "MLSIMULATED02"}},
	{name: "hipay", make: providersim.NewHiPay, reference: "cdata1", signed: []string{"X-Allopass-Signature"}, live: [2]string{"test=true", "test=false"},
		merchant: [2]string{"mid=00001234567", "mid=00001234568"}},
	{name: "hipay", make: providersim.NewHiPay, seed: 1, reference: "cdata1", signed: []string{"X-Allopass-Signature"}, live: [2]string{"test=true", "test=false"},
		merchant: [2]string{"mid=00001234567", "mid=00001234568"}},
	{name: "datatrans", make: providersim.NewDatatrans, reference: "/customer/id", signed: []string{"Datatrans-Signature"}, stale: true, merchant: [2]string{"1100007006", "1100007007"}},
	{name: "multisafepay", make: providersim.NewMultiSafepay, reference: "/var1", signed: []string{"Auth"}, stale: true},
}

func (s sender) String() string { return fmt.Sprintf("%s-%d", s.name, s.seed) }

// A world is the shipped account of a provider, at its simulator.
type world struct {
	*providertest.Stall[*providersim.Notifier]
	sender
	config  generic.Config
	account protocol.Account
}

func newWorld(t testing.TB, s sender) *world {
	t.Helper()
	w := &world{sender: s}
	w.Stall = providertest.NewStall(t, func(c providersim.Config) *providersim.Notifier {
		c.Seed = s.seed
		return s.make(c)
	})
	w.Sim.Settings(providertest.Callback)
	w.config = shipped(t, s.name)
	if w.config.Confirm != nil {
		w.config.APIURL = w.Server.URL
	}
	if s.name == "standard-webhooks" && s.seed == 1 { // the other kind of key
		w.config = atSimulator(t, w.Sim.Settings(providertest.Callback))
	}
	w.account = w.open(t)
	return w
}

func (w *world) open(t testing.TB) protocol.Account {
	t.Helper()
	account, err := w.config.Open(w.options(t))
	if err != nil {
		t.Fatal(err)
	}
	return account
}

func (w *world) options(t testing.TB) protocol.Options {
	t.Helper()
	return w.Stall.Options(t, map[string]string{"purchase": w.reference})
}

// account is what a file under deploy/accounts holds.
type accounts struct {
	Accounts map[string]struct {
		Environment string                 `yaml:"environment"`
		Reference   map[string]interface{} `yaml:"reference"`
		Generic     generic.Config         `yaml:"generic"`
	} `yaml:"accounts"`
}

var example = regexp.MustCompile(`file:/run/secrets/([\w-]+)\s+# e\.g\. (\S+)`)

// shipped is the section of a reference account, with the example secrets behind it.
func shipped(t testing.TB, name string) generic.Config {
	t.Helper()
	raw, err := os.ReadFile("../../deploy/accounts/generic-" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, m := range example.FindAllStringSubmatch(string(raw), -1) {
		files[m[1]] = m[2]
	}
	text := strings.ReplaceAll(string(raw), "file:/run/secrets/", "file:{dir}/")
	var a accounts
	decode(t, strings.ReplaceAll(text, "{dir}", folder(t, files)), &a)
	return a.Accounts[name+"-main"].Generic
}

// atSimulator is the section that a simulator asks for.
func atSimulator(t testing.TB, s providersim.Settings) generic.Config {
	t.Helper()
	var c generic.Config
	decode(t, strings.NewReplacer("{dir}", folder(t, s.Files), "ca_file: {ca}\n", "").Replace(s.Section), &c)
	return c
}

func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func decode(t testing.TB, text string, into any) {
	t.Helper()
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		t.Fatal(err)
	}
}

// signedBody is a genuine delivery of any body, sent at that time.
func (w *world) signedBody(at time.Time, body string) purchase.Delivery {
	return providertest.Delivery(w.Sim.Signed(at, []byte(body)), time.Now())
}

// button is a payment on the organiser's page.
func (w *world) button(t testing.TB, pending string) string {
	t.Helper()
	id, err := w.Sim.Button(providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "45.00", Currency: "EUR", Pending: pending})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (w *world) harness(t testing.TB) providertest.Harness {
	t.Helper()
	id := w.button(t, "")
	for _, reversal := range []bool{false, true} {
		value := map[bool]string{false: "15.00", true: ""}[reversal]
		if err := w.Sim.GiveBack(id, value, reversal); err != nil {
			t.Fatal(err)
		}
	}
	genuine := w.Delivered(t, map[string]int{"datatrans": 1, "multisafepay": 3, "checkout-com": 4, "square": 6, "hipay": 6, "standard-webhooks": 3}[w.name])
	return providertest.Harness{
		New:         func() (bridge.Provider, error) { return w.config.Open(w.options(t)) },
		Environment: "main",
		Genuine:     genuine,
		Foreign:     w.Forged(),
		Bad:         w.bad(genuine[0]),
		Signed:      w.signed,
		Sign: func(d *purchase.Delivery) {
			n := w.Sim.Signed(time.Now(), d.Body)
			d.Header, d.Query = n.Header, n.Query
		},
		Known:       []purchase.Ref{{Payment: id}},
		Unknown:     purchase.Ref{Payment: cmp.Or(map[string]string{"datatrans": "999999999999999999"}[w.name], "nobody")},
		Secrets:     []string{strings.TrimPrefix(w.Sim.Key(), "whsec_"), "simulated-password-01"},
		Allocations: 300,
	}
}

// bad are deliveries that must be refused, each for its reason.
func (w *world) bad(usual purchase.Delivery) map[string]providertest.Bad {
	body := string(usual.Body)
	all := map[string]providertest.Bad{
		"cut":           providertest.Refused(changed(usual, func(d *purchase.Delivery) { d.Body = d.Body[:len(d.Body)-1] }), purchase.BadSignature),
		"by GET":        providertest.Refused(changed(usual, func(d *purchase.Delivery) { d.Method = http.MethodGet }), purchase.Malformed),
		"signed for no": providertest.Refused(changed(usual, func(d *purchase.Delivery) { d.Header.Del(w.signed[0]) }), purchase.Malformed),
	}
	if w.stale {
		all["stale"] = providertest.Refused(w.signedBody(time.Now().Add(-25*time.Hour), body), purchase.Stale)
		all["from the future"] = providertest.Refused(w.signedBody(time.Now().Add(25*time.Hour), body), purchase.Stale)
		if w.seed == 1 || w.name == "multisafepay" {
			all["a little stale"] = providertest.Refused(w.signedBody(time.Now().Add(-11*time.Minute), body), purchase.Stale)
		}
	}
	if w.live[0] != "" {
		all["live"] = providertest.Refused(w.signedBody(time.Now(), strings.Replace(body, w.live[0], w.live[1], 1)), purchase.WrongMode)
	}
	if w.merchant[0] != "" {
		all["another merchant"] = providertest.Refused(w.signedBody(time.Now(), strings.Replace(body, w.merchant[0], w.merchant[1], 1)), purchase.WrongMerchant)
	}
	return all
}

func changed(d purchase.Delivery, change func(*purchase.Delivery)) purchase.Delivery {
	d.Header, d.Body = d.Header.Clone(), bytes.Clone(d.Body)
	change(&d)
	return d
}

func TestSuite(t *testing.T) {
	for _, s := range senders {
		t.Run(s.String(), func(t *testing.T) { providertest.Run(t, newWorld(t, s).harness(t)) })
	}
}

func BenchmarkRead(b *testing.B) {
	for _, s := range senders {
		b.Run(s.String(), func(b *testing.B) { providertest.Bench(b, newWorld(b, s).harness(b)) })
	}
}

func find(t testing.TB, name string) sender {
	t.Helper()
	for _, s := range senders {
		if s.String() == name {
			return s
		}
	}
	t.Fatalf("there is no sender %s", name)
	return sender{}
}

func FuzzReadStandardWebhooks(f *testing.F) {
	providertest.Fuzz(f, newWorld(f, find(f, "standard-webhooks-0")).harness(f))
}
func FuzzReadStandardWebhooksByKeyPair(f *testing.F) {
	providertest.Fuzz(f, newWorld(f, find(f, "standard-webhooks-1")).harness(f))
}
func FuzzReadSquare(f *testing.F) { providertest.Fuzz(f, newWorld(f, find(f, "square-0")).harness(f)) }
func FuzzReadHiPay(f *testing.F)  { providertest.Fuzz(f, newWorld(f, find(f, "hipay-0")).harness(f)) }
func FuzzReadMultiSafepay(f *testing.F) {
	providertest.Fuzz(f, newWorld(f, find(f, "multisafepay-0")).harness(f))
}
