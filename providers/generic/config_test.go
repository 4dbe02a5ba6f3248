package generic_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/generic"
	"github.com/paybridge/paybridge/providers/protocol"
	"github.com/paybridge/paybridge/providers/providertest"
)

const goodKey = "0123456789abcdef0123456789abcdef"

// problems are the keys that validation names, each once.
func problems(t testing.TB, c generic.Config, live bool) (keys []string) {
	t.Helper()
	var p field.Problems
	c.Validate(&p, live)
	for _, problem := range p.List() {
		for _, secret := range []string{goodKey, "whsec_bmV3", "simulated-password", "a-short-key"} {
			if strings.Contains(problem.Message, secret) {
				t.Errorf("a secret shows: %s", problem)
			}
		}
		if !strings.Contains(problem.Message, ";") && !strings.Contains(problem.Message, "unusable secret reference") {
			t.Errorf("it does not say what to do: %s", problem)
		}
		if !slices.Contains(keys, problem.Key) {
			keys = append(keys, problem.Key)
		}
	}
	return keys
}

// plain is a small section without a fault: hmac over the body, JSON.
func plain(t testing.TB) generic.Config {
	t.Helper()
	return generic.Config{Payment: "/id", Amount: generic.Amount{Value: "/amount", Currency: "/currency"},
		Auth: generic.Auth{Kind: "hmac", Keys: []field.Secret{providertest.Secret(t, goodKey)}, Signature: generic.Signature{From: "header:X-Signature"},
			Content: []string{"body"}},
		Tells: []generic.Rule{{Fact: "paid", When: []string{"/type == paid"}}, {Fact: "refunded", When: []string{"/type == refund"}, Object: "/refund"}}}
}

func asking(t testing.TB) *generic.Confirm {
	t.Helper()
	return &generic.Confirm{URL: "https://api.example.org/payments/{payment}", Secret: providertest.Secret(t, goodKey)}
}

func TestMistakesInAuthAreNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*generic.Auth)
		want   string
	}{
		"in order":                     {func(*generic.Auth) {}, ""},
		"no kind":                      {func(a *generic.Auth) { a.Kind = "" }, "auth.kind"},
		"no such kind":                 {func(a *generic.Auth) { a.Kind = "rsa" }, "auth.kind"},
		"no algorithm at all":          {func(a *generic.Auth) { a.Algorithm = "none" }, "auth.algorithm"},
		"a broken algorithm":           {func(a *generic.Auth) { a.Algorithm = "md5" }, "auth.algorithm"},
		"an algorithm for ed25519":     {func(a *generic.Auth) { a.Kind, a.Algorithm, a.KeyEncoding = "ed25519", "sha256", "hex" }, "auth.algorithm auth.keys[0]"},
		"no key":                       {func(a *generic.Auth) { a.Keys = nil }, "auth.keys"},
		"no file behind a key":         {func(a *generic.Auth) { a.Keys = append(a.Keys, field.NewSecret("file:/no/such")) }, "auth.keys[1]"},
		"the key itself":               {func(a *generic.Auth) { a.Keys[0] = field.NewSecret(goodKey) }, "auth.keys[0]"},
		"a short key":                  {func(a *generic.Auth) { a.Keys[0] = providertest.Secret(t, "a-short-key") }, "auth.keys[0]"},
		"a short key in hex":           {func(a *generic.Auth) { a.KeyEncoding, a.Keys[0] = "hex", providertest.Secret(t, "0123456789abcdef") }, "auth.keys[0]"},
		"no such encoding":             {func(a *generic.Auth) { a.KeyEncoding = "rot13" }, "auth.key_encoding"},
		"not hex":                      {func(a *generic.Auth) { a.KeyEncoding, a.Keys[0] = "hex", providertest.Secret(t, "zz") }, "auth.keys[0]"},
		"not base64":                   {func(a *generic.Auth) { a.KeyEncoding, a.Keys[0] = "base64", providertest.Secret(t, "a-b") }, "auth.keys[0]"},
		"not of Standard Webhooks":     {func(a *generic.Auth) { a.KeyEncoding = "whsec" }, "auth.keys[0]"},
		"a shared secret for pairs":    {func(a *generic.Auth) { a.Kind, a.KeyEncoding = "ed25519", "whpk" }, "auth.keys[0]"},
		"two kinds of keys":            {func(a *generic.Auth) { a.NamedKeys, a.KeyID = map[string]field.Secret{"a": a.Keys[0]}, "header:X-Key" }, "auth.named_keys"},
		"names and no place for them":  {func(a *generic.Auth) { a.NamedKeys, a.Keys = map[string]field.Secret{"a": a.Keys[0]}, nil }, "auth.key_id"},
		"a place and no names":         {func(a *generic.Auth) { a.KeyID = "header:X-Key" }, "auth.key_id"},
		"no signature":                 {func(a *generic.Auth) { a.Signature = generic.Signature{} }, "auth.signature.from"},
		"a signature nowhere":          {func(a *generic.Auth) { a.Signature.From = "X-Signature" }, "auth.signature.from"},
		"a signature in itself":        {func(a *generic.Auth) { a.Signature.From = "signature:v1" }, "auth.signature.from"},
		"a field of a form":            {func(a *generic.Auth) { a.Signature.From = "form:mac" }, "auth.signature.from"},
		"no such layout":               {func(a *generic.Auth) { a.Signature.Layout = "xml" }, "auth.signature.element auth.signature.layout"},
		"a layout without its element": {func(a *generic.Auth) { a.Signature.Layout = "kv-comma" }, "auth.signature.element"},
		"an element of nothing":        {func(a *generic.Auth) { a.Signature.Element = "v1" }, "auth.signature.element"},
		"the third of two":             {func(a *generic.Auth) { a.Signature.Layout, a.Signature.Element = "base64-pair", "third" }, "auth.signature.element"},
		"a token's layout":             {func(a *generic.Auth) { a.Signature.Layout = "basic" }, "auth.signature.layout"},
		"no such encoding of it":       {func(a *generic.Auth) { a.Signature.Encoding = "base32" }, "auth.signature.encoding"},
		"nothing signed":               {func(a *generic.Auth) { a.Content = nil }, "auth.content"},
		"no such part":                 {func(a *generic.Auth) { a.Content = []string{"body", "text:.", "all"} }, "auth.content[2]"},
		"an empty text":                {func(a *generic.Auth) { a.Content = []string{"text:", "body"} }, "auth.content[0]"},
		"a sorted form in JSON":        {func(a *generic.Auth) { a.Content = []string{"form_sorted"} }, "auth.content[0] auth.form_sorted"},
		"an unused sorted form":        {func(a *generic.Auth) { a.FormSorted.Join = "+" }, "auth.form_sorted"},
		"a header that is none":        {func(a *generic.Auth) { a.Content = []string{"header:a b", "text:.", "body"} }, "auth.content[0]"},
		"a signature of itself":        {func(a *generic.Auth) { a.Signature.From = "json:/signature" }, "auth.content[0]"},
		"everything twice":             {func(a *generic.Auth) { a.Content = []string{"body", "body"} }, "auth.content[1]"},
		"parts that touch":             {func(a *generic.Auth) { a.Content = []string{"header:X-A", "body"} }, "auth.content[0]"},
		"fields that touch":            {func(a *generic.Auth) { a.Content = []string{"json:/id", "json:/amount"} }, "auth.content auth.content[0]"},
		"only the time signed":         {func(a *generic.Auth) { a.Content, a.Timestamp.From = []string{"timestamp"}, "header:X-Time" }, "auth.content"},
		"not the amount":               {func(a *generic.Auth) { a.Content = []string{"json:/id", "text:|", "json:/currency"} }, "auth.content"},
		"a time that is not signed":    {func(a *generic.Auth) { a.Timestamp.From = "header:X-Time" }, "auth.timestamp"},
		"a signed time nowhere":        {func(a *generic.Auth) { a.Content = []string{"timestamp", "body"} }, "auth.timestamp"},
		"a time of no source":          {func(a *generic.Auth) { a.Timestamp.Unit = "ms" }, "auth.timestamp.from"},
		"a time in weeks": {func(a *generic.Auth) {
			a.Content, a.Timestamp = []string{"timestamp", "body"}, generic.Timestamp{From: "header:X-Time", Unit: "w"}
		}, "auth.timestamp.unit"},
		"too much patience": {func(a *generic.Auth) {
			a.Content, a.Timestamp = []string{"timestamp", "body"}, generic.Timestamp{From: "header:X-Time", Tolerance: field.Duration(73 * time.Hour)}
		}, "auth.timestamp.tolerance"},
		"patience for nothing": {func(a *generic.Auth) {
			a.Content, a.Timestamp = []string{"timestamp", "body"}, generic.Timestamp{From: "header:X-Time", Tolerance: field.Duration(-time.Hour)}
		}, "auth.timestamp.tolerance"},
		"an id that is not signed":   {func(a *generic.Auth) { a.ID = "header:X-ID" }, "auth.id"},
		"an id in the signed body":   {func(a *generic.Auth) { a.ID = "json:/event" }, ""},
		"a signed id nowhere":        {func(a *generic.Auth) { a.Content = []string{"id", "text:.", "body"} }, "auth.id"},
		"the id as any other header": {func(a *generic.Auth) { a.Content, a.ID = []string{"header:X-ID", "text:.", "body"}, "header:X-ID" }, ""},
		"a token and no way to ask":  {func(a *generic.Auth) { a.Kind, a.Content = "token", nil }, "auth.kind"},
		"a token with a content":     {func(a *generic.Auth) { a.Kind = "token" }, "auth.content auth.kind"},
		"nothing and no way to ask":  {func(a *generic.Auth) { *a = generic.Auth{Kind: "none"} }, "auth.kind"},
		"nothing with a key":         {func(a *generic.Auth) { a.Kind = "none" }, "auth.content auth.keys auth.kind auth.signature"},
	} {
		config := plain(t)
		c.change(&config.Auth)
		if got := strings.Join(problems(t, config, false), " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestMistakesInWhatMessagesMeanAreNamed(t *testing.T) {
	t.Parallel()
	rule := func(change func(*generic.Rule)) func(*generic.Config) {
		return func(c *generic.Config) { change(&c.Tells[1]) }
	}
	for name, c := range map[string]struct {
		change func(*generic.Config)
		want   string
	}{
		"a format that is none":              {func(c *generic.Config) { c.Format = "xml" }, "format"},
		"pointers into a form":               {func(c *generic.Config) { c.Format = "form" }, "amount.currency amount.value payment tells[0].when[0] tells[1].object tells[1].when[0]"},
		"a name with a line break":           {func(c *generic.Config) { c.Provider = "A\nB" }, "provider"},
		"no payment":                         {func(c *generic.Config) { c.Payment = "" }, "payment"},
		"a payment with a blank":             {func(c *generic.Config) { c.Payment = "the id" }, "payment"},
		"a merchant without a field":         {func(c *generic.Config) { c.Merchant.Is = "M1" }, "merchant"},
		"a merchant without a name":          {func(c *generic.Config) { c.Merchant.Field = "/m" }, "merchant"},
		"a live mode of no kind":             {func(c *generic.Config) { c.Live = []string{"/live"} }, "live[0]"},
		"nothing told":                       {func(c *generic.Config) { c.Tells = nil }, "tells"},
		"a fact that is none":                {rule(func(r *generic.Rule) { r.Fact = "settled" }), "tells[1].fact"},
		"no condition":                       {rule(func(r *generic.Rule) { r.When = nil }), "tells[1].when"},
		"half a condition":                   {rule(func(r *generic.Rule) { r.When = []string{"/a == b", "/c =="} }), "tells[1].when[1]"},
		"no such question":                   {rule(func(r *generic.Rule) { r.When = []string{"/a > 3"} }), "tells[1].when[0]"},
		"a choice of nothing":                {rule(func(r *generic.Rule) { r.When = []string{"/a in b||c"} }), "tells[1].when[0]"},
		"there, and a value":                 {rule(func(r *generic.Rule) { r.When = []string{"/a exists b"} }), "tells[1].when[0]"},
		"a refund without an id":             {rule(func(r *generic.Rule) { r.Object = "" }), "tells[1].object"},
		"the sum of refunds":                 {rule(func(r *generic.Rule) { r.Object, r.Cumulative = "", true }), ""},
		"the sum of failed refunds":          {rule(func(r *generic.Rule) { r.Fact, r.Object, r.Cumulative = "refund_failed", "", true }), "tells[1].cumulative"},
		"the sum of failed refunds with ids": {rule(func(r *generic.Rule) { r.Fact, r.Cumulative = "refund_failed", true }), "tells[1].cumulative"},
		"the sum of what is reserved":        {rule(func(r *generic.Rule) { r.Fact, r.Cumulative = "authorised", true }), "tells[1].cumulative"},
		"an undone refund without an id":     {rule(func(r *generic.Rule) { r.Fact, r.Object = "refund_failed", "" }), "tells[1].object"},
		"an amount of what has none":         {rule(func(r *generic.Rule) { r.Fact, r.Amount.Value = "lapsed", "/amount" }), "tells[1].amount"},
		"no amount":                          {func(c *generic.Config) { c.Amount.Value = "" }, "tells[0].amount.value tells[1].amount.value"},
		"no currency":                        {func(c *generic.Config) { c.Amount.Currency = "" }, "tells[0].amount.currency tells[1].amount.currency"},
		"a form of amount":                   {func(c *generic.Config) { c.Amount.Form = "float" }, "amount.form"},
		"a form of currency":                 {func(c *generic.Config) { c.Amount.CurrencyForm = "symbol" }, "amount.currency_form"},
		"a currency twice":                   {func(c *generic.Config) { c.Amount.Form = "decimal+currency" }, "tells[0].amount.currency tells[1].amount.currency"},
		"decimals of nothing":                {func(c *generic.Config) { c.Decimals = map[string]int{"eur": 2, "CLP": 9, "JPY": 0} }, "decimals.CLP decimals.eur"},
		"a time in weeks":                    {func(c *generic.Config) { c.At.Unit = "w" }, "at.unit"},
		"no acknowledgement":                 {func(c *generic.Config) { c.Answer.Kept.Status = 302 }, "answer.kept.status"},
		"a refusal that looks taken":         {func(c *generic.Config) { c.Answer.Refused.Status = 200 }, "answer.refused.status"},
		"a refusal as for what is ok": {func(c *generic.Config) {
			c.Answer.Kept.Body, c.Answer.Refused = "OK", generic.Reply{Status: 200, Body: "OK"}
		}, "answer.refused.status"},
		"a refusal by its body": {func(c *generic.Config) {
			c.Answer.Kept.Body, c.Answer.Refused = "OK", generic.Reply{Status: 200, Body: "NO"}
		}, ""},
		"a refusal for good":     {func(c *generic.Config) { c.Answer.Refused.Status = 410 }, "answer.refused.status"},
		"a refusal elsewhere":    {func(c *generic.Config) { c.Answer.Refused.Status = 302 }, "answer.refused.status"},
		"a simulator of nothing": {func(c *generic.Config) { c.APIURL = "https://127.0.0.1:1" }, ""}, // the section itself
	} {
		config := plain(t)
		c.change(&config)
		got := strings.Join(problems(t, config, false), " ")
		if name == "a simulator of nothing" {
			var p field.Problems
			config.Validate(p.At("generic"), false)
			if list := p.List(); len(list) != 1 || list[0].Key != "generic" {
				t.Errorf("%s: %v", name, list)
			}
			continue
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestMistakesInAskingAreNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*generic.Confirm)
		want   string
	}{
		"in order":              {func(*generic.Confirm) {}, ""},
		"no address":            {func(c *generic.Confirm) { c.URL = "" }, "confirm.url"},
		"in the clear":          {func(c *generic.Confirm) { c.URL = "http://api.example.org/{payment}" }, "confirm.url"},
		"with a name in it":     {func(c *generic.Confirm) { c.URL = "https://a:b@api.example.org/{payment}" }, "confirm.url"},
		"a host from outside":   {func(c *generic.Confirm) { c.URL = "https://{payment}.example.org/" }, "confirm.url"},
		"a host from the query": {func(c *generic.Confirm) { c.URL = "https://{payment}?a=b" }, "confirm.url"},
		"of no payment":         {func(c *generic.Confirm) { c.URL = "https://api.example.org/payments" }, "confirm.url"},
		"in the query":          {func(c *generic.Confirm) { c.URL = "https://api.example.org/payments?id={payment}" }, ""},
		"no such method":        {func(c *generic.Confirm) { c.Method = "PUT" }, "confirm.method"},
		"a body of a GET":       {func(c *generic.Confirm) { c.Body = "{}" }, "confirm.body"},
		"a body that is none":   {func(c *generic.Confirm) { c.Method, c.Body = "POST", "id={payment}" }, "confirm.body"},
		"a body with the id": {func(c *generic.Confirm) {
			c.Method, c.URL, c.Body = "POST", "https://api.example.org/get", `{"id":"{payment}"}`
		}, ""},
		"ids of any kind":           {func(c *generic.Confirm) { c.IDs = ".*" }, "confirm.ids"},
		"ids of a broken kind":      {func(c *generic.Confirm) { c.IDs = "^($" }, "confirm.ids"},
		"no such scheme":            {func(c *generic.Confirm) { c.Scheme = "digest" }, "confirm.scheme"},
		"nobody's password":         {func(c *generic.Confirm) { c.Scheme = "basic" }, "confirm.user"},
		"a user without a password": {func(c *generic.Confirm) { c.User = "me" }, "confirm.user"},
		"a header of its own":       {func(c *generic.Confirm) { c.Header = "X-Key" }, "confirm.header"},
		"a header that is none":     {func(c *generic.Confirm) { c.Scheme, c.Header = "plain", "X Key" }, "confirm.header"},
		"no secret":                 {func(c *generic.Confirm) { c.Secret = field.Secret{} }, "confirm.secret"},
		"no secret behind it":       {func(c *generic.Confirm) { c.Secret = field.NewSecret("file:/no/such") }, "confirm.secret"},
		"a document by its name":    {func(c *generic.Confirm) { c.Document = "data" }, "confirm.document"},
		"an absence of no kind":     {func(c *generic.Confirm) { c.Absent = []string{"gone"} }, "confirm.absent[0]"},
	} {
		config := plain(t)
		config.Confirm = asking(t)
		c.change(config.Confirm)
		if got := strings.Join(problems(t, config, false), " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestASimulatorIsNoLiveAccount(t *testing.T) {
	t.Parallel()
	config := plain(t)
	config.Confirm, config.APIURL = asking(t), "https://127.0.0.1:1"
	if got := problems(t, config, true); !slices.Equal(got, []string{"api_url"}) {
		t.Errorf("%v", got)
	}
	live := providertest.Options(t, nil)
	live.Live = true
	if _, err := config.Open(live); err == nil {
		t.Error("a live account opens at a simulator")
	}
	square := shipped(t, "square")
	if _, err := square.Open(protocol.Options{}); err == nil {
		t.Error("an account whose own address is signed opens without one")
	}
}

func TestPublishedKeysAreRefusedInLiveMode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ encoding, key string }{
		"Standard Webhooks' library":  {"whsec", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
		"the same in base64":          {"base64", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
		"MultiSafepay's manual":       {"utf8", "8HHhGgRWrA3O7NswjmgwyH7buPPCGnR5AkwAQyqI"},
		"Monetico's demonstration":    {"hex", "1036DEFD9175F29EE9337A1F284BDF781D5A4048"},
		"the same as a text":          {"utf8", "1036DEFD9175F29EE9337A1F284BDF781D5A4048"},
		"Sips's simulation":           {"", "002001000000001_KEY1"},
		"Mercanet's simulation":       {"", "002001000000002_KEY1"},
		"Adyen's library":             {"hex", "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"},
		"Adyen's other library":       {"hex", "DFB1EB5485895CFA84146406857104ABB4CBCABDC8AAF103A624C8F6A3EAAB00"},
		"Lyra's manual":               {"", "38453613e7f44dc58732bad3dca2bca3"},
		"Ogone's manual":              {"", "Mysecretsig1875!?"},
		"Worldline's SDK":             {"", "6Kj5HT0MQKC6D8eb7W3lTg71kVKVDSt1"},
		"Worldline's other reference": {"", "I42Zf4pVnRdroHfuHnRiJjJ2B6+22h0yQt/R3nZR8Xg="},
	} {
		config := plain(t)
		config.Auth.KeyEncoding, config.Auth.Keys = c.encoding, append(config.Auth.Keys, providertest.Secret(t, c.key))
		if c.encoding == "" {
			config.Auth.Keys = slices.Clone(config.Auth.Keys)
		} else if c.encoding != "utf8" {
			config.Auth.Keys = config.Auth.Keys[1:]
		}
		at := "auth.keys[" + map[bool]string{true: "0", false: "1"}[len(config.Auth.Keys) == 1] + "]"
		if got := problems(t, config, true); !slices.Equal(got, []string{at}) {
			t.Errorf("%s: %v, want %s", name, got, at)
		}
		if got := problems(t, config, false); len(got) > 0 {
			t.Errorf("%s in sandbox mode: %v", name, got)
		}
	}
	pair := plain(t)
	pair.Auth.Kind, pair.Auth.KeyEncoding, pair.Auth.Keys = "ed25519", "whpk", []field.Secret{providertest.Secret(t, "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")}
	if got := problems(t, pair, true); !slices.Equal(got, []string{"auth.keys[0]"}) {
		t.Errorf("the key pair of RFC 8032: %v", got)
	}
}

func TestTheShippedAccountsAreThoseOfTheSimulators(t *testing.T) {
	t.Parallel()
	secrets := cmp.Comparer(func(a, b field.Secret) bool { return a.IsSet() == b.IsSet() })
	for _, s := range senders {
		if s.seed == 1 {
			continue
		}
		w := newWorld(t, s)
		want := atSimulator(t, w.Sim.Settings(providertest.Callback))
		got := shipped(t, s.name)
		if want.Confirm != nil { // shipped for live mode
			want.APIURL, want.Confirm.URL = "", strings.NewReplacer("api.sandbox.", "api.", "testapi.", "api.").Replace(want.Confirm.URL)
		}
		if diff := cmp.Diff(want, got, secrets); diff != "" {
			t.Errorf("%s (-simulator +shipped)\n%s", s, diff)
		}
		if found := problems(t, got, true); len(found) > 0 {
			t.Errorf("%s: %v", s, found)
		}
	}
	if len(senders) == 0 || reflect.DeepEqual(senders[0], sender{}) {
		t.Error("there are no senders")
	}
}
