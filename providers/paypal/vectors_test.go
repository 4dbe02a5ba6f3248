package paypal_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash/crc32"
	"math/bits"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/paypal"
	"github.com/paybridge/paybridge/providers/protocol"
)

type vectorFile struct {
	Certificates []struct {
		ID  string `json:"id"`
		URL string `json:"cert_url"`
		PEM string `json:"pem"`
	} `json:"certificates"`
	Authorities []struct {
		PEM string `json:"pem"`
	} `json:"certificate_authorities"`
	Vectors []vector `json:"vectors"`
}

type vector struct {
	Name    string            `json:"name"`
	Kind    string            `json:"kind"`
	Valid   bool              `json:"valid"`
	Headers map[string]string `json:"headers"`
	Webhook string            `json:"webhook_id"`
	Body    string            `json:"body"`
	SHA256  string            `json:"body_sha256"`
	CRC     uint32            `json:"crc32_decimal"`
}

func loadVectors(t testing.TB) vectorFile {
	t.Helper()
	raw, err := os.ReadFile("testdata/paypal-webhook-rsa.json")
	if err != nil {
		t.Fatal(err)
	}
	var f vectorFile
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatal(err)
	}
	if len(f.Vectors) != 9 {
		t.Fatalf("%d vectors", len(f.Vectors))
	}
	return f
}

// account is a sandbox account that holds PayPal's certificates and can call nobody.
func (f vectorFile) account(t testing.TB, v vector, change func(*paypal.Config, *protocol.Options)) *paypal.PayPal {
	t.Helper()
	dir := t.TempDir()
	for _, c := range f.Certificates {
		name := c.URL[strings.LastIndex(c.URL, "/")+1:] + ".pem"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(c.PEM), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := section(t)
	c.WebhookID, c.AcceptSimulator, c.Certificates = v.Webhook, true, dir
	var authorities strings.Builder
	for _, a := range f.Authorities {
		authorities.WriteString(a.PEM)
	}
	c.CABundle = file(t, "bundle.pem", []byte(authorities.String()))
	o := protocol.Options{HTTP: newStub(nil)}
	if change != nil {
		change(&c, &o)
	}
	return open(t, c, o)
}

func (v vector) sent(t testing.TB) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, v.Headers["PAYPAL-TRANSMISSION-TIME"])
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func (v vector) delivery(received time.Time) purchase.Delivery {
	h := http.Header{}
	for name, value := range v.Headers {
		h.Set(name, value)
	}
	return purchase.Delivery{Account: "paypal-main", Received: received, Method: http.MethodPost, Header: h, Body: []byte(v.Body)}
}

func refusal(t testing.TB, err error) purchase.Refusal {
	t.Helper()
	var why purchase.Refusal
	if !errors.Is(err, purchase.ErrForged) || !errors.As(err, &why) {
		t.Fatalf("not refused: %v", err)
	}
	return why
}

func TestWhatPayPalSignedIsReadAtItsTimeAndRefusedLater(t *testing.T) {
	t.Parallel()
	f := loadVectors(t)
	for _, v := range f.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			sum := sha256.Sum256([]byte(v.Body))
			if hex.EncodeToString(sum[:]) != v.SHA256 || crc32.ChecksumIEEE([]byte(v.Body)) != v.CRC {
				t.Fatal("the body was not loaded byte for byte")
			}
			p := f.account(t, v, nil)
			reading, err := p.Read(t.Context(), v.delivery(v.sent(t).Add(2*time.Second)))
			if !v.Valid {
				if why := refusal(t, err); why != purchase.BadSignature {
					t.Errorf("refused as %s", why)
				}
				return
			}
			if err != nil || reading.Message != v.Headers["PAYPAL-TRANSMISSION-ID"] || len(reading.Facts) != 1 || reading.Facts[0].Standing != purchase.Heard {
				t.Fatalf("Read = %+v, %v", reading, err)
			}
			for _, late := range []time.Time{v.sent(t).Add(3*24*time.Hour + 2*time.Hour), time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), v.sent(t).Add(-6 * time.Minute)} {
				if _, err := p.Read(t.Context(), v.delivery(late)); refusal(t, err) != purchase.Stale {
					t.Errorf("at %s: %v", late, err)
				}
			}
		})
	}
}

