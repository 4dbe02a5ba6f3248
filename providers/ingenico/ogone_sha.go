package ingenico

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"maps"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
)

// hashes are what an account may be set to.
var hashes = map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}

const signField = "SHASIGN"

// feedbackNames are the fields of feedback that Ogone signs.
//
// Source: Worldline support, list of SHA-OUT parameters.
var feedbackNames = nameSet("AAVADDRESS AAVCHECK AAVMAIL AAVNAME AAVPHONE AAVZIP ACCEPTANCE ALIAS AMOUNT BIC BIN BRAND CARDNO CCCTY CN COLLECTOR_BIC " +
	"COLLECTOR_IBAN COMPLETIONID COMPLUS CREATION_STATUS CREDITDEBIT CURRENCY CVCCHECK DCC_COMMPERCENTAGE DCC_CONVAMOUNT DCC_CONVCCY DCC_EXCHRATE " +
	"DCC_EXCHRATESOURCE DCC_EXCHRATETS DCC_INDICATOR DCC_MARGINPERCENTAGE DCC_VALIDHOURS DEVICEID DIGESTCARDNO ECI ED EMAIL ENCCARDNO FXAMOUNT " +
	"FXCURRENCY IP IPCTY MANDATEID MOBILEMODE NBREMAILUSAGE NBRIPUSAGE NBRIPUSAGE_ALLTX NBRUSAGE NCERROR ORDERID PAYID PAYIDSUB PAYMENT_REFERENCE PM " +
	"REQUESTCOMPLETIONID SCO_CATEGORY SCORING SEQUENCETYPE SIGNDATE STATUS SUBBRAND SUBSCRIPTION_ID TICKET TRXDATE VC")

func nameSet(names string) map[string]bool {
	set := map[string]bool{}
	for name := range strings.FieldsSeq(names) {
		set[name] = true
	}
	return set
}

// A signer signs fields with a passphrase: SHA-IN for what we send, SHA-OUT for what we hear.
type signer struct {
	hash       func() hash.Hash
	passphrase string
}

func newSigner(name string, secret field.Secret) (signer, error) {
	passphrase, err := secret.Reveal()
	return signer{hashes[cmp.Or(name, "sha512")], passphrase}, err
}

// sign is the signature of fields whose names are in capitals: of those with a value, in the order of their names, NAME=value and the
// passphrase after each. The values are hashed as the bytes they are, whatever their charset.
//
// Source: Ogone e-Commerce integration guide, SHA signatures.
func (s signer) sign(fields map[string]string) []byte {
	h := s.hash()
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if value := fields[name]; value != "" && name != signField {
			h.Write([]byte(name + "=" + value + s.passphrase))
		}
	}
	return h.Sum(nil)
}

// signature is sign as it is sent.
func (s signer) signature(fields map[string]string) string {
	return strings.ToUpper(hex.EncodeToString(s.sign(fields)))
}

// check verifies feedback and returns its signed fields, their names in capitals. Two names that are the same in capitals are
// purchase.Malformed: which of them counts would be the sender's choice.
func (s signer) check(form protocol.Form) (map[string]string, error) {
	fields := map[string]string{}
	for _, name := range form.Names {
		capital := capitals(name)
		if _, twice := fields[capital]; twice {
			return nil, purchase.Forged(purchase.Malformed)
		}
		fields[capital] = form.Get(name)
	}
	signature, err := hex.DecodeString(fields[signField])
	if err != nil || len(signature) != s.hash().Size() {
		return nil, purchase.Forged(purchase.Malformed)
	}
	maps.DeleteFunc(fields, func(name, _ string) bool { return !feedbackNames[name] })
	if !hmac.Equal(signature, s.sign(fields)) {
		return nil, purchase.Forged(purchase.BadSignature)
	}
	return fields, nil
}

// capitals changes the letters a to z only: other alphabets have letters whose capitals are of this one.
func capitals(name string) string {
	b := []byte(name)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - ('a' - 'A')
		}
	}
	return string(b)
}
