package purchase_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/paybridge/paybridge/bridge/purchase"
)

const (
	sealedPurchase = "0d3f7c1a-52aa-4c55-9e6d-1b2c3d4e5f60"
	sealedUser     = "7e1d0000-aaaa-4bbb-8ccc-000000000001"
)

func seals(t interface{ Fatal(...any) }, keys ...string) purchase.Seals {
	raw := make([][]byte, 0, len(keys))
	for _, k := range keys {
		raw = append(raw, []byte(k))
	}
	s, err := purchase.NewSeals(raw...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSealedReferenceComesBackAsItWasSent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := seals(t, "0123456789abcdef").For("main")
		want := purchase.Reference{Purchase: sealedPurchase, Event: rapid.StringN(0, 41, 41).Draw(t, "event"), Sealed: true}
		if rapid.Bool().Draw(t, "known") {
			want.User = sealedUser
		}
		text, err := s.Seal(want, 127)
		if err != nil || len(text) > 127 {
			t.Fatalf("Seal = %q (%d characters), %v", text, len(text), err)
		}
		got, ok := s.Open(text)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Fatalf("Open: ok=%v (-want +got)\n%s", ok, diff)
		}
	})
}

func TestWhatDoesNotFitIntoASealIsLeftOut(t *testing.T) {
	t.Parallel()
	s := seals(t, "0123456789abcdef")
	for name, c := range map[string]struct {
		in, want purchase.Reference
		limit    int
	}{
		"event or contact":  {purchase.Reference{Purchase: sealedPurchase, User: sealedUser, Event: strings.Repeat("e", 42)}, purchase.Reference{Purchase: sealedPurchase, Event: strings.Repeat("e", 42), Sealed: true}, 127},
		"too long an event": {purchase.Reference{Purchase: sealedPurchase, User: sealedUser, Event: strings.Repeat("e", 58)}, purchase.Reference{Purchase: sealedPurchase, User: sealedUser, Sealed: true}, 127},
		"event, no contact": {purchase.Reference{Purchase: sealedPurchase, Event: strings.Repeat("e", 57)}, purchase.Reference{Purchase: sealedPurchase, Event: strings.Repeat("e", 57), Sealed: true}, 127},
		"contact not GUID":  {purchase.Reference{Purchase: sealedPurchase, User: "somebody"}, purchase.Reference{Purchase: sealedPurchase, Sealed: true}, 127},
		"no room for more":  {purchase.Reference{Purchase: sealedPurchase, User: sealedUser, Event: "E"}, purchase.Reference{Purchase: sealedPurchase, Event: "E", Sealed: true}, 52},
		"other spelling":    {purchase.Reference{Purchase: "{" + strings.ToUpper(sealedPurchase) + "}"}, purchase.Reference{Purchase: sealedPurchase, Sealed: true}, 127},
	} {
		text, err := s.Seal(c.in, c.limit)
		if err != nil || len(text) > c.limit {
			t.Errorf("%s: Seal = %d characters, %v", name, len(text), err)
		}
		got, _ := s.Open(text)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestAnyChangeOfASealIsRefused(t *testing.T) {
	t.Parallel()
	s := seals(t, "0123456789abcdef")
	text, err := s.Seal(purchase.Reference{Purchase: sealedPurchase, User: sealedUser, Event: "Conference_7"}, 127)
	if err != nil {
		t.Fatal(err)
	}
	for i := range text {
		for _, by := range []byte{1, 2, 32} {
			forged := []byte(text)
			forged[i] ^= by
			if _, ok := s.Open(string(forged)); ok {
				t.Errorf("byte %d xor %d opens", i, by)
			}
		}
	}
	for _, forged := range []string{"", text[:len(text)-1], text + "A", text + "\n", text[:20] + "\n" + text[20:], sealedPurchase} {
		if _, ok := s.Open(forged); ok {
			t.Errorf("%q opens", forged)
		}
	}
}

func TestFirstKeySealsAndAllKeysOpen(t *testing.T) {
	t.Parallel()
	r := purchase.Reference{Purchase: sealedPurchase}
	old, fresh, other := "0123456789abcdef", "fedcba9876543210", "another-key-of-16"
	text, err := seals(t, old).Seal(r, 127)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := seals(t, fresh, old).Open(text); !ok {
		t.Error("a rotated key no longer opens what it sealed")
	}
	if _, ok := seals(t, fresh, other).Open(text); ok {
		t.Error("a seal opens without its key")
	}
	if rotated, err := seals(t, fresh, old).Seal(r, 127); err != nil || rotated == text {
		t.Errorf("the old key still seals: %v", err)
	}
}

func TestSealOfOneEnvironmentDoesNotOpenInAnother(t *testing.T) {
	t.Parallel()
	s := seals(t, "0123456789abcdef")
	text, err := s.For("sandbox").Seal(purchase.Reference{Purchase: sealedPurchase}, 127)
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{"live", "sandbux", ""} {
		if _, ok := s.For(other).Open(text); ok {
			t.Errorf("a seal of sandbox opens in %q", other)
		}
	}
}

func TestNothingIsSealedWithoutAKeyOrAPurchase(t *testing.T) {
	t.Parallel()
	if _, err := purchase.NewSeals(bytes.Repeat([]byte("k"), 15)); !errors.Is(err, purchase.ErrSeal) {
		t.Errorf("a short key is taken: %v", err)
	}
	for name, f := range map[string]func() (string, error){
		"no key": func() (string, error) {
			return purchase.Seals{}.Seal(purchase.Reference{Purchase: sealedPurchase}, 127)
		},
		"no purchase": func() (string, error) {
			return seals(t, "0123456789abcdef").Seal(purchase.Reference{Purchase: "x"}, 127)
		},
		"no room": func() (string, error) {
			return seals(t, "0123456789abcdef").Seal(purchase.Reference{Purchase: sealedPurchase}, 50)
		},
	} {
		if text, err := f(); !errors.Is(err, purchase.ErrSeal) || text != "" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}
