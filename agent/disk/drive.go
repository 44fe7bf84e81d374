package disk

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
)

// maxDrive is the limit of a config drive in bytes, as in Ironic.
const maxDrive = 64 << 20

// UnpackDrive reads a config drive out of base64 and gzip.
func UnpackDrive(text string) ([]byte, error) {
	packed, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	drive, err := io.ReadAll(io.LimitReader(z, maxDrive+1))
	if len(drive) > maxDrive {
		return nil, fmt.Errorf("it is larger than %d bytes", maxDrive)
	}
	return drive, err
}
