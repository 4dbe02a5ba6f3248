package main

// programFaults are in the settings and in the program itself.
var programFaults = []fault{
	{
		name: "unknown keys are passed over",
		file: "config/load.go",
		was:  "decoder.KnownFields(true)",
		is:   "decoder.KnownFields(false)",
		in:   "./config", test: "TestEveryMistakeIsNamedWithItsKeyAndWhatToDo",
		cost: "A mistyped key is ignored, and the organiser believes in a policy that is not set.",
	},
	{
		name: "a live account may talk to a simulator",
		file: "providers/protocol/endpoint.go",
		was:  "	case live:\n\t\treturn \"\", errors.New(\"use api_url and ca_file: they are for sandbox only\")\n",
		is:   "",
		in:   "./providers/mollie", test: "TestALiveAccountDoesNotOpenAtASimulator",
		cost: "Whoever changes one line of the settings says what was paid.",
	},
	{
		name: "a secret prints as itself",
		file: "config/field/secret.go",
		was:  `return "<not a reference>"`,
		is:   "return s.ref",
		in:   "./config/field", test: "TestASecretPrintsAsItsReferenceEverywhere",
		cost: "A secret that somebody wrote into the settings ends in the log.",
	},
	{
		name: "what an invoice needs of a person is printed",
		file: "bridge/invoice.go",
		was:  `_, _ = io.WriteString(f, "[billing of "+b.Invoice+"]")`,
		is:   `_, _ = io.WriteString(f, "[billing of "+b.Invoice+" "+b.Name+"]")`,
		in:   engine, test: "TestWhatAnInvoiceNeedsIsKeptBesideTheFactsAndNowhereElse",
		cost: "Names of buyers end in the log.",
	},
	{
		name: "credentials are kept with a delivery",
		file: "bridge/receive.go",
		was:  "	d.Header.Del(\"Authorization\")\n",
		is:   "",
		in:   engine, test: "TestNoCredentialIsKeptWithADelivery",
		cost: "The password of Adyen's webhook stands in the database.",
	},
	{
		name: "a way back is short",
		file: "cmd/paybridge/clock.go",
		was:  "return crand.Text() }",
		is:   "return crand.Text()[:8] }",
		in:   "./cmd/paybridge", test: "TestAWayBackIsNobodysToGuess",
		cost: "Return pages are found by trying.",
	},
	{
		name: "the tokens of Dynamics are logged",
		file: "dataverse/token.go",
		was:  "	t.metrics.signedIn(t.expires)\n",
		is:   "	t.metrics.signedIn(t.expires)\n\tt.log.Info(\"signed in to dynamics\", zap.String(\"state\", token))\n",
		in:   "./cmd/paybridge", test: "TestSalesOfChanceKeepTheLaws",
		cost: "Who reads the log can do in Dynamics what we can.",
	},
	{
		name: "return addresses are logged",
		file: "bridge/checkout.go",
		was:  `c.Log.Info("buyer sent to pay", `,
		is:   `c.Log.Info("buyer sent to pay", zap.String("state", order.Return), `,
		in:   "./cmd/paybridge", test: "TestSalesOfChanceKeepTheLaws",
		cost: "Who reads the log opens the return pages of buyers.",
	},
}
