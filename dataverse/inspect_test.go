package dataverse_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/dataverse"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

func verdicts(found []purchase.Finding) map[string]purchase.Verdict {
	all := map[string]purchase.Verdict{}
	for _, f := range found {
		all[f.Check] = f.Status
	}
	return all
}

func detail(found []purchase.Finding, check string) string {
	for _, f := range found {
		if f.Check == check {
			return f.Detail + " -> " + f.Fix
		}
	}
	return ""
}

func TestTheDoctorSeesWhatCanBeSeenAndFinalizesNothing(t *testing.T) {
	t.Parallel()
	for _, generation := range []string{dataversesim.VariantRealtime, dataversesim.VariantOutbound} {
		for discovery, finalize := range map[string]purchase.Verdict{"readable": purchase.Pass, "forbidden": purchase.Manual} {
			w := newWorld(t, variant(generation), behaves(dataversesim.Discovery, discovery))
			found := w.Inspect(t.Context())
			want := map[string]purchase.Verdict{"DV-01": purchase.Pass, "DV-02": purchase.Pass, "CLK-01": purchase.Pass, "DV-03": purchase.Pass,
				"DV-05": finalize, "DV-07": purchase.Pass, "DV-08": purchase.Manual, "DV-06": purchase.Manual, "DV-11": purchase.Manual}
			if diff := cmp.Diff(want, verdicts(found)); diff != "" {
				t.Errorf("%s (-want +got):\n%s%v", generation, diff, found)
			}
			if !strings.Contains(detail(found, "DV-02"), dataversesim.DefaultOrganizationID) || w.finalizes() != 0 {
				t.Errorf("%v, %d finalizes", found, w.finalizes())
			}
			for _, f := range found {
				if f.Status != purchase.Pass && f.Fix == "" {
					t.Errorf("%s says not what to do: %s", f.Check, f.Detail)
				}
			}
		}
	}
}

func TestTheDoctorNamesTheTrouble(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		spoil func(w *world)
		check string
		want  purchase.Verdict
		says  string
	}{
		"no application user": {func(w *world) { w.fault(dataversesim.OpWhoAmI, dataversesim.KindNotMember) }, "DV-03", purchase.Fail, "create the application user"},
		"wrong secret":        {func(w *world) { w.fault(dataversesim.OpToken, dataversesim.KindSecretExpired) }, "DV-01", purchase.Fail, "make a new one"},
		"firewall":            {func(w *world) { w.fault(dataversesim.OpWhoAmI, dataversesim.KindFirewall) }, "DV-02", purchase.Fail, "IP firewall"},
		"no privilege": {func(w *world) {
			w.fault("transactioncurrencies", dataversesim.KindMissingPrivilege, func(f *dataversesim.Fault) { f.Times = -1 })
		}, "DV-07", purchase.Fail, "security role"},
		"no paid events":    {func(w *world) { _ = w.sim.SetVariant(dataversesim.VariantRemoved) }, "DV-05", purchase.Fail, "feature switches"},
		"a clock a bit off": {func(w *world) { w.sim.Advance(20 * time.Second) }, "CLK-01", purchase.Warn, "20s ahead"},
		"a clock far off":   {func(w *world) { w.sim.Advance(-5 * time.Minute) }, "CLK-01", purchase.Fail, "time synchronisation"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			row.spoil(w)
			found := w.Inspect(t.Context())
			if verdicts(found)[row.check] != row.want || !strings.Contains(detail(found, row.check), row.says) {
				t.Errorf("%s: %s", verdicts(found)[row.check], detail(found, row.check))
			}
		})
	}
}

func TestACertificateThatEndsSoonIsAWarning(t *testing.T) {
	t.Parallel()
	for life, want := range map[time.Duration]purchase.Verdict{10 * 24 * time.Hour: purchase.Warn, 100 * 24 * time.Hour: purchase.Pass} {
		certificate, bundle := selfSigned(t, life)
		w := newWorld(t, func(sim *dataversesim.Config, c *dataverse.Config, _ *dataverse.Options) {
			sim.ClientCertificate = certificate
			c.ClientSecret, c.ClientCertificate = field.Secret{}, secret(t, t.TempDir(), "bundle.pem", bundle)
		})
		if found := w.Inspect(t.Context()); verdicts(found)["DV-08"] != want {
			t.Errorf("%v: %s", life, detail(found, "DV-08"))
		}
	}
}

func TestTheOrganisationIsTheOneThatWhoAmINames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if id, err := w.Organization(t.Context()); id != dataversesim.DefaultOrganizationID || err != nil {
		t.Errorf("%s, %v", id, err)
	}
	s := &script{answer: always(200, nil, `{"UserId":"x"}`)}
	if id, err := s.client(t, dataverse.DialectRealtime).Organization(t.Context()); err == nil {
		t.Errorf("an answer without an organisation: %q", id)
	}
}
