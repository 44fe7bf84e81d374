package conductor

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"ironhook/baremetal"
	"ironhook/store"
)

// maxAgentLog is how much of an agent's log is kept, in bytes: the end of it. maxUnpacked
// bounds what is unpacked, for the archive comes from a machine that may be anybody's.
const (
	maxAgentLog = 128 << 10
	maxUnpacked = 4 << 20
)

// keepLog keeps the log that the agent has sent: a tar archive, compressed by gzip, in base64.
func keepLog(tx *store.Tx, node, after string, packed any) error {
	text, _ := packed.(string)
	if text == "" {
		return nil
	}
	log, err := unpackLog(text)
	if err != nil {
		log = fmt.Sprintf("(the agent's log could not be read: %v)\n", err) + log
	}
	l, err := tx.AgentLogs().Find(node)
	if err != nil {
		return err
	}
	if l == nil {
		return tx.AgentLogs().Insert(&baremetal.AgentLog{NodeUUID: node, After: after, Text: log})
	}
	l.After, l.Text = after, log
	return tx.AgentLogs().Update(l)
}

// unpackLog is the text of the files in an archive, each under its name.
func unpackLog(packed string) (string, error) {
	z, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(packed)))
	if err != nil {
		return "", err
	}
	var all bytes.Buffer
	archive := tar.NewReader(io.LimitReader(z, maxUnpacked))
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return printable(all.Bytes()), nil
		}
		if err == nil && h.Typeflag == tar.TypeReg {
			fmt.Fprintf(&all, "== %.100s\n", h.Name)
			// A sparse file is as long as its header says, and costs the archive nothing.
			_, err = io.Copy(&all, io.LimitReader(archive, int64(maxUnpacked-all.Len())))
		}
		if all.Len() >= maxUnpacked {
			return printable(all.Bytes()), nil
		}
		if err != nil {
			return printable(all.Bytes()), err
		}
	}
}

// printable is the end of a text as people may see it: without control characters.
func printable(b []byte) string {
	b = b[max(0, len(b)-maxAgentLog):]
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || !unicode.IsControl(r) && r != utf8.RuneError {
			return r
		}
		return -1
	}, string(b))
}
