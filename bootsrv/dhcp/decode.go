package dhcp

import (
	"bytes"
	"errors"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// The layout of a BOOTP message (RFC 951 section 3, RFC 2131 section 2).
const (
	snameAt   = 44
	fileAt    = 108
	cookieAt  = 236
	optionsAt = 240

	optPad      = 0
	optOverload = 52
	optEnd      = 255
)

var (
	cookie   = []byte{99, 130, 83, 99} // RFC 2131 section 3
	errShort = errors.New("shorter than a BOOTP message")
)

// decode reads a message as firmware sends it: the end of its options may be missing, and
// the last one cut off; options may continue in the fields for names; and a message of
// BOOTP has none.
func decode(b []byte) (*dhcpv4.DHCPv4, error) {
	if len(b) < cookieAt {
		return nil, errShort
	}
	head := append(bytes.Clone(b[:cookieAt]), cookie...)
	if len(b) < optionsAt || !bytes.Equal(b[cookieAt:optionsAt], cookie) {
		return dhcpv4.FromBytes(append(head, optEnd))
	}
	options, overload := whole(b[optionsAt:])
	for _, field := range []struct {
		bit      byte
		from, to int
	}{{1, fileAt, cookieAt}, {2, snameAt, fileAt}} { // in this order (RFC 2131 section 4.1)
		if overload&field.bit != 0 {
			more, _ := whole(b[field.from:field.to])
			options = append(options, more...)
			clear(head[field.from:field.to])
		}
	}
	return dhcpv4.FromBytes(append(append(head, options...), optEnd))
}

// whole returns the complete options at the start of b without their end, and the value of
// option 52 among them.
func whole(b []byte) (options []byte, overload byte) {
	for len(b) > 0 && b[0] != optEnd {
		if b[0] == optPad {
			b = b[1:]
			continue
		}
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			break
		}
		size := 2 + int(b[1])
		if b[0] == optOverload && size == 3 {
			overload = b[2]
		} else {
			options = append(options, b[:size]...)
		}
		b = b[size:]
	}
	return options, overload
}
