package rmcp

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"hash"
)

// suite is a cipher suite (table 22-20). Suites without encryption or with MD5 or
// RC4 are not supported: they are not safe enough for a power switch.
type suite struct {
	id                    byte
	auth, integrity, conf byte // algorithm numbers (tables 13-17 to 13-19)
	hash                  func() hash.Hash
	code                  int // bytes of the hash in RAKP message 4 and in session trailers
}

// suites in the order of preference.
var suites = []suite{
	{id: 17, auth: 3, integrity: 4, conf: 1, hash: sha256.New, code: 16},
	{id: 3, auth: 1, integrity: 1, conf: 1, hash: sha1.New, code: 12},
}

// Suites lists the cipher suites that Dial can speak, the best first.
func Suites() []byte {
	var ids []byte
	for _, s := range suites {
		ids = append(ids, s.id)
	}
	return ids
}

func suiteOf(id byte) (suite, bool) {
	for _, s := range suites {
		if s.id == id {
			return s, true
		}
	}
	return suite{}, false
}

func (s suite) hmac(key []byte, parts ...[]byte) []byte {
	h := hmac.New(s.hash, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// derive makes K1 or K2 of the session integrity key (section 13.32).
func (s suite) derive(sik []byte, constant byte) []byte {
	return s.hmac(sik, bytes.Repeat([]byte{constant}, 20))
}
