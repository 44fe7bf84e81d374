package iscsi

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
)

// Pair is one key=value of a login or text PDU (RFC 7143 §6.1).
type Pair struct{ Key, Value string }

const (
	maxKeyLen = 63
	maxPairs  = 64 // RFC 7143 knows about 35 keys
)

// Answers that any key may have (RFC 7143 §6.2).
const (
	notUnderstood = "NotUnderstood"
	reject        = "Reject"
	irrelevant    = "Irrelevant"
)

// ParseText splits the data of a login or text request into its pairs, in order. Each pair
// ends in a NUL; a missing last NUL is accepted, since some initiators do not count it.
func ParseText(b []byte) ([]Pair, error) {
	var pairs []Pair
	for len(b) > 0 {
		item, rest, _ := bytes.Cut(b, []byte{0})
		b = rest
		if len(item) == 0 {
			continue // padding that was counted as text
		}
		key, value, ok := strings.Cut(string(item), "=")
		if !ok || key == "" || len(key) > maxKeyLen {
			return nil, protocolError("text item %q is not key=value", truncate(item, 80))
		}
		if len(pairs) == maxPairs {
			return nil, protocolError("more than %d keys in one request", maxPairs)
		}
		pairs = append(pairs, Pair{key, value})
	}
	return pairs, nil
}

// AppendText appends pairs as they stand in a data segment.
func AppendText(b []byte, pairs ...Pair) []byte {
	for _, p := range pairs {
		b = append(append(append(append(b, p.Key...), '='), p.Value...), 0)
	}
	return b
}

func truncate(b []byte, n int) []byte { return b[:min(n, len(b))] }

// parseNumber reads a decimal or hexadecimal constant.
func parseNumber(s string) (int, bool) {
	base := 10
	if h, ok := cutPrefixFold(s, "0x"); ok {
		s, base = h, 16
	}
	n, err := strconv.ParseUint(s, base, 32)
	return int(n), err == nil
}

// parseBinary reads a large binary value: 0x and hexadecimal digits, or 0b and base64.
func parseBinary(s string) ([]byte, bool) {
	if h, ok := cutPrefixFold(s, "0x"); ok {
		if len(h)%2 == 1 {
			h = "0" + h
		}
		b, err := hex.DecodeString(h)
		return b, err == nil
	}
	if e, ok := cutPrefixFold(s, "0b"); ok {
		b, err := base64.StdEncoding.DecodeString(e)
		return b, err == nil
	}
	return nil, false
}

// formatBinary writes a large binary value in hexadecimal, the only form that iPXE
// reads.
func formatBinary(b []byte) string { return "0x" + hex.EncodeToString(b) }

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
