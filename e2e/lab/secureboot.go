package lab

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// Signer signs boot programs, as an operator with keys of his own does.
type Signer struct{ dir, key, cert string } // PEM files in dir

// trusted is the signer's certificate as firmware takes it.
func (s *Signer) trusted() ([]byte, error) {
	text, err := os.ReadFile(s.cert)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	return block.Bytes, nil
}

// NewSigner makes the keys of a signer in a folder.
func NewSigner(dir string) (*Signer, error) {
	s := &Signer{dir, filepath.Join(dir, "sign.key"), filepath.Join(dir, "sign.pem")}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return s, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "laboratory"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return s, err
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := os.WriteFile(s.key, private, 0o600); err != nil {
		return s, err
	}
	return s, os.WriteFile(s.cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o600)
}

// Dir makes a directory of signed boot programs as the appliance takes it: those of
// unsigned, by their name there, signed by s, and those of signed as they are. The values
// are files.
func (s *Signer) Dir(ctx context.Context, unsigned, signed map[string]string) (string, error) {
	dir := filepath.Join(s.dir, "secure")
	for _, sub := range []string{"x86_64-sb", "arm64-sb"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return "", err
		}
	}
	for name, from := range unsigned {
		out, err := exec.CommandContext(ctx, "sbsign", "--key", s.key, "--cert", s.cert, "--output", filepath.Join(dir, name),
			from).CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("sbsign (package sbsigntool): %w: %s", err, out)
		}
	}
	for name, from := range signed {
		if out, err := exec.CommandContext(ctx, "cp", from, filepath.Join(dir, name)).CombinedOutput(); err != nil {
			return "", fmt.Errorf("packages shim-signed, grub-efi-amd64-signed: %w: %s", err, out)
		}
	}
	return dir, exec.CommandContext(ctx, "sh", "-c", `cd "$0" && sha256sum */*.efi >SHA256SUMS`, dir).Run()
}

// GUIDs of the variable with the trusted certificates and of their type (UEFI
// specification, sections 32.6.1 and 32.4.1).
var (
	securityGUID = guid("cbb219d73a3d9645a3bcdad00e67656f")
	x509GUID     = guid("a159c0a5e494a74a87b5ab155c2bf072")
)

// trust adds a certificate to those that the firmware with this variable store trusts.
func trust(store, cert []byte) error {
	old := variableNamed(store, "db")
	if old == nil {
		return fmt.Errorf("the store has no variable db")
	}
	list := slices.Concat(x509GUID, make([]byte, 12), securityGUID, cert)
	binary.LittleEndian.PutUint32(list[16:], uint32(len(list)))
	binary.LittleEndian.PutUint32(list[24:], uint32(16+len(cert)))
	record := variable("db", securityGUID, slices.Concat(old.data, list))
	binary.LittleEndian.PutUint32(record[4:], 0x27) // non-volatile, of boot and runtime, authenticated by time
	copy(record[16:32], old.header[16:32])          // when it was last written
	old.header[2] = variableGone
	return appendVariable(store, record)
}
