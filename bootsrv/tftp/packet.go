package tftp

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
)

// The opcodes (RFC 1350 section 5, RFC 2347).
const (
	opRead   = 1
	opWrite  = 2
	opData   = 3
	opAck    = 4
	opError  = 5
	opOptAck = 6
)

// The error codes (RFC 1350, appendix).
const (
	codeNotFound  = 1
	codeForbidden = 2
	codeIllegal   = 4
)

// request is a read request: a name and options, by their names in lower case (RFC 2347:
// names are compared without case).
type request struct {
	name, mode string
	options    map[string]string
}

// parseRequest reads the words after the opcode. ok is false if the packet has no name and
// mode that end with a zero.
func parseRequest(b []byte) (r request, ok bool) {
	words := bytes.Split(b, []byte{0})
	if len(words) < 3 {
		return r, false
	}
	words = words[:len(words)-1] // after the last zero
	r = request{string(words[0]), strings.ToLower(string(words[1])), map[string]string{}}
	for i := 2; i < len(words); i += 2 {
		value := ""
		if i+1 < len(words) {
			value = string(words[i+1])
		}
		r.options[strings.ToLower(string(words[i]))] = value
	}
	return r, true
}

// The block sizes in bytes: of a transfer without options (RFC 1350), and what may be asked
// for (RFC 2348).
const (
	plainBlock = 512
	minBlock   = 8
	maxBlock   = 65464
)

// grant decides on the options: the block size, and the OACK, nil if no option is granted.
// largest is the block that fits into a frame.
func (r request) grant(size, largest int) (block int, optAck []byte) {
	block = plainBlock
	if n, err := strconv.Atoi(r.options["blksize"]); err == nil && n >= minBlock && n <= maxBlock && largest >= minBlock {
		block = min(n, largest)
		optAck = appendOption(optAck, "blksize", block)
	}
	if _, asked := r.options["tsize"]; asked {
		optAck = appendOption(optAck, "tsize", size) // RFC 2349
	}
	return block, optAck
}

func appendOption(b []byte, name string, value int) []byte {
	if b == nil {
		b = []byte{0, opOptAck}
	}
	b = append(append(b, name...), 0)
	return append(strconv.AppendInt(b, int64(value), 10), 0)
}

// dataPacket is block number n, counted from 1, of a file.
func dataPacket(content []byte, block, n int) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0, opData}, uint16(n))
	from := min((n-1)*block, len(content))
	return append(b, content[from:min(from+block, len(content))]...)
}

func errorPacket(code byte, text string) []byte {
	return append([]byte("\x00\x05\x00"+string(rune(code))+text), 0)
}
