package ipmi

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"ironhook/baremetal"
	"ironhook/power/ipmi/rmcp"
)

// Commands of sensors (chapters 33 and 35).
const (
	netFnSensor       = 0x04
	cmdSensorReading  = 0x2d
	cmdReadingFactors = 0x23
	cmdSDRInfo        = 0x20
	cmdReserveSDR     = 0x22
	cmdGetSDR         = 0x23

	lastRecord  = 0xffff // of the repository
	mostRecords = 1024   // a BMC with a defect could go round for ever
	sdrPart     = 16     // bytes of a record asked for at once, which every BMC can send
	sdrInfoSize = 13     // what is read of Get SDR Repository Info (section 33.9): the number of records, and when they changed

	// sensorSession is how many commands are given in one session.
	sensorSession = 256

	reservationLost rmcp.CompletionError = 0xc5
	notPresent      rmcp.CompletionError = 0xcb
	unknownCommand  rmcp.CompletionError = 0xc1

	scanned        = 0x40 // of the second byte of a reading
	readingMissing = 0x20
)

// Sensors reads the sensors of the machine whose readings are numbers, by the records of the BMC.
func (d *Driver) Sensors(ctx context.Context, n *baremetal.Node) ([]baremetal.Reading, error) {
	w := &sensorWalk{list: []baremetal.Reading{}}
	if err := d.walkSensors(ctx, n, w); err != nil {
		return nil, err
	}
	return w.list, nil
}

// walkSensors reads the records and the sensors.
func (d *Driver) walkSensors(ctx context.Context, n *baremetal.Node, w *sensorWalk) error {
	err := d.walk(ctx, n, &w.over, func(i info, s *rmcp.Session, givesWay func() bool) error {
		return w.read(ctx, s, d.recordsOf(i.address), givesWay)
	})
	if errors.Is(err, notPresent) || errors.Is(err, unknownCommand) {
		return baremetal.Errorf(baremetal.ErrUnsupported, "The BMC of node %s has no records of sensors.", n.UUID)
	}
	return err
}

// sizeOfSDR is that of a record of which the begin has been read: its header says it.
func sizeOfSDR(record []byte) int {
	if len(record) < recordHead {
		return recordHead
	}
	return recordHead + int(record[4])
}

// readSDR reads the next part of a record (section 33.12), of which it returns what has been read so far, and the record after it.
func readSDR(ctx context.Context, s *rmcp.Session, reservation []byte, id uint16, record []byte) (more []byte, next uint16, err error) {
	request := binary.LittleEndian.AppendUint16(append([]byte{}, reservation[:2]...), id)
	size := byte(min(sizeOfSDR(record)-len(record), sdrPart))
	b, err := s.Again(ctx, netFnStorage, cmdGetSDR, append(request, byte(len(record)), size)...)
	if err != nil {
		return nil, 0, err
	}
	if err := short(b, 3); err != nil {
		return nil, 0, err
	}
	record = append(record, b[2:]...)
	return record[:min(len(record), sizeOfSDR(record))], binary.LittleEndian.Uint16(b), nil
}

// readSensor reads one sensor; ok is false where it has no reading now, as many have none while the machine is off,
// and where its record makes no number of the reading.
func readSensor(ctx context.Context, s *rmcp.Session, r sdr) (reading baremetal.Reading, ok bool, err error) {
	b, err := s.Again(ctx, netFnSensor, cmdSensorReading, r.number)
	code := rmcp.CompletionError(0)
	if errors.As(err, &code) || err == nil && (len(b) < 2 || b[1]&scanned == 0 || b[1]&readingMissing != 0) {
		return reading, false, nil
	}
	if err != nil {
		return reading, false, err
	}
	f := r.factors
	if f.linear >= nonLinear {
		answer, err := s.Again(ctx, netFnSensor, cmdReadingFactors, r.number, b[0])
		if err != nil || len(answer) < 7 {
			return reading, false, errors.Join(err, short(answer, 7))
		}
		f = parseFactors(nonLinear, answer[1:])
	}
	reading = baremetal.Reading{Name: r.name, Unit: r.unit}
	if len(b) > 2 {
		reading.Health = healthOf(b[2])
	}
	reading.Value, ok = r.value(b[0], f)
	return reading, ok, nil
}

// short is the error of an answer with too few bytes.
func short(b []byte, want int) error {
	if len(b) >= want {
		return nil
	}
	return fmt.Errorf("%w: %d bytes where %d are due", rmcp.ErrProtocol, len(b), want)
}
