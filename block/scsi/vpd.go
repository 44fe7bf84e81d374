package scsi

import "fmt"

// productPages are the vital product data pages, in the ascending order that page
// 00h, which lists them, must have.
var productPages = []struct {
	code byte
	data func(*LUN) []byte // what follows the page length
}{
	{0x80, (*LUN).unitSerialNumber},
	{0x83, (*LUN).deviceIdentification},
	{0x86, (*LUN).extendedInquiry},
	{0xb0, (*LUN).blockLimits},
	{0xb1, (*LUN).blockCharacteristics},
	{0xb2, (*LUN).blockProvisioning},
}

// supportedPages is page 00h.
func supportedPages(*LUN) []byte {
	b := []byte{0x00}
	for _, p := range productPages {
		b = append(b, p.code)
	}
	return b
}

func (l *LUN) unitSerialNumber() []byte { return []byte(l.options.Serial) }

// Association: what a designator identifies.
const (
	ofUnit   = 0x00
	ofPort   = 0x10
	ofDevice = 0x20
)

// Designator types, and the code sets they come in.
const (
	vendorType       = 0x1
	naaType          = 0x3
	relativePortType = 0x4
	nameType         = 0x8

	binaryCode = 0x1
	asciiCode  = 0x2
	utf8Code   = 0x3
)

// deviceIdentification names the unit, the port and the device. Linux makes /dev/disk/by-id
// from the NAA name, multipath compares it, ESXi requires it.
func (l *LUN) deviceIdentification() []byte {
	var b []byte
	for _, name := range l.names() {
		b = append(b, name...)
	}
	device := l.device.Load().name
	port := fmt.Sprintf("%s,t,0x%04x", device, relativePort)
	b = append(b, designator(binaryCode, ofPort|relativePortType, []byte{0, 0, 0, relativePort})...)
	b = append(b, designator(utf8Code, ofPort|nameType, nameString(port))...)
	return append(b, designator(utf8Code, ofDevice|nameType, nameString(device))...)
}

// names are the designators of the unit itself.
func (l *LUN) names() [][]byte {
	vendor := padded(l.options.Vendor, "IRONHOOK", 8) + l.options.Serial
	return [][]byte{
		designator(binaryCode, ofUnit|naaType, l.naa()),
		designator(asciiCode, ofUnit|vendorType, []byte(vendor)),
	}
}

// designator is a designation descriptor. Ports and devices are iSCSI's, which
// the descriptor says with PIV and the protocol identifier 5.
func designator(code, what byte, value []byte) []byte {
	if what&0x30 != ofUnit {
		code, what = code|0x50, what|0x80
	}
	return append([]byte{code, what, 0, byte(len(value))}, value...)
}

// nameString is terminated with a zero and padded to a multiple of four bytes.
func nameString(s string) []byte {
	b := append([]byte(s), 0)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// extendedInquiry: tasks may be simple, ordered and head of queue; there is a
// volatile cache unless every write goes through.
func (l *LUN) extendedInquiry() []byte {
	b := make([]byte, 60)
	b[1] = 0x07
	if !l.mode.writeThrough.Load() {
		b[2] = 0x01 // V_SUP
	}
	return b
}

// blockLimits: the maximum and the optimal size of commands.
func (l *LUN) blockLimits() []byte {
	b := make([]byte, 60)
	b[1] = maxCompareAndWrite
	put16(b[2:], 4096/BlockSize) // a smaller transfer costs as much as a page
	put32(b[4:], MaxTransfer/BlockSize)
	put32(b[8:], 1<<20/BlockSize) // optimal: initiators read ahead by it
	put32(b[16:], 0xffffffff)     // UNMAP: any number of blocks
	put32(b[20:], maxUnmapDescriptors)
	put32(b[24:], 4096/BlockSize)
	put32(b[28:], 0x80000000) // aligned to block 0
	put64(b[32:], maxWriteSame)
	put32(b[40:], uint32(l.atomicLimit()/BlockSize))
	return b
}

// blockCharacteristics: no rotation, and blocks read as zeros after either erase.
func (l *LUN) blockCharacteristics() []byte {
	b := make([]byte, 60)
	put16(b, 1)
	b[3] = 0x50 // WABEREQ, WACEREQ
	return b
}

// blockProvisioning: thin; UNMAP and both WRITE SAME deallocate, and deallocated blocks
// read as zeros.
func (l *LUN) blockProvisioning() []byte { return []byte{0, 0xe4, 0x02, 0} }
