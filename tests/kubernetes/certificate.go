package main

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

// clientCertificate makes an authority and a certificate of a client of it, in the folder named by its first argument:
// ca.crt, client.crt, client.key. The client is the user and the group of the other two. The API server shows it to the
// kubelet, which takes nothing else from it.
func clientCertificate(args []string) int {
	if len(args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: client-certificate FOLDER USER GROUP")
		return 2
	}
	if err := makeClientCertificate(args[1], args[2], args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "no certificate:", err)
		return 1
	}
	return 0
}

func makeClientCertificate(folder, user, group string) error {
	authorityKey, _, err := newKey()
	if err != nil {
		return err
	}
	authority, err := cert.NewSelfSignedCACert(cert.Config{CommonName: "kubelet-clients"}, authorityKey)
	if err != nil {
		return err
	}
	key, pem, err := newKey()
	if err != nil {
		return err
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: user, Organization: []string{group}},
		NotBefore:    authority.NotBefore,
		NotAfter:     time.Now().Add(24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, authority, key.Public(), authorityKey)
	if err != nil {
		return err
	}
	client, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	certificates := map[string]*x509.Certificate{"ca.crt": authority, "client.crt": client}
	for name, certificate := range certificates {
		text, err := cert.EncodeCertificates(certificate)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(folder, "client.key"), pem, 0o600)
}

func newKey() (crypto.Signer, []byte, error) {
	pem, err := keyutil.MakeEllipticPrivateKeyPEM()
	if err != nil {
		return nil, nil, err
	}
	key, err := keyutil.ParsePrivateKeyPEM(pem)
	if err != nil {
		return nil, nil, err
	}
	return key.(crypto.Signer), pem, nil
}
