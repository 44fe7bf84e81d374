package ipmi

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"ironhook/baremetal"
)

// Types of records of the system event log (section 32.1).
const (
	selRecordSize = 16

	systemEvent    = 0x02
	oemTimed       = 0xc0 // to 0xdf
	oemUntimed     = 0xe0 // to 0xff
	sensorEvents   = 0x6f // event type of events that depend on the type of the sensor
	deasserted     = 0x80 // of the event type
	noSuchTime     = 0xffffffff
	clockUnset     = 0x20000000 // a time up to this one counts from the start of the BMC (section 37.1)
	unspecified    = 0xff       // event data
	dataTwoGiven   = 0xc0       // of the first byte of event data
	dataThreeGiven = 0x30       // the third byte is given
	bothRaw        = 0x50       // the reading and the threshold are
)

// parseSEL reads a record of the system event log, of selRecordSize bytes. Sensors of the BMC itself have the names
// that are known. What the tables do not know is shown in hexadecimal.
func parseSEL(b []byte, known sensorRecords) baremetal.LogEntry {
	e := baremetal.LogEntry{ID: fmt.Sprintf("%04x", binary.LittleEndian.Uint16(b))}
	switch kind := b[2]; {
	case kind == systemEvent:
		e.At, e.Uptime = timeOfSEL(b[3:7])
		if b[7] != ownBMC || b[8]&0x03 != 0 {
			known = sensorRecords{}
		}
		e.Sensor, e.Severity = sensorOf(b[10], b[11], known.names[b[11]]), severityOf(b[10], b[12], b[13])
		e.Message = eventOf(b[10], b[12], b[13]) + known.dataOf(b[11], b[12]&^deasserted, b[13:16])
	case kind >= oemUntimed:
		e.Message = fmt.Sprintf("OEM record %02x: %x", kind, b[3:16])
	case kind >= oemTimed:
		e.At, e.Uptime = timeOfSEL(b[3:7])
		maker := uint32(b[7]) | uint32(b[8])<<8 | uint32(b[9])<<16
		e.Message = fmt.Sprintf("OEM record %02x of manufacturer %d: %x", kind, maker, b[10:16])
	default:
		e.Message = fmt.Sprintf("record %02x: %x", kind, b[3:16])
	}
	return e
}

// timeOfSEL reads a time: that of the BMC's clock, or if the clock was not set how long the BMC had run.
func timeOfSEL(b []byte) (at time.Time, uptime time.Duration) {
	switch seconds := binary.LittleEndian.Uint32(b); {
	case seconds == noSuchTime:
		return time.Time{}, 0
	case seconds <= clockUnset:
		return time.Time{}, time.Duration(seconds) * time.Second
	default:
		return time.Unix(int64(seconds), 0).UTC(), 0
	}
}

// sensorOf names a sensor by its name and type, or its type and number.
func sensorOf(kind, number byte, name string) string {
	word := sensorTypes[kind].name
	if word == "" {
		word = fmt.Sprintf("sensor type %#02x", kind)
	}
	if name != "" {
		return fmt.Sprintf("%s (%s)", name, word)
	}
	return fmt.Sprintf("%s #%#02x", word, number)
}

// wordsOf are the words of the tables for an event, with their mark; "" is one that they do not know.
func wordsOf(kind, event, data1 byte) string {
	offset := int(data1 & 0x0f)
	words := genericEvents[event&^deasserted]
	if event&^deasserted == sensorEvents {
		words = sensorTypes[kind].events
	}
	if offset >= len(words) {
		return ""
	}
	return words[offset]
}

// eventOf puts an event into words.
func eventOf(kind, event, data1 byte) string {
	words := strings.TrimLeft(wordsOf(kind, event, data1), string(markCritical)+string(markWarning))
	if words == "" {
		words = fmt.Sprintf("event type %#02x, offset %#x", event&^deasserted, data1&0x0f)
	}
	if event&deasserted != 0 {
		words += ", deasserted"
	}
	return words
}

// dataOf shows the further event data of an event, where there are some (table 29-6).
func (r sensorRecords) dataOf(number, event byte, data []byte) string {
	second, third := data[0]&dataTwoGiven != 0, data[0]&dataThreeGiven != 0
	switch {
	case event == thresholdBase && data[0]&0xf0 == bothRaw:
		if s, ok := r.of(number); ok && s.linear < nonLinear {
			reading, ok1 := s.value(data[1], s.factors)
			threshold, ok2 := s.value(data[2], s.factors)
			if ok1 && ok2 {
				return strings.TrimRight(fmt.Sprintf(" (reading %g, threshold %g %s", reading, threshold, s.unit), " ") + ")"
			}
		}
		return fmt.Sprintf(" (raw reading %#02x, threshold %#02x)", data[1], data[2])
	case second && third && data[2] != unspecified:
		return fmt.Sprintf(" (data %#02x %#02x)", data[1], data[2])
	case second && data[1] != unspecified:
		return fmt.Sprintf(" (data %#02x)", data[1])
	case third && data[2] != unspecified:
		return fmt.Sprintf(" (third byte of data %#02x)", data[2])
	}
	return ""
}

// severityOf says how bad an event is, as the mark of its words says; that a bad one has ended is OK.
func severityOf(kind, event, data1 byte) string {
	severity := ""
	switch words := wordsOf(kind, event, data1); {
	case words == "":
		return ""
	case words[0] == markCritical:
		severity = baremetal.HealthCritical
	case words[0] == markWarning:
		severity = baremetal.HealthWarning
	}
	if severity == "" || event&deasserted != 0 {
		return baremetal.HealthOK
	}
	return severity
}
