package stick

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"aead.dev/minisign"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"
)

// An upgrade is a tar archive of two files, in this order: the signature that minisign makes
// of the second, and a slot, compressed by zstd. The trusted comment of the signature is
// "ironhook VERSION ARCHITECTURE".
const (
	signatureName = "slot.minisig"
	slotName      = "slot.zst"
)

// keysFile has the public keys that upgrades may be signed with, one a line; see docs/stick.md
// for how keys change.
const keysFile = "/etc/ironhook/upgrade-keys"

const (
	maxSignature = 4 << 10
	maxUpgrade   = 256 << 20
)

// errUpgrade is that a file is not an upgrade, is damaged, or is signed by someone else.
var errUpgrade = errors.New("this is no upgrade for this stick")

// readKeys reads public keys of minisign.
func readKeys(text []byte) (keys []minisign.PublicKey, err error) {
	for line := range bytes.Lines(text) {
		var k minisign.PublicKey
		if err := k.UnmarshalText(bytes.TrimSpace(line)); err != nil {
			return nil, fmt.Errorf("keys of upgrades: %w", err)
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// unpack reads an upgrade: the slot, still compressed, goes to spool. It returns the version
// once the signature has been verified.
func unpack(r io.Reader, spool io.Writer, keys []minisign.PublicKey) (version string, err error) {
	archive := tar.NewReader(r)
	signature, err := member(archive, signatureName, maxSignature)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(signature)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errUpgrade, err)
	}
	var s minisign.Signature
	if err := s.UnmarshalText(text); err != nil {
		return "", fmt.Errorf("%w: %w", errUpgrade, err)
	}
	slot, err := member(archive, slotName, maxUpgrade)
	if err != nil {
		return "", err
	}
	signed := minisign.NewReader(slot)
	if _, err := io.Copy(spool, signed); err != nil {
		return "", fmt.Errorf("take the upgrade: %w", err)
	}
	for _, k := range keys {
		if signed.Verify(k, text) {
			return versionIn(s.TrustedComment)
		}
	}
	return "", fmt.Errorf("%w: its signature is not by a key that this version knows, or it is damaged", errUpgrade)
}

// member is the next file of the archive, which must have this name.
func member(archive *tar.Reader, name string, most int64) (io.Reader, error) {
	h, err := archive.Next()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUpgrade, err)
	}
	if h.Name != name || h.Size > most {
		return nil, fmt.Errorf("%w: it has %q of %d bytes where %s should be", errUpgrade, h.Name, h.Size, name)
	}
	return archive, nil
}

// versionIn reads the trusted comment, which ends with the architecture of the stick.
func versionIn(comment string) (string, error) {
	words := strings.Fields(comment)
	if len(words) != 3 || words[0] != "ironhook" || words[2] != runtime.GOARCH {
		return "", fmt.Errorf("%w: it is %q, for another machine", errUpgrade, comment)
	}
	return words[1], nil
}

// install puts an upgrade into the slot that does not run, on trial from the next start. The
// slot keeps its old contents until the whole upgrade has been verified.
func (t *stick) install(r io.Reader) (version string, err error) {
	text, err := os.ReadFile(keysFile)
	if err != nil {
		return "", err
	}
	keys, err := readKeys(text)
	if err != nil {
		return "", err
	}
	spool, err := os.Create(filepath.Join(dataMount, "upgrade.new"))
	if err != nil {
		return "", fmt.Errorf("take the upgrade: %w", err)
	}
	defer os.Remove(spool.Name()) //nolint:errcheck // a later one writes over it
	defer spool.Close()           //nolint:errcheck // it is read only from here on
	if version, err = unpack(r, spool, keys); err != nil {
		return "", err
	}
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	slot := other(t.options["slot"])
	// A slot that is being written must not start: the state says so first.
	calm := state{Slot: t.options["slot"], Tries: "0"}
	t.do(func() {
		t.settings.Other = ""
		err = errors.Join(t.settings.write(settingsFile), calm.write(t.disk.partition(statePartition)))
	})
	if err != nil {
		return "", err
	}
	if err := writeSlot(spool, t.slotPartition(slot)); err != nil {
		return "", fmt.Errorf("write slot %s: %w", slot, err)
	}
	calm.Trial, calm.Tries = slot, "2"
	return version, calm.write(t.disk.partition(statePartition))
}

func (t *stick) slotPartition(slot string) string {
	if slot == "a" {
		return t.disk.partition(slotA)
	}
	return t.disk.partition(slotB)
}

// writeSlot unpacks a slot into its partition and compares what the disk has kept.
func writeSlot(from io.ReadSeeker, partition string) error {
	f, err := os.OpenFile(partition, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // synced, or it has failed
	z, err := zstd.NewReader(from)
	if err != nil {
		return err
	}
	defer z.Close()
	if _, err := io.Copy(f, z); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	err = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) // read the disk, and not what the kernel remembers
	if err == nil {
		_, err = from.Seek(0, io.SeekStart)
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err == nil {
		err = z.Reset(from)
	}
	if err != nil {
		return err
	}
	return compare(z, f)
}

var errUnequal = errors.New("the stick does not give back what was written to it: replace it")

// compare reads both as far as the first goes.
func compare(want, got io.Reader) error {
	a, b := make([]byte, 1<<20), make([]byte, 1<<20)
	for {
		n, err := io.ReadFull(want, a)
		if _, err := io.ReadFull(got, b[:n]); err != nil {
			return err
		}
		if !bytes.Equal(a[:n], b[:n]) {
			return errUnequal
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// proveWithin is how long a slot on trial may take until the appliance is healthy.
const proveWithin = 3 * time.Minute

// onTrial reports whether this slot has not proved itself yet.
func (t *stick) onTrial() bool {
	s, err := readState(t.disk.partition(statePartition))
	return err == nil && s.Trial != "" && s.Trial == t.options["slot"]
}

// guardTrial starts the machine again when a slot on trial is not healthy in time: the loader
// counts its starts.
func (t *stick) guardTrial() {
	if t.onTrial() {
		time.AfterFunc(proveWithin, func() {
			if t.onTrial() {
				t.act <- func() { t.end(restart) }
			}
		})
	}
}

// prove ends the trial of this slot once the appliance is healthy.
func (t *stick) prove(ctx context.Context, s *server) {
	path := t.disk.partition(statePartition)
	now, err := readState(path)
	slot := t.options["slot"]
	if err == nil && now.Trial == "" && now.Slot == slot {
		return
	}
	if now.Trial != "" && now.Trial != slot && t.options["failed"] == "" {
		return // an upgrade waits for the next start
	}
	for c := local(); healthy(ctx, c) != nil; {
		select {
		case <-s.done:
			return
		case <-time.After(time.Second):
		}
	}
	if err := (state{Slot: slot, Tries: "0"}).write(path); err != nil {
		t.trouble(err)
		return
	}
	t.console.log("slot " + slot + " has proved itself")
}
