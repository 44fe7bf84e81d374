package pool

import (
	"crypto/rand"
	"encoding/base64"
)

// IQNPrefix is the prefix of every name that we make (RFC 7143 section 4.2.7.4).
const IQNPrefix = "iqn.2026-11.local.ironhook:"

// secretAlphabet has 64 characters, none of which is special to the iPXE shell, on a kernel
// command line or in a URI.
var secretAlphabet = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._").WithPadding(base64.NoPadding)

// NewSecret makes a CHAP secret of 96 random bits, the least that RFC 7143 section
// 9.2.1 allows, in 16 characters, the most that Windows takes.
func NewSecret() string {
	b := make([]byte, 12)
	rand.Read(b)
	return secretAlphabet.EncodeToString(b)
}
