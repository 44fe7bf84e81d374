package iscsi

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// Digests says which segments of a connection's PDUs carry a CRC32C (RFC 7143 §13.1).
type Digests struct{ Header, Data bool }

// castagnoli is CRC32C's polynomial; the standard library uses the processor's instruction
// for it.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// headerRest returns how many bytes follow the 48 of h up to its data: AHS and header
// digest.
func (d Digests) headerRest(h Header) int {
	n := h.AHSLen()
	if d.Header {
		n += 4
	}
	return n
}

// dataRest returns how many bytes follow the n of a data segment: padding and, where
// there is data, its digest.
func (d Digests) dataRest(n int) int {
	rest := padding(n)
	if d.Data && n > 0 {
		rest += 4
	}
	return rest
}

// checkDigest compares the CRC32C of the bytes of segs with the one that stands,
// little-endian, at the start of digest.
func checkDigest(what string, digest []byte, segs ...[]byte) error {
	var sum uint32
	for _, s := range segs {
		sum = crc32.Update(sum, castagnoli, s)
	}
	if got := binary.LittleEndian.Uint32(digest); got != sum {
		return protocolError("%s digest %08x, want %08x", what, got, sum)
	}
	return nil
}

// appendDigest appends the CRC32C of the bytes of segs.
func appendDigest(b []byte, segs ...[]byte) []byte {
	var sum uint32
	for _, s := range segs {
		sum = crc32.Update(sum, castagnoli, s)
	}
	return binary.LittleEndian.AppendUint32(b, sum)
}

// maxAHS bounds the additional header segments in bytes: an extended CDB and a
// bidirectional length fit with ease.
const maxAHS = 256

// checkLengths refuses a header whose segments are longer than we allow. It is called
// before anything is allocated for them.
func checkLengths(h Header, maxData int) error {
	if n := h.AHSLen(); n > maxAHS {
		return protocolError("additional headers of %d bytes, at most %d allowed", n, maxAHS)
	}
	if n := h.DataLen(); n > maxData {
		return &ProtocolError{fmt.Sprintf("data segment of %d bytes, at most %d allowed", n, maxData), true}
	}
	return nil
}

// ReadPDU reads one PDU with at most maxData bytes of data into new memory. It is for
// logins and for test initiators; a session's PDUs are cut from a shared buffer. A clean
// end of the stream before the first byte is io.EOF.
func ReadPDU(r io.Reader, d Digests, maxData int) (PDU, error) {
	h := make(Header, HeaderLen)
	if _, err := io.ReadFull(r, h); err != nil {
		return PDU{}, err
	}
	if err := checkLengths(h, maxData); err != nil {
		return PDU{}, err
	}
	ahs, data := h.AHSLen(), h.DataLen()
	rest := make([]byte, d.headerRest(h)+data+d.dataRest(data))
	if _, err := io.ReadFull(r, rest); err != nil {
		return PDU{}, fmt.Errorf("read rest of PDU: %w", err)
	}
	p := PDU{Header: h, AHS: rest[:ahs]}
	if d.Header {
		if err := checkDigest("header", rest[ahs:], h, p.AHS); err != nil {
			return PDU{}, err
		}
	}
	rest = rest[d.headerRest(h):]
	p.Data = rest[:data]
	if d.Data && data > 0 {
		end := data + padding(data)
		if err := checkDigest("data", rest[end:], rest[:end]); err != nil {
			return PDU{}, err
		}
	}
	return p, nil
}

// AppendPDU appends p as it stands on the wire: lengths filled in, padded, with the
// digests asked for.
func AppendPDU(b []byte, p PDU, d Digests) []byte {
	start := len(b)
	b = append(b, p.Header[:HeaderLen]...)
	h := Header(b[start:])
	h[4] = byte(len(p.AHS) / 4)
	h.setDataLen(len(p.Data))
	b = append(b, p.AHS...)
	if d.Header {
		b = appendDigest(b, b[start:])
	}
	data := len(b)
	b = append(b, p.Data...)
	b = append(b, make([]byte, padding(len(p.Data)))...)
	if d.Data && len(p.Data) > 0 {
		b = appendDigest(b, b[data:])
	}
	return b
}
