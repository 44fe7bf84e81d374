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

	systemEvent   = 0x02
	oemTimed      = 0xc0 // to 0xdf
	oemUntimed    = 0xe0 // to 0xff
	sensorEvents  = 0x6f // event type of events that depend on the type of the sensor
	deasserted    = 0x80 // of the event type
	noSuchTime    = 0xffffffff
	clockUnset    = 0x20000000 // a time up to this one counts from the start of the BMC (section 37.1)
	unspecified   = 0xff       // event data
	dataTwoGiven  = 0xc0       // of the first byte of event data
	dataFreeGiven = 0x30       // the third byte is given
)

// parseSEL reads a record of the system event log, of selRecordSize bytes. What the tables do not know is
// shown in hexadecimal.
func parseSEL(b []byte) baremetal.LogEntry {
	e := baremetal.LogEntry{ID: fmt.Sprintf("%04x", binary.LittleEndian.Uint16(b))}
	switch kind := b[2]; {
	case kind == systemEvent:
		e.At, e.Uptime = timeOfSEL(b[3:7])
		e.Sensor, e.Message, e.Severity = sensorOf(b[10], b[11]), eventOf(b[10], b[12], b[13:16]), severityOf(b[10], b[12], b[13])
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

// sensorOf names a sensor by its type and number.
func sensorOf(kind, number byte) string {
	name := sensorTypes[kind].name
	if name == "" {
		name = fmt.Sprintf("sensor type %#02x", kind)
	}
	return fmt.Sprintf("%s #%#02x", name, number)
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
func eventOf(kind, event byte, data []byte) string {
	words := strings.TrimLeft(wordsOf(kind, event, data[0]), string(markCritical)+string(markWarning))
	if words == "" {
		words = fmt.Sprintf("event type %#02x, offset %#x", event&^deasserted, data[0]&0x0f)
	}
	if event&deasserted != 0 {
		words += ", deasserted"
	}
	return words + dataOf(event&^deasserted, data)
}

// dataOf shows the further event data of an event, where there are some (table 29-6).
func dataOf(event byte, data []byte) string {
	second, third := data[0]&dataTwoGiven != 0, data[0]&dataFreeGiven != 0
	switch {
	case event == thresholdBase && data[0]&0xf0 == 0x50:
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
