package ipmi

import (
	"context"
	"errors"
	"time"

	"ironhook/baremetal"
	"ironhook/power/ipmi/rmcp"
)

// sensorWalk is how far the sensors of a machine have been read. It goes on over several sessions, so that other
// calls to the BMC have their turn between them.
type sensorWalk struct {
	recordsOnly bool   // no sensor is read
	asked       bool   // stamp is set
	stamp       string // of the repository
	reservation []byte // in this session
	records     sensorRecords
	next        uint16 // record that is read next
	record      []byte // what has been read of it
	count       int    // records that were read
	complete    bool   // all were
	sensor      int    // record whose sensor is read next
	list        []baremetal.Reading
	over        bool
}

// read does as much as one session should: one command at least.
func (w *sensorWalk) read(ctx context.Context, s *rmcp.Session, kept *keptRecords, givesWay func() bool) error {
	w.reservation = nil
	for i := range sensorSession {
		var err error
		switch {
		case w.over || i > 0 && givesWay():
			return nil
		case !w.asked:
			err = w.begin(ctx, s, kept)
		case !w.complete:
			err = w.readRecord(ctx, s, kept)
		default:
			err = w.readSensor(ctx, s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// begin asks when the records have changed. Those that are kept need not be read again.
func (w *sensorWalk) begin(ctx context.Context, s *rmcp.Session, kept *keptRecords) error {
	b, err := s.Again(ctx, netFnStorage, cmdSDRInfo)
	if code := rmcp.CompletionError(0); err != nil && !errors.As(err, &code) {
		return err
	}
	if w.asked = true; err == nil && len(b) >= sdrInfoSize {
		w.stamp = string(b[1:3]) + string(b[5:sdrInfoSize])
		w.records, w.complete = kept.get(w.stamp, time.Now())
	}
	return nil
}

// readRecord reads the next part of the next record of the repository (section 33.12): each names the next. A session that ended
// within a record is no reason to read it again, for the repository says when it has changed: the reservation is lost then.
func (w *sensorWalk) readRecord(ctx context.Context, s *rmcp.Session, kept *keptRecords) (err error) {
	if w.reservation == nil {
		w.reservation, err = s.Again(ctx, netFnStorage, cmdReserveSDR)
		return errors.Join(err, short(w.reservation, 2))
	}
	record, next, err := readSDR(ctx, s, w.reservation, w.next, w.record)
	if errors.Is(err, reservationLost) {
		w.reservation, w.record = nil, nil
		return nil
	}
	if err != nil {
		return err
	}
	if w.record = record; len(record) < sizeOfSDR(record) {
		return nil
	}
	w.keep(record)
	w.next, w.record = next, nil
	w.count++
	if w.complete = next == lastRecord || w.count >= mostRecords; w.complete {
		kept.put(w.stamp, w.records, time.Now())
	}
	return nil
}

// keep notes what a record says.
func (w *sensorWalk) keep(record []byte) {
	if one, ok := parseSDR(record); ok {
		w.records.numbers = append(w.records.numbers, one)
	}
	if number, name := parseName(record); name != "" {
		if w.records.names == nil {
			w.records.names = map[byte]string{}
		}
		w.records.names[number] = name
	}
}

// readSensor reads the next sensor.
func (w *sensorWalk) readSensor(ctx context.Context, s *rmcp.Session) error {
	if w.over = w.recordsOnly || w.sensor >= len(w.records.numbers); w.over {
		return nil
	}
	reading, ok, err := readSensor(ctx, s, w.records.numbers[w.sensor])
	if err != nil {
		return err
	}
	if ok {
		w.list = append(w.list, reading)
	}
	w.sensor++
	return nil
}
