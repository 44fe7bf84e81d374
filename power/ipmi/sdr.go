package ipmi

import (
	"fmt"
	"math"
	"strings"

	"ironhook/baremetal"
)

// sdr is what a Full Sensor Record (table 43-1) says of a sensor whose readings are numbers.
type sdr struct {
	number byte
	name   string
	unit   string
	signed byte // format of the raw reading, one of the constants below
	factors
}

// Formats of a raw reading (byte 21 of the record).
const (
	unsigned       = 0
	onesComplement = 1
	twosComplement = 2
	noReading      = 3
)

// Parts of a Full Sensor Record, counted from its first byte.
const (
	fullRecord    = 0x01 // its type
	compactRecord = 0x02
	eventRecord   = 0x03
	thresholdBase = 0x01 // event and reading type of a sensor with thresholds
	recordHead    = 5
	recordName    = 47 // type and length of the name
	mostName      = 16
	ownBMC        = 0x20
)

// units are base units by their number (table 43-15), as [baremetal.Reading] names them.
var units = map[byte]string{
	1: "Cel", 2: "[degF]", 3: "K", 4: "V", 5: "A", 6: "W", 7: "J", 8: "C", 9: "VA", 14: "kPa", 15: "[psi]",
	17: "[cft_i]/min", 18: "RPM", 19: "Hz", 20: "us", 21: "ms", 22: "s", 23: "min", 24: "h", 25: "d", 70: "By",
}

// parseSDR reads a record; ok is false for one of another kind, of a sensor that has no numbers, or that
// another controller owns.
func parseSDR(b []byte) (s sdr, ok bool) {
	if len(b) < recordName+1 || b[3] != fullRecord || b[5] != ownBMC || b[6]&0x03 != 0 || b[13] != thresholdBase {
		return sdr{}, false
	}
	s = sdr{number: b[7], signed: b[20] >> 6, name: nameOf(b[recordName], b[recordName+1:]), factors: parseFactors(b[23]&0x7f, b[24:30])}
	if s.unit = units[b[21]]; b[20]&0x01 != 0 {
		s.unit = "%"
	}
	if s.name == "" {
		s.name = fmt.Sprintf("sensor %d", s.number)
	}
	return s, s.signed != noReading
}

// nameAt is where the type and the length of a sensor's name stand, by the type of its record (tables 43-1 to 43-3).
var nameAt = map[byte]int{fullRecord: recordName, compactRecord: 31, eventRecord: 16}

// parseName reads the name of a sensor of the BMC itself; "" is none.
func parseName(b []byte) (number byte, name string) {
	if len(b) < recordHead+3 || b[5] != ownBMC || b[6]&0x03 != 0 {
		return 0, ""
	}
	at, ok := nameAt[b[3]]
	if !ok || len(b) < at+1 {
		return 0, ""
	}
	return b[7], nameOf(b[at], b[at+1:])
}

// factors turn a raw reading into a number (section 36.3): L[(M*x + B*10^K1) * 10^K2].
type factors struct {
	linear byte // which L
	m, b   int
	k1, k2 int
}

// parseFactors reads M, tolerance, B, accuracy and the exponents, as they stand in a record and in the
// answer to Get Sensor Reading Factors.
func parseFactors(linear byte, b []byte) factors {
	return factors{
		linear: linear,
		m:      twos(int(b[0])|int(b[1]&0xc0)<<2, 10),
		b:      twos(int(b[2])|int(b[3]&0xc0)<<2, 10),
		k2:     twos(int(b[5]>>4), 4),
		k1:     twos(int(b[5]&0x0f), 4),
	}
}

// twos reads a number of so many bits in two's complement.
func twos(n, bits int) int {
	if n >= 1<<(bits-1) {
		return n - 1<<bits
	}
	return n
}

// linearizations are the functions L by their number (table 43-1, byte 24).
var linearizations = []func(float64) float64{
	func(x float64) float64 { return x },
	math.Log, math.Log10, math.Log2, math.Exp,
	func(x float64) float64 { return math.Pow(10, x) },
	math.Exp2,
	func(x float64) float64 { return 1 / x },
	func(x float64) float64 { return x * x },
	func(x float64) float64 { return x * x * x },
	math.Sqrt, math.Cbrt,
}

// nonLinear is the first number of a sensor whose factors depend on the reading.
const nonLinear = 0x70

// value is what a raw reading means; ok is false if the record makes no number of it.
func (s sdr) value(raw byte, f factors) (value float64, ok bool) {
	x := float64(raw)
	switch s.signed {
	case onesComplement:
		x = float64(int8(raw))
		if raw >= 0x80 {
			x++
		}
	case twosComplement:
		x = float64(int8(raw))
	}
	linear := f.linear
	if linear >= nonLinear {
		linear = 0
	}
	if int(linear) >= len(linearizations) {
		return 0, false
	}
	v := linearizations[linear]((float64(f.m)*x + float64(f.b)*math.Pow10(f.k1)) * math.Pow10(f.k2))
	return math.Round(v*1000) / 1000, !math.IsNaN(v) && !math.IsInf(v, 0)
}

// healthOf reads the comparison with the thresholds, in the order of the bits: below non-critical, critical,
// non-recoverable; above the same.
func healthOf(bits byte) string {
	switch {
	case bits&0b110110 != 0:
		return baremetal.HealthCritical
	case bits&0b001001 != 0:
		return baremetal.HealthWarning
	}
	return baremetal.HealthOK
}

// Ways to write a name (section 43.15).
const (
	nameBCD    = 1
	namePacked = 2
)

// nameOf reads a type, a length and a name (section 43.15). What no person can read becomes a dot.
func nameOf(head byte, b []byte) string {
	b = b[:min(int(head&0x1f), len(b), mostName)]
	var text strings.Builder
	switch head >> 6 {
	case nameBCD:
		for _, c := range b {
			text.WriteByte("0123456789 -.:,_"[c>>4])
			text.WriteByte("0123456789 -.:,_"[c&0x0f])
		}
	case namePacked: // four characters in three bytes, the low bits first
		for bit := 0; bit+6 <= 8*len(b); bit += 6 {
			two := int(b[bit/8])
			if bit/8+1 < len(b) {
				two |= int(b[bit/8+1]) << 8
			}
			text.WriteByte(byte(two>>(bit%8)&0x3f) + ' ')
		}
	default:
		for _, c := range b {
			if c < ' ' || c > '~' {
				c = '.'
			}
			text.WriteByte(c)
		}
	}
	return strings.TrimSpace(text.String())
}
