package ingenico

import (
	"context"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// Inspect says what a person must look at: without DirectLink nothing can be asked.
func (a *Ogone) Inspect(_ context.Context, callback string) []purchase.Finding {
	return append([]purchase.Finding{{Check: "PRV-01", Status: purchase.Warn, Detail: "payments cannot be read back: feedback that is lost stays lost",
		Fix: "make an API user for DirectLink, and write api_user and api_password"}}, a.findings(callback)...)
}

// Inspect checks, without changing anything, that Ogone takes the API user, its address and SHA-IN.
func (l *DirectLink) Inspect(ctx context.Context, callback string) []purchase.Finding {
	in := purchase.Finding{Check: "PRV-01", Status: purchase.Pass, Detail: "Ogone takes the API user at " + l.base}
	if _, _, err := l.query(ctx, map[string]string{"ORDERID": "paybridge-doctor"}); err != nil {
		in = purchase.Finding{Check: "PRV-01", Status: purchase.Fail, Detail: err.Error(),
			Fix: "see that the IP address of this machine is registered for DirectLink, and that api_user, api_password, sha_in and sha are those of " + l.Mode()}
	}
	return append([]purchase.Finding{in}, l.findings(callback)...)
}

func (a *Ogone) findings(callback string) []purchase.Finding {
	return []purchase.Finding{
		{Check: "PRV-02", Status: purchase.Manual, Detail: "Ogone does not tell where it sends feedback", Fix: "see that all three addresses under Transaction feedback are " + callback},
		{Check: "PRV-03", Status: purchase.Manual, Detail: "Ogone does not tell which fields feedback has", Fix: "see that ORDERID, PAYID, PAYIDSUB, STATUS, AMOUNT, CURRENCY and COMPLUS are among them"},
		{Check: "PRV-04", Status: purchase.Manual, Detail: "Ogone does not show its passphrases", Fix: "compare both with sha_in and sha_out, and the hash with sha; a test payment shows whether they fit"},
		{Check: "PRV-05", Status: purchase.Warn, Detail: "Worldline announced the end of the Ogone integration for 31 December 2025",
			Fix: "plan the move to Worldline Direct: the PSPID stays, generation becomes direct"},
	}
}
