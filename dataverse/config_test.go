package dataverse_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/dataverse"
)

func valid(t *testing.T) dataverse.Config {
	return dataverse.Config{URL: "https://contoso.crm4.dynamics.com", TenantID: tenant, ClientID: tenant,
		ClientSecret: secret(t, t.TempDir(), "secret", "value"), Window: field.Duration(50 * time.Minute)}
}

func TestEachMistakeIsNamedByItsKeyWithWhatToDo(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(*dataverse.Config)
		live   bool
		keys   []string
	}{
		"nothing wrong":      {func(*dataverse.Config) {}, true, nil},
		"everything missing": {func(c *dataverse.Config) { *c = dataverse.Config{} }, true, []string{"dv", "dv.client_id", "dv.tenant_id", "dv.url", "dv.window"}},
		"http":               {func(c *dataverse.Config) { c.URL = "http://contoso.crm4.dynamics.com" }, false, []string{"dv.url"}},
		"a path":             {func(c *dataverse.Config) { c.URL = "https://contoso.crm4.dynamics.com/main.aspx" }, false, []string{"dv.url"}},
		"a slash at the end": {func(c *dataverse.Config) { c.URL = "https://contoso.crm4.dynamics.com/" }, true, nil},
		"no address":         {func(c *dataverse.Config) { c.URL = "contoso" }, false, []string{"dv.url"}},
		"a simulator":        {func(c *dataverse.Config) { c.URL = "https://127.0.0.1:8443" }, false, nil},
		"a simulator, live":  {func(c *dataverse.Config) { c.URL = "https://127.0.0.1:8443" }, true, []string{"dv.url"}},
		"a look-alike, live": {func(c *dataverse.Config) { c.URL = "https://evildynamics.com" }, true, []string{"dv.url"}},
		"no such dialect":    {func(c *dataverse.Config) { c.Dialect = "french" }, false, []string{"dv.dialect"}},
		"a tenant's name":    {func(c *dataverse.Config) { c.TenantID = "contoso.onmicrosoft.com" }, false, []string{"dv.tenant_id"}},
		"two credentials":    {func(c *dataverse.Config) { c.ManagedIdentity = true }, false, []string{"dv"}},
		"no credential":      {func(c *dataverse.Config) { c.ClientSecret = field.Secret{} }, false, []string{"dv"}},
		"a system identity": {func(c *dataverse.Config) {
			c.ClientSecret, c.ManagedIdentity, c.ClientID, c.TenantID = field.Secret{}, true, "", ""
		}, true, nil},
		"the secret itself":         {func(c *dataverse.Config) { c.ClientSecret = field.NewSecret("hunter2") }, false, []string{"dv.client_secret"}},
		"no such federated token":   {func(c *dataverse.Config) { c.ClientSecret, c.FederatedTokenFile = field.Secret{}, "/nowhere" }, false, []string{"dv.federated_token_file"}},
		"a certificate without key": {func(c *dataverse.Config) { c.ClientCertificate, c.ClientSecret = c.ClientSecret, field.Secret{} }, false, []string{"dv.client_certificate"}},
		"margin as long as window":  {func(c *dataverse.Config) { c.Margin = c.Window }, false, []string{"dv.margin"}},
		"negative times":            {func(c *dataverse.Config) { c.Window, c.Quiet = -1, -1 }, false, []string{"dv.quiet", "dv.window"}},
		"short quiet, live":         {func(c *dataverse.Config) { c.Quiet = field.Duration(time.Minute) }, true, []string{"dv.quiet"}},
		"short quiet, sandbox":      {func(c *dataverse.Config) { c.Quiet = field.Duration(time.Second) }, false, nil},
		"endless timeout":           {func(c *dataverse.Config) { c.Timeout = field.Duration(time.Hour) }, false, []string{"dv.timeout"}},
		"no such repeat":            {func(c *dataverse.Config) { c.RepeatFinalize = "always" }, false, []string{"dv.repeat_finalize"}},
		"authority elsewhere":       {func(c *dataverse.Config) { c.Authority = "https://login.example.org" }, false, nil},
		"authority elsewhere, live": {func(c *dataverse.Config) { c.Authority = "https://login.example.org" }, true, []string{"dv.authority"}},
		"authority of a cloud":      {func(c *dataverse.Config) { c.Authority = "https://login.microsoftonline.us" }, true, nil},
		"resource, live":            {func(c *dataverse.Config) { c.Resource = "https://x.crm.dynamics.com" }, true, []string{"dv.resource"}},
		"no such ca file, live":     {func(c *dataverse.Config) { c.CAFile = "/nowhere" }, true, []string{"dv.ca_file", "dv.ca_file"}},
		"no such field":             {func(c *dataverse.Config) { c.Fields = map[string]string{"prise": "x", "amount": " "} }, false, []string{"dv.fields.amount", "dv.fields.prise"}},
		"an empty success word":     {func(c *dataverse.Config) { c.SuccessValues = []string{"Success", ""} }, false, []string{"dv.success_values"}},
		"release, outbound":         {func(c *dataverse.Config) { c.Dialect, c.Release = dataverse.DialectOutbound, new(false) }, false, []string{"dv.release"}},
		"release, not known yet":    {func(c *dataverse.Config) { c.Release = new(true) }, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, p := valid(t), new(field.Problems)
			row.change(&c)
			c.Validate(p.At("dv"), row.live)
			var keys []string
			for _, problem := range p.List() {
				keys = append(keys, problem.Key)
				if strings.Contains(problem.Message, "hunter2") {
					t.Errorf("the secret shows: %s", problem)
				}
			}
			if diff := cmp.Diff(row.keys, keys); diff != "" {
				t.Errorf("(-want +got):\n%s%v", diff, p.List())
			}
		})
	}
}

