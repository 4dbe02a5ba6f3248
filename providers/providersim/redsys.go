package providersim

import (
	"cmp"
	"crypto/cipher"
	"crypto/des"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// A Redsys is one simulated terminal at Redsys. A payment is an order, by its number.
type Redsys struct {
	*till
	key     string // base64
	variant RedsysVariant
}

// A RedsysVariant is what Redsys' documents leave open, or what a terminal may be set to. The zero value is the usual one.
type RedsysVariant struct {
	Unpadded bool // signatures end without =
	Plain    bool // values are not percent-encoded
	Capitals bool // names of parameters are in capitals
	Numbers  bool // what is a number is written as one
	Filled   bool // the terminal is written with three digits
	Once     bool // a refused order is used up: the buyer is sent back
	Tells    bool // the way back carries the notification's fields
}

const (
	redsysMerchant = "327234688"
	redsysTerminal = "1"
	redsysVersion  = "HMAC_SHA256_V1"
	redsysClock    = 2 * time.Hour // Redsys writes the time of Madrid
)

func init() { register("redsys", func(c Config) Simulator { return NewRedsys(c) }) }

// NewRedsys makes a simulator. Its seed chooses the variant; seed 0 is the usual one.
func NewRedsys(c Config) *Redsys {
	mode := "sandbox"
	if c.Live {
		mode = "live"
	}
	sum := sha256.Sum256([]byte("simulated redsys " + mode))
	r := &Redsys{key: base64.StdEncoding.EncodeToString(sum[:24])}
	if c.Seed != 0 {
		chance := rand.New(rand.NewPCG(c.Seed, 7))
		coin := func() bool { return chance.IntN(2) == 0 }
		r.variant = RedsysVariant{coin(), coin(), coin(), coin(), coin(), coin(), coin()}
	}
	r.till = newTill(c, r, redsysRetries)
	return r
}

// redsysRetries: nobody publishes a schedule; a few quick tries are an assumption.
func redsysRetries(try int) (time.Duration, bool) { return time.Duration(try) * time.Minute, try < 3 }

// Vary chooses the variant.
func (r *Redsys) Vary(v RedsysVariant) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.variant = v
}

// Manners implements Simulator. Whoever has the form may pay late.
func (r *Redsys) Manners() Manners { return Manners{Page: true, NamesNobody: true} }

// Settings implements Simulator.
func (r *Redsys) Settings(callback string) Settings {
	r.SetCallback(callback)
	return Settings{Kind: "redsys", Reference: "{purchase: Ds_MerchantData}",
		Section: fmt.Sprintf("merchant_code: %q\nterminal: %q\nsecret_key: file:{dir}/redsys-key\napi_url: %s\n", redsysMerchant, redsysTerminal, r.ownOrigin()),
		Files:   map[string]string{"redsys-key": r.key + "\n"}}
}

// Control implements Simulator.
func (r *Redsys) Control() http.Handler { return control(r, r.state) }

// Handler implements Simulator.
func (r *Redsys) Handler() http.Handler {
	mux := http.NewServeMux()
	a := &api{till: r.till, limited: redsysError("SIS0298")}
	a.handle(mux, "POST /sis/realizarPago", "create", r.begun)
	r.servePages(mux, "Redsys")
	return mux
}

// redsysError is the page that a buyer sees when a form is refused.
func redsysError(code string) reply {
	page := "<html><body><p>No se puede realizar la operación</p><!-- " + code + " --></body></html>"
	return reply{status: http.StatusOK, kind: "text/html; charset=utf-8", raw: []byte(page)}
}

// redsysSign signs parameters for an order.
func redsysSign(key, order, parameters string) []byte {
	secret, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		panic("providersim: a key is no base64")
	}
	block, err := des.NewTripleDESCipher(secret)
	if err != nil {
		panic(fmt.Sprintf("providersim: %v", err))
	}
	for len(order)%8 != 0 {
		order += "\x00"
	}
	own := make([]byte, len(order))
	cipher.NewCBCEncrypter(block, make([]byte, 8)).CryptBlocks(own, []byte(order))
	mac := hmac.New(sha256.New, own)
	mac.Write([]byte(parameters))
	return mac.Sum(nil)
}

// A redsysRequest is what a form asks for, by names without DS_MERCHANT_, in capitals.
type redsysRequest map[string]string

func readRedsysRequest(raw []byte) (redsysRequest, error) {
	var given map[string]string
	if err := json.Unmarshal(raw, &given); err != nil {
		return nil, err
	}
	q := redsysRequest{}
	for name, value := range given {
		q[strings.TrimPrefix(strings.ToUpper(name), "DS_MERCHANT_")] = value
	}
	return q, nil
}

