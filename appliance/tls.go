package appliance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// secure wraps the API's listener in TLS where the configuration asks for it, and
// returns the URL to use, and the certificate, nil for plain HTTP.
func secure(l net.Listener, c Config, log *slog.Logger) (net.Listener, string, *tls.Config, error) {
	t, err := tlsConfig(c)
	if err != nil || t == nil {
		return l, "http://" + l.Addr().String(), nil, err
	}
	log.Info("HTTPS", "certificate SHA-256", fingerprint(t))
	return tls.NewListener(l, t), "https://" + l.Addr().String(), t, nil
}

// tlsConfig is what the API's listener needs for HTTPS, nil for plain HTTP.
func tlsConfig(c Config) (*tls.Config, error) {
	cert, key := c.TLSCert, c.TLSKey
	switch cert {
	case "":
		return nil, nil
	case SelfSigned:
		cert, key = filepath.Join(c.Data, "tls.crt"), filepath.Join(c.Data, "tls.key")
		if err := makeCertificate(cert, key); err != nil {
			return nil, fmt.Errorf("make a certificate: %w", err)
		}
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, &Fault{Setting: TLS, Err: &KeyPairError{cert, key, err}}
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}, nil
}

// fingerprint is the SHA-256 of the certificate, as browsers show it.
func fingerprint(c *tls.Config) string {
	return fmt.Sprintf("%X", sha256.Sum256(c.Certificates[0].Certificate[0]))
}

// certificateLife is how long a certificate of ours is valid.
const certificateLife = 10 * 365 * 24 * time.Hour

// makeCertificate writes a self-signed certificate for this machine and its key,
// unless they are there. The key goes first: a certificate is never without one.
func makeCertificate(certFile, keyFile string) error {
	if _, err := os.Stat(certFile); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template, err := certificateFor(time.Now())
	if err != nil {
		return err
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := writeDurably(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})); err != nil {
		return err
	}
	return writeDurably(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}))
}

// certificateFor lists every name and address that a client may use for this machine.
func certificateFor(now time.Time) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	c := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "Ironhook on " + host},
		DNSNames:     []string{host, "localhost"},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true,
	}
	addrs, err := net.InterfaceAddrs()
	for _, a := range addrs {
		if ip, ok := a.(*net.IPNet); ok {
			c.IPAddresses = append(c.IPAddresses, ip.IP)
		}
	}
	return c, err
}