func TestThePolicyShrinksWithTheWindowAndTakesWhatIsWritten(t *testing.T) {
	t.Parallel()
	c := valid(t)
	want := purchase.DefaultPolicy(50 * time.Minute)
	want.Releases = true
	if got := c.Policy(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	c.Window, c.Quiet, c.Margin, c.RepeatFinalize = field.Duration(90*time.Second), field.Duration(20*time.Second), field.Duration(time.Second), purchase.RepeatAfterQuiet
	c.Release = new(false)
	want = purchase.DefaultPolicy(90 * time.Second)
	want.Quiet, want.Margin, want.Repeat = 20*time.Second, time.Second, purchase.RepeatAfterQuiet
	if got := c.Policy(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

func TestOnlyWhatMayBeRealtimeGivesSeatsFree(t *testing.T) {
	t.Parallel()
	for dialect, want := range map[dataverse.Dialect]bool{"": true, dataverse.DialectAuto: true, dataverse.DialectRealtime: true, dataverse.DialectOutbound: false} {
		c := valid(t)
		c.Dialect = dialect
		if got := c.Policy().Releases; got != want {
			t.Errorf("%q: %t", dialect, got)
		}
	}
}

func TestEverySettingIsReadByItsKey(t *testing.T) {
	t.Parallel()
	const written = `
url: https://contoso.crm4.dynamics.com
dialect: outbound
tenant_id: 7d1c9a52-4b0e-4f7f-9d55-0a1b2c3d4e5f
client_id: 7d1c9a52-4b0e-4f7f-9d55-0a1b2c3d4e5f
client_secret: file:a
client_certificate: file:b
federated_token_file: c
managed_identity: true
window: 50m
margin: 2m
quiet: 5m
repeat_finalize: after_quiet
release: false
timeout: 1m30s
authority: https://login.microsoftonline.us
resource: https://contoso.crm.dynamics.com
ca_file: ca.pem
fields:
    amount: Total
success_values:
    - "Yes"
event: Paid_Event
`
	var c dataverse.Config
	decoder := yaml.NewDecoder(strings.NewReader(written))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c); err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := yaml.NewEncoder(&again).Encode(c); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.TrimSpace(written), strings.TrimSpace(again.String())); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
}