// redsysLimits are the most characters of fields.
var redsysLimits = map[string]int{"MERCHANTURL": 250, "URLOK": 250, "URLKO": 250, "PRODUCTDESCRIPTION": 125, "MERCHANTDATA": 1024}

var (
	redsysOrders  = regexp.MustCompile(`^[0-9]{4}[0-9A-Za-z]{0,8}$`)
	redsysAmounts = regexp.MustCompile(`^[1-9][0-9]{0,11}$`)
)

// wrong is the error of a request that is refused, "" for none.
func (q redsysRequest) wrong() string {
	switch {
	case q["MERCHANTCODE"] != redsysMerchant || strings.TrimLeft(q["TERMINAL"], "0") != redsysTerminal:
		return "SIS0026"
	case !redsysOrders.MatchString(q["ORDER"]):
		return "SIS0014"
	case !redsysAmounts.MatchString(q["AMOUNT"]):
		return "SIS0019"
	case redsysCurrencies[q["CURRENCY"]] == "":
		return "SIS0016"
	case q["TRANSACTIONTYPE"] != "0" && q["TRANSACTIONTYPE"] != "1":
		return "SIS0023"
	}
	for name, most := range redsysLimits {
		if utf8.RuneCountInString(q[name]) > most {
			return "SIS0344"
		}
	}
	return ""
}

// begun is a form that a browser posts: a new order, or one that nobody paid yet, again.
func (r *Redsys) begun(_ *http.Request, body []byte) reply {
	form, err := url.ParseQuery(string(body))
	text := form.Get("Ds_MerchantParameters")
	raw, errText := base64.StdEncoding.DecodeString(text)
	signature, errSign := base64.StdEncoding.DecodeString(form.Get("Ds_Signature"))
	q, errJSON := readRedsysRequest(raw)
	if err != nil || errText != nil || errSign != nil || errJSON != nil || form.Get("Ds_SignatureVersion") != redsysVersion {
		return redsysError("SIS0431")
	}
	if !hmac.Equal(signature, redsysSign(r.key, q["ORDER"], text)) {
		return redsysError("SIS0042")
	}
	if wrong := q.wrong(); wrong != "" {
		return redsysError(wrong)
	}
	return r.ordered(q)
}

// ordered leads to the pay page, unless the order's number was used up or is of another payment.
func (r *Redsys) ordered(q redsysRequest) reply {
	currency := redsysCurrencies[q["CURRENCY"]]
	value := decimalOf(q["AMOUNT"], decimals(currency))
	p := r.payments[q["ORDER"]]
	if p == nil {
		p = r.begin(&Payment{ID: q["ORDER"], Value: value, Currency: currency, Reserve: q["TRANSACTIONTYPE"] == "1",
			Fields: map[string]string{"data": q["MERCHANTDATA"], "callback": q["MERCHANTURL"]}})
	}
	if p.Status != isOpen || p.Currency != currency || p.Value != value {
		return redsysError("SIS0051")
	}
	p.Return, p.Cancel = q["URLOK"], q["URLKO"]
	return reply{status: http.StatusSeeOther, header: map[string]string{"Location": r.pageOf(p)}}
}

func (r *Redsys) back(p *Payment, did action) way {
	switch {
	case did == doPay || did == doPend:
		return way{URL: r.told(p, p.Return)}
	case did == doDecline && !r.variant.Once:
		return way{Stay: true}
	}
	return way{URL: r.told(p, p.Cancel)}
}

// told is a way back with the fields of the last notification, if the terminal is set to send them.
func (r *Redsys) told(p *Payment, address string) string {
	u, err := url.Parse(address)
	if err != nil || !r.variant.Tells || p.Fields["told"] == "" {
		return address
	}
	told, err := url.ParseQuery(p.Fields["told"])
	if err != nil {
		return address
	}
	q := u.Query()
	for name, values := range told {
		q[name] = values
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// Button implements Simulator: a form of the organiser's own page.
func (r *Redsys) Button(b ButtonPayment) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pay(&Payment{ID: r.number(12), Fields: map[string]string{"data": b.Purchase}}, b)
}

// Confirm takes what a preauthorisation reserved, or a part of it, as the merchant portal does; "" is all of it.
func (r *Redsys) Confirm(id, value string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.payments[id]; p != nil {
		return r.take(p, cmp.Or(value, p.Value))
	}
	return ErrNoPayment
}

// GiveUp gives a preauthorisation up, as the merchant portal does.
func (r *Redsys) GiveUp(id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.payments[id]
	switch {
	case p == nil:
		return ErrNoPayment
	case p.Status != isAuthorised:
		return errNotNow
	}
	return r.end(p)
}