func TestWhatPublishedMessagesTell(t *testing.T) {
	t.Parallel()
	f := loadVectors(t)
	got := map[string][]string{}
	for _, v := range f.Vectors {
		if v.Valid {
			reading, err := f.account(t, v, nil).Read(t.Context(), v.delivery(v.sent(t)))
			if err != nil {
				t.Fatal(err)
			}
			got[v.Name] = said(reading.Facts)
		}
	}
	want := map[string][]string{
		"net-sdk-sandbox-sale-2015":                   {"heard captured 7DW85331GX749735N 7DW85331GX749735N 20.00 USD"},
		"node-sdk-sandbox-sale-2016":                  {"heard captured 8RS6210148826604N 8RS6210148826604N 6.01 USD"},
		"php-sdk-sandbox-sale-2016":                   {"heard captured 80F85758S3080410K 80F85758S3080410K 21.00 USD"},
		"paypal-rs-simulator-capture-completed-2025":  {"heard captured 1AB234567A1234567 12A34567BC123456S 30.00 USD"},
		"simulator-payment-capture-completed-v2-2024": {"heard captured 1AB234567A1234567 12A34567BC123456S 30.00 USD"},
		"simulator-payment-capture-pending-v2-2024":   {"heard pending 8PR65097T8571330M 02T21492PP3782704 2.51 USD  UNILATERAL"},
		"simulator-payment-capture-reversed-v2-2024":  {"heard reversed 4L335234718889942 09E71677NS257044M 2.51 USD"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestModesAreNotMixed(t *testing.T) {
	t.Parallel()
	f := loadVectors(t)
	live := func(c *paypal.Config, o *protocol.Options) { c.AcceptSimulator, o.Live = false, true }
	strict := func(c *paypal.Config, _ *protocol.Options) { c.AcceptSimulator = false }
	own := func(c *paypal.Config, o *protocol.Options) {
		live(c, o)
		c.WebhookID = "0WH00000ID000001K"
	}
	for _, v := range f.Vectors {
		if !v.Valid {
			continue
		}
		d := v.delivery(v.sent(t))
		switch v.Kind {
		case "sandbox":
			if _, err := f.account(t, v, live).Read(t.Context(), d); refusal(t, err) != purchase.WrongMode {
				t.Errorf("%s in live: %v", v.Name, err)
			}
		case "simulator":
			if _, err := f.account(t, v, strict).Read(t.Context(), d); refusal(t, err) != purchase.WrongMode {
				t.Errorf("%s without accept_simulator: %v", v.Name, err)
			}
			if _, err := f.account(t, v, own).Read(t.Context(), d); refusal(t, err) != purchase.WrongMode {
				t.Errorf("%s in live: %v", v.Name, err)
			}
		}
	}
}

func TestAnotherBodyWithTheSameCRCIsNeverMoreThanHearsay(t *testing.T) {
	t.Parallel()
	f := loadVectors(t)
	for _, v := range f.Vectors {
		if v.Name != "simulator-payment-capture-completed-v2-2024" {
			continue
		}
		p := f.account(t, v, nil)
		d := v.delivery(v.sent(t))
		d.Body = collide(t, []byte(strings.ReplaceAll(v.Body, `"30.00"`, `"99.00"`)), v.CRC)
		reading, err := p.Read(t.Context(), d)
		if err != nil {
			t.Fatalf("the collision does not fit, so it shows nothing: %v", err)
		}
		for _, f := range reading.Facts {
			if f.Standing != purchase.Heard || f.Money.Minor != 9900 {
				t.Errorf("a made-up body is %s: %s", f.Standing, f.Money)
			}
		}
		facts, err := p.Ask(t.Context(), purchase.Ref{Payment: reading.Facts[0].Payment, Object: reading.Facts[0].Object})
		if !errors.Is(err, purchase.ErrNoPayment) || len(facts) > 0 {
			t.Errorf("asking about it proves %v, %v", facts, err)
		}
		return
	}
	t.Fatal("the vector is missing")
}

// collide pads a body with blanks and tabs until it has the wanted CRC-32: the checksum is linear, so 64 places that can be either
// are more than enough equations for 32 bits.
func collide(t testing.TB, body []byte, want uint32) []byte {
	t.Helper()
	const places = 64
	padded := append(append([]byte{}, body...), []byte(strings.Repeat(" ", places))...)
	base := crc32.ChecksumIEEE(padded)
	type row struct {
		effect uint32
		chosen uint64
	}
	var basis [32]row
	for i := range places {
		at := len(body) + i
		padded[at] = '\t'
		r := row{effect: crc32.ChecksumIEEE(padded) ^ base, chosen: 1 << i}
		padded[at] = ' '
		for r.effect != 0 {
			top := bits.Len32(r.effect) - 1
			if basis[top].effect == 0 {
				basis[top] = r
				break
			}
			r.effect ^= basis[top].effect
			r.chosen ^= basis[top].chosen
		}
	}
	left, chosen := base^want, uint64(0)
	for left != 0 {
		top := bits.Len32(left) - 1
		if basis[top].effect == 0 {
			t.Fatal("no collision")
		}
		left ^= basis[top].effect
		chosen ^= basis[top].chosen
	}
	for i := range places {
		if chosen&(1<<i) != 0 {
			padded[len(body)+i] = '\t'
		}
	}
	if crc32.ChecksumIEEE(padded) != want {
		t.Fatal("the collision is wrong")
	}
	return padded
}
