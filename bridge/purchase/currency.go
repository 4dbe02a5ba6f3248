package purchase

import "strings"

// minorDigits is the number of decimals of each currency, retired codes included because old purchases keep theirs. Codes without
// a minor unit (gold, the test code) are left out on purpose: nothing is paid in them.
//
// Source: ISO 4217 list of currency, fund and precious metal codes.
var minorDigits = digitsByCode(map[int]string{
	0: "ADP BEF BIF BYB BYR CLP DJF ESP GNF GRD ISK ITL JPY KMF KRW LUF MGF PTE PYG ROL RWF TPE TRL UGX UYI VND VUV " +
		"XAF XOF XPF",
	2: "AED AFA AFN ALL AMD ANG AOA ARS ATS AUD AWG AYM AZM AZN BAM BBD BDT BGL BGN BMD BND BOB BOV BRL BSD BTN BWP " +
		"BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CSD CUC CUP CVE CYP CZK DEM DKK DOP DZD EEK EGP ERN ETB EUR FIM " +
		"FJD FKP FRF GBP GEL GHC GHS GIP GMD GTQ GWP GYD HKD HNL HRK HTG HUF IDR IEP ILS INR IRR JMD KES KGS KHR KPW " +
		"KYD KZT LAK LBP LKR LRD LSL LTL LVL MAD MDL MGA MKD MMK MNT MOP MRO MRU MTL MUR MVR MWK MXN MXV MYR MZM MZN " +
		"NAD NGN NIO NLG NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB RUR SAR SBD SCR SDD SDG SEK SGD SHP SIT " +
		"SKK SLE SLL SOS SRD SRG SSP STD STN SVC SYP SZL THB TJS TMM TMT TOP TRY TTD TWD TZS UAH USD USN USS UYU UZS " +
		"VEB VED VEF VES WST XCD XCG YER YUM ZAR ZMK ZMW ZWD ZWG ZWL ZWN ZWR",
	3: "BHD IQD JOD KWD LYD OMR TND",
	4: "CLF UYW",
})

func digitsByCode(groups map[int]string) map[string]int {
	digits := make(map[string]int)
	for n, codes := range groups {
		for _, code := range strings.Fields(codes) {
			digits[code] = n
		}
	}
	return digits
}
