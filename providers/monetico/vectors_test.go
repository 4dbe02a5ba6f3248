package monetico_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/monetico"
	"github.com/paybridge/paybridge/providers/providertest"
)

type vectors struct {
	About  string `json:"_about"`
	Usable []struct {
		Key string `json:"key"`
		Hex string `json:"usable_hex"`
	} `json:"usable_key"`
	Cases []struct {
		Name      string            `json:"name"`
		Published bool              `json:"published"`
		Source    string            `json:"source"`
		Key       string            `json:"key"`
		Fields    map[string]string `json:"fields"`
		Signed    string            `json:"signed_string"`
		MAC       string            `json:"MAC"`
	} `json:"cases"`
	Good string `json:"ack_ok"`
	Bad  string `json:"ack_bad_mac"`
}

func published(t *testing.T) vectors {
	t.Helper()
	raw, err := os.ReadFile("testdata/monetico.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// hears is an account of one TPE with the key, that finds the purchase in the first part of texte-libre.
func hears(t *testing.T, terminal, given string) *monetico.Monetico {
	t.Helper()
	o := providertest.Options(t, nil)
	o.Locate = func(field func(string) string) purchase.Reference {
		id, _, _ := strings.Cut(field("texte-libre"), "|")
		return purchase.Reference{Purchase: id}
	}
	account, err := monetico.New(monetico.Config{TPE: terminal, Key: providertest.Secret(t, given)}, o)
	if err != nil {
		t.Fatal(err)
	}
	return account.(*monetico.Monetico)
}

func posted(fields map[string]string, mac string) purchase.Delivery {
	form := url.Values{"MAC": {mac}}
	for name, value := range fields {
		form.Set(name, value)
	}
	return purchase.Delivery{Method: http.MethodPost, Body: []byte(form.Encode())}
}

func macOf(t *testing.T, usable, text string) string {
	t.Helper()
	key, err := hex.DecodeString(usable)
	if err != nil {
		t.Fatal(err)
	}
	h := hmac.New(sha1.New, key)
	h.Write([]byte(text))
	return strings.ToUpper(hex.EncodeToString(h.Sum(nil)))
}

func TestPublishedVectors(t *testing.T) {
	t.Parallel()
	told := map[string]struct {
		facts []string
		err   error
	}{
		"monetico_php_1_payetest":             {nil, purchase.ErrNotUnderstood}, // montantech: an instalment
		"monetico_php_2_Annulation":           {[]string{"proved failed 4KKHUGNUNOGG 4KKHUGNUNOGG 3DSecure"}, nil},
		"own_payetest_utf8_and_unknown_field": {[]string{"proved captured D3D2o8Hl0rS3 D3D2o8Hl0rS3.000000 42.00 EUR 0f6a3c1e-5d2b-4b7a-9c11-8e2f6a1b2c3d"}, nil},
	}
	for _, c := range published(t).Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			want, known := told[c.Name]
			if !known {
				t.Fatal("this test does not know the case")
			}
			if c.Signed != "" && macOf(t, c.Key, c.Signed) != c.MAC {
				t.Error("the text that is signed has another MAC")
			}
			m := hears(t, c.Fields["TPE"], c.Key)
			reading, err := m.Read(t.Context(), posted(c.Fields, c.MAC))
			if !errors.Is(err, want.err) || fmt.Sprint(providertest.Said(reading.Facts)) != fmt.Sprint(want.facts) {
				t.Errorf("%v, %v", providertest.Said(reading.Facts), err)
			}
			if _, again := m.Read(t.Context(), posted(c.Fields, strings.ToLower(c.MAC))); !errors.Is(again, want.err) {
				t.Errorf("in small letters: %v", again)
			}
			changed := "F" + c.MAC[1:]
			if changed == c.MAC {
				changed = "E" + c.MAC[1:]
			}
			for what, forged := range map[string]purchase.Delivery{"another MAC": posted(c.Fields, changed), "another field": posted(with(c.Fields, "x", "y"), c.MAC)} {
				if _, err := m.Read(t.Context(), forged); !errors.Is(err, purchase.BadSignature) {
					t.Errorf("%s: %v", what, err)
				}
			}
			if _, err := hears(t, c.Fields["TPE"], "F"+c.Key[1:]).Read(t.Context(), posted(c.Fields, c.MAC)); !errors.Is(err, purchase.BadSignature) {
				t.Errorf("another key: %v", err)
			}
		})
	}
}

func TestAKeySealsInItsUsableForm(t *testing.T) {
	t.Parallel()
	fields := map[string]string{"TPE": "1234567", "code-retour": "Annulation", "reference": "R1"}
	for _, k := range published(t).Usable {
		mac := macOf(t, k.Hex, "TPE=1234567*code-retour=Annulation*reference=R1")
		if _, err := hears(t, "1234567", k.Key).Read(t.Context(), posted(fields, mac)); err != nil {
			t.Errorf("%s: %v", k.Key, err)
		}
	}
}

func TestTheReceiptsAreThePublishedOnes(t *testing.T) {
	t.Parallel()
	v, m := published(t), hears(t, tpe, key)
	for kept, want := range map[bool]string{true: v.Good, false: v.Bad} {
		a := m.Answer(purchase.Delivery{}, kept)
		if string(a.Body) != want || a.ContentType != "text/plain" || a.Status != 0 {
			t.Errorf("kept %v: %+v", kept, a)
		}
	}
}
