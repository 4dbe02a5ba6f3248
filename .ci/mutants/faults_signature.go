package main

// signatureFaults: each adapter looks whether there is a signature, and no longer what it says.
func signatureFaults() []fault {
	var all []fault
	for _, s := range []struct{ of, file, was, is, in, test string }{
		{"Adyen", "providers/adyen/message.go", "if hmac.Equal([]byte(i.Additional.Signature), []byte(base64.StdEncoding.EncodeToString(h.Sum(nil)))) {",
			"if len(i.Additional.Signature) == len(base64.StdEncoding.EncodeToString(h.Sum(nil))) {", "./providers/adyen", "TestSuite"},
		{"Braintree", "providers/braintree/signature.go", "if !hmac.Equal([]byte(signature), []byte(b.sign(payload))) {",
			"if len(signature) != len(b.sign(payload)) {", "./providers/braintree", "TestSuite"},
		{"the generic adapter", "providers/generic/check.go", "if hmac.Equal(s, want) {", "if len(s) == len(want) {", "./providers/generic", "TestSuite"},
		{"Ingenico Direct", "providers/ingenico/signature.go", "!hmac.Equal(signature, macOf(secret, d.Body))", "len(signature) != len(macOf(secret, d.Body))",
			"./providers/ingenico", "TestSuiteDirect"},
		{"Ogone", "providers/ingenico/ogone_sha.go", "if !hmac.Equal(signature, s.sign(fields)) {", "if !hmac.Equal(signature[:1], s.sign(fields)[:1]) {",
			"./providers/ingenico", "TestSuiteOgoneGet"},
		{"Lyra REST", "providers/lyra/rest.go", "if hmac.Equal([]byte(hex.EncodeToString(h.Sum(nil))), []byte(hash)) {",
			"if len(hex.EncodeToString(h.Sum(nil))) == len(hash) {", "./providers/lyra", "TestSuiteREST"},
		{"Lyra's form", "providers/lyra/form.go", `if !hmac.Equal([]byte(signed), []byte(form.Get("signature"))) {`,
			`if len(signed) != len(form.Get("signature")) {`, "./providers/lyra", "TestSuiteForm"},
		{"Mollie", "providers/mollie/signature.go", "if hmac.Equal(got, want) {", "if len(got) == len(want) {", "./providers/mollie", "TestSuiteNextgen"},
		{"Monetico", "providers/monetico/seal.go", "case !hmac.Equal(given, seal(m.key, fields)):", "case len(given) != len(seal(m.key, fields)):",
			"./providers/monetico", "TestSuite"},
		{"PayPal", "providers/paypal/signature.go", "return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], t.raw) == nil",
			"return len(t.raw) == key.Size() && crypto.SHA256.Size() == len(sum)", "./providers/paypal", "TestSuiteOffline"},
		{"Redsys", "providers/redsys/signature.go", "hmac.Equal(got, want)", "len(got) == len(want)", "./providers/redsys", "TestSuite"},
		{"Sips", "providers/sips/seal.go", "if hmac.Equal(got, s.form(k, data)) {", "if len(got) == len(s.form(k, data)) {", "./providers/sips", "TestSuite"},
	} {
		all = append(all, fault{name: s.of + ": any signature will do", file: s.file, was: s.was, is: s.is, in: s.in, test: s.test,
			cost: "Whoever knows the callback address says what was paid."})
	}
	return all
}
