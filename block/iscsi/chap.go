package iscsi

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/subtle"
	"errors"
	"fmt"
	"hash"
	"io"

	"ironhook/block"
)

// An algorithm is one of CHAP's hash functions by its registered number (RFC 1994, RFC
// 7143 §12.1.3).
type algorithm struct {
	number string
	hash   func() hash.Hash
}

// algorithms are those that we support. iPXE knows only MD5; the others are for initiators that
// offer better. SHA-1 (6) is left out: an initiator that can do better than MD5 can do better
// than SHA-1.
var algorithms = map[string]algorithm{
	"5": {"5", md5.New},
	"7": {"7", sha256.New},
	"8": {"8", func() hash.Hash { return sha3.New256() }},
}

// response computes a CHAP response: the hash of identifier, secret and challenge (RFC
// 1994 §4.1).
func (a algorithm) response(id byte, secret string, challenge []byte) []byte {
	h := a.hash()
	h.Write([]byte{id})
	io.WriteString(h, secret)
	h.Write(challenge)
	return h.Sum(nil)
}

// chap is our side of one CHAP exchange (RFC 7143 §12.1.3): we challenge, the initiator
// responds and may challenge us in turn.
type chap struct {
	algorithm algorithm
	id        byte
	challenge []byte
}

// maxChallenge bounds a binary value in bytes (RFC 7143 §12.1.3).
const maxChallenge = 1024

var errCHAP = errors.New("CHAP")

// newCHAP makes a challenge for the first algorithm of the offer that we support.
func newCHAP(offer string, random io.Reader) (*chap, error) {
	number := firstSupported(offer, []string{"5", "7", "8"})
	if number == "" {
		return nil, fmt.Errorf("%w: no algorithm of %.40q is supported", errCHAP, offer)
	}
	a := algorithms[number]
	b := make([]byte, 1+a.hash().Size())
	if _, err := io.ReadFull(random, b); err != nil {
		return nil, fmt.Errorf("make CHAP challenge: %w", err)
	}
	return &chap{algorithm: a, id: b[0], challenge: b[1:]}, nil
}

// offer returns the keys that carry our challenge.
func (c *chap) offer() []Pair {
	return []Pair{{"CHAP_A", c.algorithm.number}, {"CHAP_I", fmt.Sprint(c.id)}, {"CHAP_C", formatBinary(c.challenge)}}
}

// verify checks an initiator's name and response against the grant. Its errors contain no
// secret.
func (c *chap) verify(g *block.Grant, name, response string) error {
	got, ok := parseBinary(response)
	if !ok || len(got) > maxChallenge {
		return fmt.Errorf("%w: malformed response", errCHAP)
	}
	want := c.algorithm.response(c.id, g.Secret, c.challenge)
	right := subtle.ConstantTimeCompare(got, want)
	if right&subtle.ConstantTimeCompare([]byte(name), []byte(g.User)) != 1 {
		return fmt.Errorf("%w: wrong name or secret for user %.64q", errCHAP, name)
	}
	return nil
}

// prove answers an initiator's challenge with our own name and secret, to authenticate the
// target.
func (c *chap) prove(g *block.Grant, id, challenge string) ([]Pair, error) {
	n, ok := parseNumber(id)
	b, ok2 := parseBinary(challenge)
	if !ok || !ok2 || n > 255 || len(b) == 0 || len(b) > maxChallenge {
		return nil, fmt.Errorf("%w: malformed challenge", errCHAP)
	}
	if bytes.Equal(b, c.challenge) {
		return nil, fmt.Errorf("%w: our own challenge came back", errCHAP) // RFC 7143 §9.2.1: reflection attack
	}
	if g.MutualUser == "" {
		return nil, fmt.Errorf("%w: the initiator wants us to prove who we are, and there is no secret for that", errCHAP)
	}
	r := c.algorithm.response(byte(n), g.MutualSecret, b)
	return []Pair{{"CHAP_N", g.MutualUser}, {"CHAP_R", formatBinary(r)}}, nil
}
