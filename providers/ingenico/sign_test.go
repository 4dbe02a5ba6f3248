package ingenico_test

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"hash"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// ogoneFile is the file of published SHA cases.
type ogoneFile struct {
	Names   []string `json:"sha_out_names"`
	Vectors []struct {
		Name       string            `json:"name"`
		Direction  string            `json:"direction"`
		Hash       string            `json:"hash"`
		Charset    string            `json:"charset"`
		Passphrase string            `json:"passphrase"`
		Params     map[string]string `json:"params"`
		Sign       string            `json:"shasign"`
		Valid      bool              `json:"valid"`
		Genuine    bool              `json:"genuine_platform_output"`
		Source     string            `json:"source"`
		Note       string            `json:"note"`
	} `json:"vectors"`
	Legacy struct {
		About   string            `json:"about"`
		Text    string            `json:"string"`
		Results map[string]string `json:"results"`
		Source  string            `json:"source"`
	} `json:"legacy_pre_2010"`
	NotVerifying []struct {
		Source, Published, Note string
	} `json:"not_verifying"`
	About string `json:"about"`
}

func readVectors(t testing.TB, name string, into any) {
	t.Helper()
	file, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	decoder := json.NewDecoder(file)
	decoder.DisallowUnknownFields() // a field that the test does not know fails
	if err := decoder.Decode(into); err != nil {
		t.Fatal(err)
	}
}

// signedNames is the published list.
var signedNames = sync.OnceValue(func() []string {
	var file ogoneFile
	raw, err := os.ReadFile("testdata/ogone-sha.json")
	if err != nil || json.Unmarshal(raw, &file) != nil {
		panic("the list of signed names cannot be read")
	}
	return file.Names
})

// signForm signs whatever form was made up, as the published rule says.
func signForm(d *purchase.Delivery, algorithm, passphrase string) {
	form, err := url.ParseQuery(textOf(*d))
	if err != nil {
		return
	}
	var lines []string
	for name, values := range form {
		name = strings.ToUpper(name)
		if slices.Contains(signedNames(), name) && values[0] != "" {
			lines = append(lines, name+"="+values[0]+passphrase)
		}
	}
	slices.Sort(lines)
	h := map[string]func() hash.Hash{"": sha512.New, "sha512": sha512.New, "sha256": sha256.New, "sha1": sha1.New}[algorithm]()
	h.Write([]byte(strings.Join(lines, "")))
	form.Set("SHASIGN", hex.EncodeToString(h.Sum(nil)))
	*d = withText(*d, form.Encode())
}
