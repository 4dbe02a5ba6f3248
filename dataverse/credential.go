package dataverse

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"

	"github.com/paybridge/paybridge/config/field"
)

// acquisition gets a token from Microsoft Entra, never from a cache, and says how long it is good for.
type acquisition func(ctx context.Context) (token string, life time.Duration, err error)

// signIn is the acquisition that the settings ask for. The library's client is made anew each time: its cache would hand out the
// token that was just turned down, and a renewed secret is picked up this way.
func (c Config) signIn(client *http.Client) acquisition {
	if c.ManagedIdentity {
		return c.asManagedIdentity(client)
	}
	return func(ctx context.Context) (string, time.Duration, error) {
		credential, err := c.credential()
		if err != nil {
			return "", 0, err
		}
		app, err := confidential.New(c.authority(), c.ClientID, credential, confidential.WithHTTPClient(client),
			confidential.WithInstanceDiscovery(c.microsoftSignsIn()))
		if err != nil {
			return "", 0, err
		}
		result, err := app.AcquireTokenByCredential(ctx, []string{c.resource() + "/.default"})
		return result.AccessToken, time.Until(result.ExpiresOn), err
	}
}

// asManagedIdentity signs in as the machine. The library keeps these tokens for the whole process; asking with claims passes that
// by.
func (c Config) asManagedIdentity(client *http.Client) acquisition {
	return func(ctx context.Context) (string, time.Duration, error) {
		var id managedidentity.ID = managedidentity.SystemAssigned()
		if c.ClientID != "" {
			id = managedidentity.UserAssignedClientID(c.ClientID)
		}
		machine, err := managedidentity.New(id, managedidentity.WithHTTPClient(client), managedidentity.WithRetryPolicyDisabled())
		if err != nil {
			return "", 0, err
		}
		result, err := machine.AcquireToken(ctx, c.resource(), managedidentity.WithClaims("{}"))
		return result.AccessToken, time.Until(result.ExpiresOn), err
	}
}

func (c Config) credential() (confidential.Credential, error) {
	switch {
	case c.ClientSecret.IsSet():
		secret, err := c.ClientSecret.Reveal()
		if err != nil {
			return confidential.Credential{}, err
		}
		return confidential.NewCredFromSecret(secret)
	case c.ClientCertificate.IsSet():
		chain, key, err := c.certificate()
		if err != nil {
			return confidential.Credential{}, err
		}
		return confidential.NewCredFromCert(chain, key)
	}
	return confidential.NewCredFromAssertionCallback(func(context.Context, confidential.AssertionRequestOptions) (string, error) {
		return field.NewSecret("file:" + c.FederatedTokenFile).Reveal()
	}), nil
}

var errCertificate = fmt.Errorf("%w: not a usable certificate", field.ErrSecret)

// certificate reads the certificate, leaf first, and its key. Errors say nothing of the content.
func (c Config) certificate() ([]*x509.Certificate, crypto.PrivateKey, error) {
	pem, err := c.ClientCertificate.Reveal()
	if err != nil {
		return nil, nil, err
	}
	chain, key, err := confidential.CertFromPEM([]byte(pem), "")
	if err != nil {
		return nil, nil, fmt.Errorf("%w; %s must hold a certificate and its key as PEM, not encrypted", errCertificate, c.ClientCertificate)
	}
	if _, err := confidential.NewCredFromCert(chain, key); err != nil {
		return nil, nil, fmt.Errorf("%w; the key in %s must be an RSA key and belong to the certificate", errCertificate, c.ClientCertificate)
	}
	leaf := slices.IndexFunc(chain, func(cert *x509.Certificate) bool { return key.(*rsa.PrivateKey).PublicKey.Equal(cert.PublicKey) })
	chain[0], chain[leaf] = chain[leaf], chain[0]
	return chain, key, nil
}

func (c Config) authority() string {
	return strings.TrimRight(cmp.Or(c.Authority, defaultAuthority), "/") + "/" + c.TenantID
}

func (c Config) origin() string { return strings.TrimRight(c.URL, "/") }

// resource is what a token is asked for, without the slash at the end that Entra would take for another resource.
func (c Config) resource() string { return cmp.Or(strings.TrimRight(c.Resource, "/"), c.origin()) }

// microsoftSignsIn tells whether the authority is one that Microsoft vouches for.
func (c Config) microsoftSignsIn() bool {
	u, err := url.Parse(c.authority())
	return err == nil && slices.Contains(signInHosts, u.Hostname())
}
