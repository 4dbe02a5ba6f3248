package ingenico_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/ingenico"
	"github.com/paybridge/paybridge/providers/protocol"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What the tests hold of a simulator of Direct or Connect.
type worldlineSim interface {
	providersim.Simulator
	SetVariant(providersim.WorldlineVariant)
	ForgetKeys()
	HookKeys() map[string]string
	API() (id, secret string)
	Signed(body []byte) providersim.Notice
	Verification(value string) providersim.Notice
}

// A world is an account at a simulated Worldline.
type world struct {
	*ingenico.Worldline
	*providertest.Stall[worldlineSim]
	config  ingenico.Config
	variant providersim.WorldlineVariant
}

func simDirect(c providersim.Config) worldlineSim  { return providersim.NewIngenicoDirect(c) }
func simConnect(c providersim.Config) worldlineSim { return providersim.NewIngenicoConnect(c) }

// generations are Direct and Connect, for what both do.
var generations = map[string]func(providersim.Config) worldlineSim{"direct": simDirect, "connect": simConnect}

func newWorld(t testing.TB, make func(providersim.Config) worldlineSim, fields map[string]string) *world {
	t.Helper()
	w := &world{Stall: providertest.NewStall(t, make)}
	w.Sim.Settings(providertest.Callback)
	id, secret := w.Sim.API()
	w.config = ingenico.Config{PSPID: "simulatedPSPID", APIKeyID: id, APISecret: providertest.Secret(t, secret)}
	if _, connects := w.Sim.(*providersim.IngenicoConnect); connects {
		w.config.Generation, w.config.PSPID, w.config.MerchantID = "connect", "", "9991"
	}
	for id, secret := range w.Sim.HookKeys() {
		w.config.WebhookKeys = append(w.config.WebhookKeys, ingenico.WebhookKey{ID: id, Secret: providertest.Secret(t, secret)})
	}
	w.config.APIURL = w.Server.URL
	w.Worldline = w.open(t, fields)
	return w
}

func (w *world) open(t testing.TB, fields map[string]string) *ingenico.Worldline {
	t.Helper()
	a, err := ingenico.NewWorldline(w.config, w.Stall.Options(t, fields))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// vary chooses what Worldline leaves open.
func (w *world) vary(v providersim.WorldlineVariant) {
	w.variant = v
	w.Sim.SetVariant(v)
}

// connects tells whether the world is Connect.
func (w *world) connects() bool { return w.config.Generation == "connect" }

// both runs a test in both generations.
func both(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	for name, make := range generations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newWorld(t, make, nil))
		})
	}
}

// A shop is an account at a simulated Ogone.
type shop struct {
	*ingenico.DirectLink
	*providertest.Stall[*providersim.IngenicoOgone]
	config ingenico.Config
}

var ownFields = map[string]string{"purchase": "COMPLUS"}

func newShop(t testing.TB, v providersim.OgoneVariant, fields map[string]string) *shop {
	t.Helper()
	s := &shop{Stall: providertest.NewStall(t, providersim.NewIngenicoOgone)}
	s.Sim.SetVariant(v)
	s.Sim.Settings(providertest.Callback)
	in, out := s.Sim.Passphrases()
	user, password := s.Sim.APIUser()
	s.config = ingenico.Config{Generation: "ogone", PSPID: "simulatedPSPID", SHAIn: providertest.Secret(t, in), SHAOut: providertest.Secret(t, out), SHA: v.Hash,
		APIUser: user, APIPassword: providertest.Secret(t, password), Endpoint: protocol.Endpoint{APIURL: s.Server.URL}}
	var err error
	if s.DirectLink, err = ingenico.NewDirectLink(s.config, s.Stall.Options(t, fields)); err != nil {
		t.Fatal(err)
	}
	return s
}

// feedbackOnly is the same account without DirectLink.
func (s *shop) feedbackOnly(t testing.TB, fields map[string]string) *ingenico.Ogone {
	t.Helper()
	c := s.config
	c.APIUser, c.APIPassword, c.FeedbackOnly = "", field.Secret{}, true
	a, err := ingenico.NewOgone(c, s.Stall.Options(t, fields))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

var (
	_ bridge.Asker     = (*ingenico.Worldline)(nil)
	_ bridge.Opener    = (*ingenico.Worldline)(nil)
	_ bridge.Capturer  = (*ingenico.Worldline)(nil)
	_ bridge.Voider    = (*ingenico.Worldline)(nil)
	_ bridge.Refunder  = (*ingenico.Worldline)(nil)
	_ bridge.Inspector = (*ingenico.Worldline)(nil)
	_ bridge.Answerer  = (*ingenico.Worldline)(nil)
	_ bridge.Asker     = (*ingenico.DirectLink)(nil)
	_ bridge.Capturer  = (*ingenico.DirectLink)(nil)
	_ bridge.Voider    = (*ingenico.DirectLink)(nil)
	_ bridge.Refunder  = (*ingenico.DirectLink)(nil)
	_ bridge.Opener    = (*ingenico.Ogone)(nil)
	_ bridge.Answerer  = (*ingenico.Ogone)(nil)
	_ bridge.Inspector = (*ingenico.Ogone)(nil)
)

// final tells whether an error is one that no repetition mends.
func final(err error) bool {
	_, again := purchase.Retry(err)
	return err != nil && !again
}

func about(payment string) purchase.Ref { return purchase.Ref{Payment: payment} }
