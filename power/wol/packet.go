package wol

import (
	"bytes"
	"encoding/hex"
	"errors"
	"net"
	"net/netip"
	"strings"
)

const (
	syncBytes = 6  // of ff, before the addresses
	repeats   = 16 // of the address
)

// packet is a magic packet: six bytes of ff, the address 16 times, the password if there
// is one. (AMD, Magic Packet Technology, publication 20213; the password is SecureOn's.)
func packet(mac net.HardwareAddr, password []byte) []byte {
	b := bytes.Repeat([]byte{0xff}, syncBytes)
	b = append(b, bytes.Repeat(mac, repeats)...)
	return append(b, password...)
}

var errPassword = errors.New("want six bytes as in 00:11:22:33:44:55, or four as in 192.0.2.1")

// parsePassword reads a SecureOn password, in the forms of ethtool and ether-wake. The
// error does not tell it.
func parsePassword(s string) ([]byte, error) {
	if s == "" {
		return nil, nil
	}
	if a, err := netip.ParseAddr(s); err == nil && a.Is4() {
		return a.AsSlice(), nil
	}
	b, err := hex.DecodeString(strings.NewReplacer(":", "", "-", "").Replace(s))
	if err != nil || len(b) != 6 {
		return nil, errPassword
	}
	return b, nil
}
