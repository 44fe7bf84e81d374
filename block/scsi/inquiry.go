package scsi

import (
	"crypto/sha256"
	"fmt"
)

// relativePort numbers the one target port of a device.
const relativePort = 1

// inquiry is INQUIRY. It is served in any state of the unit, and reports a LUN without a
// unit as such.
func (t task) inquiry(c inquiryCDB) ([]byte, error) {
	page := c.page()
	if !c.evpd() {
		if page != 0 {
			return nil, invalidField(2, 7)
		}
		return t.standardInquiry(), nil
	}
	if t.lun == nil {
		return nil, invalidField(2, 7)
	}
	var data func(*LUN) []byte
	if page == 0 {
		data = supportedPages
	}
	for _, p := range productPages {
		if p.code == page {
			data = p.data
		}
	}
	if data == nil {
		return nil, invalidField(2, 7)
	}
	b := append([]byte{0, page, 0, 0}, data(t.lun)...)
	put16(b[2:], uint16(len(b)-4))
	return b, nil
}

func (t task) standardInquiry() []byte {
	b := make([]byte, 96)
	if t.lun == nil {
		b[0] = 0x7f // no unit here, nor could there be one of a known type
	}
	b[2] = 0x06 // SPC-4
	b[3] = 0x12 // HISUP, response data format 2
	b[4] = byte(len(b) - 5)
	b[5] = 0x08 // 3PC: EXTENDED COPY
	b[7] = 0x02 // CMDQUE
	var o Options
	if t.lun != nil {
		o = t.lun.options
	}
	copy(b[8:16], padded(o.Vendor, "IRONHOOK", 8))
	copy(b[16:32], padded(o.Product, "VOLUME", 16))
	copy(b[32:36], padded(o.Revision, "1", 4))
	for i, v := range versions {
		put16(b[58+2*i:], v)
	}
	return b
}

// versions are the version descriptors: SAM-5, SPC-4, SBC-3, iSCSI.
var versions = []uint16{0x00a0, 0x0460, 0x04c0, 0x0960}

// padded returns s, or otherwise if s is empty, as n characters, left-aligned.
func padded(s, otherwise string, n int) string {
	if s == "" {
		s = otherwise
	}
	return fmt.Sprintf("%-*s", n, ascii(s, n))
}

// naa is the unit's world wide name: NAA 3h (locally assigned), derived from the serial
// number.
func (l *LUN) naa() []byte {
	sum := sha256.Sum256([]byte("naa " + l.options.Serial))
	sum[0] = 0x30 | sum[0]&0x0f
	return sum[:8]
}
