package ipmi

import (
	"context"
	"encoding/binary"
	"errors"

	"ironhook/baremetal"
	"ironhook/power/ipmi/rmcp"
)

// selWalk is how far a log has been read.
type selWalk struct {
	records  [][]byte
	lost     bool            // the log is full
	begun    bool            // reserves is known
	reserves bool            // the BMC knows reservations
	over     bool            // all is read
	next     uint16          // entry that is read next
	last     uint16          // entry that was read last
	seen     map[uint16]bool // a BMC with a defect could go round for ever
}

// log puts what was read into words.
func (w *selWalk) log(known sensorRecords) baremetal.HardwareLog {
	log := baremetal.HardwareLog{Lost: w.lost}
	for _, record := range w.records {
		log.Entries = append(log.Entries, parseSEL(record, known))
	}
	return log
}

// read reads as much of the log as one session should: one entry at least.
func (w *selWalk) read(ctx context.Context, s *rmcp.Session, givesWay func() bool) error {
	if !w.begun {
		if err := w.begin(ctx, s); err != nil {
			return err
		}
	}
	for i := range selSession {
		if w.over || i > 0 && givesWay() {
			return nil
		}
		if err := w.step(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// begin asks what kind of log it is.
func (w *selWalk) begin(ctx context.Context, s *rmcp.Session) error {
	b, err := logCommand(ctx, s, cmdSELInfo)
	if err != nil {
		return err
	}
	i, err := parseSELInfo(b)
	if err != nil {
		return err
	}
	*w = selWalk{begun: true, reserves: i.reserves, next: firstEntry, over: i.entries == 0, seen: map[uint16]bool{}}
	w.lost = i.overflow
	return nil
}

// gone reports whether there is no such entry: the log is empty, or was cleared meanwhile.
func gone(err error) bool { return errors.Is(err, notPresent) || errors.Is(err, rmcp.OutOfRange) }

// step reads the next entry. One that is no longer there is the end.
func (w *selWalk) step(ctx context.Context, s *rmcp.Session) error {
	next, record, err := readSELEntry(ctx, s, w.next)
	if gone(err) {
		w.over = true
		return nil
	}
	if err != nil {
		return err
	}
	id := binary.LittleEndian.Uint16(record)
	w.over = next == noEntry || w.seen[id] || len(w.records) == mostEntries
	if !w.seen[id] && len(w.records) < mostEntries {
		w.records = append(w.records, record)
	}
	w.seen[id], w.next, w.last = true, next, id
	return nil
}

// readNewer reads what was added since the last entry. If that is gone, the log was cleared, and all is newer.
func (w *selWalk) readNewer(ctx context.Context, s *rmcp.Session) error {
	w.next, w.over = firstEntry, false
	if len(w.records) > 0 {
		next, _, err := readSELEntry(ctx, s, w.last)
		switch {
		case gone(err):
			clear(w.seen)
		case err != nil:
			return err
		default:
			w.next, w.over = next, next == noEntry
		}
	}
	for !w.over {
		if err := w.step(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// readSELEntry reads one record, and the number of the one after it (section 31.5).
func readSELEntry(ctx context.Context, s *rmcp.Session, id uint16) (next uint16, record []byte, err error) {
	b, err := logCommand(ctx, s, cmdGetSELEntry, 0, 0, byte(id), byte(id>>8), 0, wholeRecord)
	if err == nil {
		err = short(b, 2+selRecordSize)
	}
	if err != nil {
		return 0, nil, err
	}
	return binary.LittleEndian.Uint16(b), b[2 : 2+selRecordSize], nil
}

// reserve makes a reservation (section 31.4); a BMC that knows none wants 0.
func (w *selWalk) reserve(ctx context.Context, s *rmcp.Session) (reservation []byte, err error) {
	if !w.reserves {
		return []byte{0, 0}, nil
	}
	b, err := logCommand(ctx, s, cmdReserveSEL)
	if err == nil {
		err = short(b, 2)
	}
	if err != nil {
		return nil, err
	}
	return b[:2], nil
}
