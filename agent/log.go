package agent

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// packedLog is the log of the agent and that of the kernel, as Ironic's agent sends them: a
// tar archive, compressed by gzip, in base64.
func (a *agent) packedLog() (string, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	t := tar.NewWriter(z)
	for _, f := range []struct {
		name string
		body []byte
	}{{"agent", a.log()}, {"dmesg", kernelLog()}} {
		err := t.WriteHeader(&tar.Header{Name: f.name, Mode: 0o600, Size: int64(len(f.body)), ModTime: time.Now()})
		if err == nil {
			_, err = t.Write(f.body)
		}
		if err != nil {
			return "", err
		}
	}
	if err := errors.Join(t.Close(), z.Close()); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// kernelLog is what the kernel has said, as far as it keeps it.
func kernelLog() []byte {
	f, err := os.OpenFile("/dev/kmsg", os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	defer f.Close() //nolint:errcheck // only read
	var all bytes.Buffer
	record := make([]byte, 8192)
	for all.Len() < maxLog {
		n, err := unix.Read(int(f.Fd()), record)
		if errors.Is(err, unix.EPIPE) {
			continue // it was overwritten meanwhile
		}
		if err != nil || n <= 0 {
			break
		}
		if _, text, ok := bytes.Cut(record[:n], []byte(";")); ok {
			all.Write(text)
		}
	}
	return all.Bytes()
}
