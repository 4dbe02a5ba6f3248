package providersim

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"hash/crc32"
	"math/big"
	"net/http"
	"path"
	"sync"
	"time"
)

// pki is PayPal's signing side: a root, an intermediate, and leaves that rotate.
type pki struct {
	live         bool
	seed         uint64 // of the names of certificates
	root, middle *x509.Certificate
	middleKey    *rsa.PrivateKey

	mu     sync.Mutex
	leaves map[string][]byte // PEM by certificate id
	id     string            // of the leaf in use
	key    *rsa.PrivateKey
	from   time.Time
}

const pkiYears = 12 * 365 * 24 * time.Hour

// keys are those of every simulator of this process: making them takes far longer than all else a simulator does.
var keys keyring

// Whose keys they are.
const (
	keyOfRoot = iota
	keyOfMiddle
	keyOfForger
	keyOfLeaf // of the first; the next leaf has the next one
)

// A keyring makes each key when it is first wanted.
type keyring struct {
	mu   sync.Mutex
	made map[int]*rsa.PrivateKey
}

func (k *keyring) of(whose int) *rsa.PrivateKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.made == nil {
		k.made = map[int]*rsa.PrivateKey{}
	}
	if k.made[whose] == nil {
		k.made[whose] = mustKey()
	}
	return k.made[whose]
}

func newPKI(live bool, seed uint64, now time.Time) *pki {
	p := &pki{live: live, seed: seed, leaves: map[string][]byte{}, from: now}
	rootKey := keys.of(keyOfRoot)
	p.middleKey = keys.of(keyOfMiddle)
	p.root = issue(authority("Simulated EV Root CA", now), nil, &rootKey.PublicKey, rootKey)
	p.middle = issue(authority("Simulated EV Server CA", now), p.root, &p.middleKey.PublicKey, rootKey)
	p.rotate()
	return p
}

func mustKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(fmt.Sprintf("providersim: make a key: %v", err))
	}
	return key
}

func authority(name string, now time.Time) *x509.Certificate {
	return &x509.Certificate{SerialNumber: serialNumber(), Subject: pkix.Name{CommonName: name, Organization: []string{"Simulated"}},
		NotBefore: now.Add(-pkiYears), NotAfter: now.Add(pkiYears), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
}

func serialNumber() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		panic(fmt.Sprintf("providersim: draw a serial number: %v", err))
	}
	return n
}

func issue(template, parent *x509.Certificate, public *rsa.PublicKey, signer *rsa.PrivateKey) *x509.Certificate {
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		panic(fmt.Sprintf("providersim: sign a certificate: %v", err))
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(fmt.Sprintf("providersim: read a certificate back: %v", err))
	}
	return cert
}

// rotate puts a new leaf in use; the old ones stay downloadable.
func (p *pki) rotate() {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := keys.of(keyOfLeaf + len(p.leaves))
	host := "messageverificationcerts.sandbox.paypal.com"
	if p.live {
		host = "messageverificationcerts.paypal.com"
	}
	leaf := issue(&x509.Certificate{SerialNumber: serialNumber(), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: p.from.Add(-pkiYears / 2), NotAfter: p.from.Add(pkiYears / 2), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}, p.middle, &key.PublicKey, p.middleKey)
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %d", p.seed, len(p.leaves)))
	p.id, p.key = fmt.Sprintf("CERT-%x-%x-%x", sum[:4], sum[4:8], sum[8:12]), key
	p.leaves[p.id] = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw})
}

func (p *pki) bundle() []byte {
	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.middle.Raw})
	return append(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.root.Raw})...)
}

func (p *pki) leaf(id string) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.leaves[id]
}

// sign signs what PayPal signs: transmission, time, webhook and the CRC-32 of the body.
func (p *pki) sign(transmission, at, webhook string, body []byte) (certificate, signature string) {
	p.mu.Lock()
	id, key := p.id, p.key
	p.mu.Unlock()
	return id, signWith(key, transmission, at, webhook, body)
}

func signWith(key *rsa.PrivateKey, transmission, at, webhook string, body []byte) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%s|%d", transmission, at, webhook, crc32.ChecksumIEEE(body)))
	raw, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(fmt.Sprintf("providersim: sign: %v", err))
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// RotateCertificate signs with a new certificate from now on.
func (p *PayPal) RotateCertificate() { p.pki.rotate() }

// Sign makes the headers of a genuine transmission of the body to the webhook, sent at that time.
func (p *PayPal) Sign(webhook string, body []byte, at time.Time) http.Header {
	p.mu.Lock()
	transmission := p.uuid()
	p.mu.Unlock()
	return p.signed(transmission, webhook, body, at)
}

func (p *PayPal) signed(transmission, webhook string, body []byte, at time.Time) http.Header {
	stamp := at.UTC().Format(time.RFC3339)
	certificate, signature := p.pki.sign(transmission, stamp, webhook, body)
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "PayPal/AUHR-simulated")
	h.Set("PAYPAL-TRANSMISSION-ID", transmission)
	h.Set("PAYPAL-TRANSMISSION-TIME", stamp)
	h.Set("PAYPAL-TRANSMISSION-SIG", signature)
	h.Set("PAYPAL-CERT-URL", p.ownOrigin()+"/v1/notifications/certs/"+certificate)
	h.Set("PAYPAL-AUTH-ALGO", "SHA256withRSA")
	h.Set("PAYPAL-AUTH-VERSION", "v2")
	return h
}

// serveCertificate serves the leaf only, as PayPal does.
func (p *PayPal) serveCertificate(w http.ResponseWriter, r *http.Request) {
	leaf := p.pki.leaf(r.PathValue("id"))
	if leaf == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/x-x509-ca-cert")
	w.Write(leaf)
}

// verify checks a signature of ours, whichever leaf it was made with.
func (p *pki) verify(certURL, transmission, at, webhook, signature string, body []byte) bool {
	raw := p.leaf(path.Base(certURL))
	block, _ := pem.Decode(raw)
	if block == nil {
		return false
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return false
	}
	sig, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%s|%d", transmission, at, webhook, crc32.ChecksumIEEE(body)))
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	return ok && rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], sig) == nil
}
