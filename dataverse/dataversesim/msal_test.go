package dataversesim_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

func newServer(t *testing.T, sim *dataversesim.Sim) *httptest.Server {
	t.Helper()
	server := httptest.NewTLSServer(sim.Handler())
	t.Cleanup(server.Close)
	return server
}

// signIn signs in as a real client does: Microsoft's library, over HTTPS.
func signIn(t *testing.T, server *httptest.Server, sim *dataversesim.Sim, cred confidential.Credential) (confidential.AuthResult, error) {
	t.Helper()
	c := sim.Config()
	client, err := confidential.New(server.URL+"/"+c.TenantID, c.ClientID, cred, confidential.WithHTTPClient(server.Client()), confidential.WithInstanceDiscovery(false))
	if err != nil {
		t.Fatal(err)
	}
	return client.AcquireTokenByCredential(context.Background(), []string{server.URL + "/.default"})
}

func TestMicrosoftsOwnLibrarySignsInWithASecret(t *testing.T) {
	t.Parallel()
	sim := dataversesim.New(dataversesim.Config{})
	server := newServer(t, sim)
	cred, err := confidential.NewCredFromSecret(sim.Config().ClientSecret)
	if err != nil {
		t.Fatal(err)
	}
	got, err := signIn(t, server, sim, cred)
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(got.ExpiresOn); left < 58*time.Minute || left > time.Hour {
		t.Errorf("the token lasts %v", left)
	}
	w := &world{t: t, sim: sim, server: server, token: got.AccessToken}
	if who := w.get("WhoAmI"); who.status != 200 || who.json()["OrganizationId"] != sim.Config().OrganizationID {
		t.Errorf("%d %s", who.status, who.body)
	}
}

func TestMicrosoftsOwnLibraryUnderstandsARefusal(t *testing.T) {
	t.Parallel()
	sim := dataversesim.New(dataversesim.Config{})
	server := newServer(t, sim)
	cred, err := confidential.NewCredFromSecret("guess")
	if err != nil {
		t.Fatal(err)
	}
	_, err = signIn(t, server, sim, cred)
	var refused msalerrors.CallErr
	if !errors.As(err, &refused) || refused.Resp.StatusCode != 401 || !strings.Contains(err.Error(), "AADSTS7000215") {
		t.Errorf("%v", err)
	}
}

func newRSA(t *testing.T) (*x509.Certificate, *rsa.PrivateKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "app"}, NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func TestMicrosoftsOwnLibrarySignsInWithTheRegisteredCertificateOnly(t *testing.T) {
	t.Parallel()
	registered, key := newRSA(t)
	stranger, strangersKey := newRSA(t)
	sim := dataversesim.New(dataversesim.Config{ClientCertificate: registered})
	server := newServer(t, sim)
	for name, c := range map[string]struct {
		cert *x509.Certificate
		key  crypto.PrivateKey
		good bool
	}{
		"registered":              {registered, key, true},
		"stranger":                {stranger, strangersKey, false},
		"registered, foreign key": {registered, strangersKey, false},
	} {
		cred, err := confidential.NewCredFromCert([]*x509.Certificate{c.cert}, c.key)
		if err != nil {
			if c.good {
				t.Errorf("%s: %v", name, err)
			}
			continue // the library itself refuses a key that does not fit
		}
		if _, err = signIn(t, server, sim, cred); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMicrosoftsOwnLibrarySignsInWithTheConfiguredFederatedAssertionOnly(t *testing.T) {
	t.Parallel()
	const assertion = "projected.service.account-token"
	sim := dataversesim.New(dataversesim.Config{FederatedAssertion: assertion})
	server := newServer(t, sim)
	for given, good := range map[string]bool{assertion: true, "another.federated.token": false} {
		cred := confidential.NewCredFromAssertionCallback(func(context.Context, confidential.AssertionRequestOptions) (string, error) { return given, nil })
		if _, err := signIn(t, server, sim, cred); (err == nil) != good {
			t.Errorf("%s: %v", given, err)
		}
	}
}
