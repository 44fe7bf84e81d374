package rmcp

import "errors"

// Addresses and network functions of an IPMI message (table 13-8, table 5-1).
const (
	bmcAddress     = 0x20
	consoleAddress = 0x81 // the first of the remote console software IDs

	NetFnChassis = 0x00
	netFnApp     = 0x06
)

var errMalformed = errors.New("malformed packet")

// appendRequest appends an IPMI request message to b.
func appendRequest(b []byte, netFn, cmd, seq byte, data []byte) []byte {
	head := []byte{bmcAddress, netFn << 2}
	body := append([]byte{consoleAddress, seq << 2, cmd}, data...)
	b = append(b, head...)
	b = append(b, checksum(head))
	b = append(b, body...)
	return append(b, checksum(body))
}

// reply is an IPMI response message.
type reply struct {
	netFn, cmd, seq byte
	code            byte // completion code, 0 is success
	data            []byte
}

// parseReply reads a response message and checks both of its checksums.
func parseReply(b []byte) (reply, error) {
	if len(b) < 8 || checksum(b[:3]) != 0 || checksum(b[3:]) != 0 {
		return reply{}, errMalformed
	}
	return reply{netFn: b[1] >> 2, seq: b[4] >> 2, cmd: b[5], code: b[6], data: b[7 : len(b)-1]}, nil
}

// checksum returns the byte that, appended to b, makes the sum of all bytes zero.
func checksum(b []byte) (sum byte) {
	for _, c := range b {
		sum -= c
	}
	return sum
}
