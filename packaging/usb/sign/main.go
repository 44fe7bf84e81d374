// Sign makes upgrades of the stick: the archive that package stick unpacks.
//
//	sign public KEY                            print the public key; a KEY that is absent is made
//	sign upgrade KEY SLOT VERSION ARCH OUT     write OUT, of the compressed slot
//
// The key is one of minisign without a password. The same key and slot give the same bytes.
package main

import (
	"archive/tar"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"aead.dev/minisign"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "sign:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "public":
		key, err := openKey(args[1])
		if err == nil {
			_, err = fmt.Println(key.Public().(minisign.PublicKey))
		}
		return err
	case len(args) == 6 && args[0] == "upgrade":
		key, err := openKey(args[1])
		if err != nil {
			return err
		}
		return write(key, args[2], "ironhook "+args[3]+" "+args[4], args[5])
	}
	return errors.New("want: public KEY, or upgrade KEY SLOT VERSION ARCH OUT")
}

// openKey reads a private key, and makes it if there is none.
func openKey(path string) (key minisign.PrivateKey, err error) {
	text, err := os.ReadFile(path)
	if err == nil {
		return key, key.UnmarshalText(text)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if _, key, err = minisign.GenerateKey(rand.Reader); err != nil {
		return key, err
	}
	if text, err = key.MarshalText(); err != nil {
		return key, err
	}
	return key, os.WriteFile(path, append(text, '\n'), 0o600)
}

// write writes the archive: the signature, then the slot.
func write(key minisign.PrivateKey, slot, comment, path string) error {
	in, err := os.Open(slot)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // only read
	signed := minisign.NewReader(in)
	size, err := io.Copy(io.Discard, signed)
	if err != nil {
		return err
	}
	signature := signed.SignWithComments(key, comment, "an upgrade of Ironhook's stick")
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return err
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(out)
	err = errors.Join(
		archive.WriteHeader(&tar.Header{Name: "slot.minisig", Mode: 0o644, Size: int64(len(signature))}), only(archive.Write(signature)),
		archive.WriteHeader(&tar.Header{Name: "slot.zst", Mode: 0o644, Size: size}), only64(io.Copy(archive, in)),
		archive.Close(), out.Close())
	return err
}

func only(_ int, err error) error     { return err }
func only64(_ int64, err error) error { return err }
