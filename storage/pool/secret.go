package pool

import (
	"crypto/rand"
	"encoding/base64"
)

// IQNPrefix begins every name that we give (RFC 7143 section 4.2.7.4).
const IQNPrefix = "iqn.2026-11.local.ironhook:"

// secretAlphabet has 64 letters, none of which means anything to the iPXE shell, to
// a kernel command line or to a URI.
var secretAlphabet = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._").WithPadding(base64.NoPadding)

// NewSecret makes a CHAP secret of 96 random bits, the least that RFC 7143 section
// 9.2.1 allows, in 16 characters, the most that Windows takes.
func NewSecret() string {
	b := make([]byte, 12)
	rand.Read(b)
	return secretAlphabet.EncodeToString(b)
}
