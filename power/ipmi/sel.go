package ipmi

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"ironhook/baremetal"
	"ironhook/internal/limit"
	"ironhook/power/ipmi/rmcp"
)

// Commands of the system event log (chapter 31).
const (
	cmdReserveSEL  = 0x42
	cmdGetSELEntry = 0x43
	cmdClearSEL    = 0x47

	firstEntry  = 0x0000
	noEntry     = 0xffff // follows
	wholeRecord = 0xff   // bytes asked for

	clearBegin                       = 0xaa
	clearStatus                      = 0x00
	cleared                          = 0x01 // of the answer
	erasing     rmcp.CompletionError = 0x81

	// selSession is how many entries are read in one session. After that other calls to the BMC have their turn:
	// a long log must not hold up the power sync.
	selSession  = 64
	mostEntries = 16384 // that are shown
	clearTries  = 4     // while events come in
)

// HardwareLog reads the system event log of the BMC.
func (d *Driver) HardwareLog(ctx context.Context, n *baremetal.Node) (log baremetal.HardwareLog, err error) {
	w := &selWalk{}
	if err = d.walkSEL(ctx, n, w); err != nil {
		return log, err
	}
	known, err := d.sensorsIn(ctx, n, w)
	return w.log(known), err
}

// ClearHardwareLog empties the system event log of the BMC, and returns what it had: the reservation that clearing
// needs is lost when an event comes in, so that none is lost unread.
func (d *Driver) ClearHardwareLog(ctx context.Context, n *baremetal.Node) (log baremetal.HardwareLog, err error) {
	w := &selWalk{}
	if err = d.walkSEL(ctx, n, w); err != nil {
		return log, err
	}
	known, err := d.sensorsIn(ctx, n, w)
	if err != nil {
		return log, err
	}
	err = d.call(ctx, n, func(_ info, s *rmcp.Session) error {
		for range clearTries {
			reservation, err := w.reserve(ctx, s)
			if err == nil {
				err = w.readNewer(ctx, s)
			}
			if err == nil {
				err = d.clearSEL(ctx, s, reservation)
			}
			if !errors.Is(err, reservationLost) {
				return err
			}
		}
		return fmt.Errorf("%w: events come in while its log is to be cleared", rmcp.ErrBusy)
	})
	return w.log(known), err
}

// sensorsIn reads what the BMC's records say of its sensors, to name those of a log. A BMC without records names none.
func (d *Driver) sensorsIn(ctx context.Context, n *baremetal.Node, w *selWalk) (sensorRecords, error) {
	if len(w.records) == 0 {
		return sensorRecords{}, nil
	}
	s := &sensorWalk{recordsOnly: true}
	err := d.walkSensors(ctx, n, s)
	if code := rmcp.CompletionError(0); errors.Is(err, baremetal.ErrUnsupported) || errors.As(err, &code) {
		err = nil
	}
	return s.records, err
}

// walkSEL reads the log in as many sessions as it takes.
func (d *Driver) walkSEL(ctx context.Context, n *baremetal.Node, w *selWalk) error {
	for !w.over {
		err := d.call(ctx, n, func(_ info, s *rmcp.Session) error { return w.read(ctx, s) })
		if errors.Is(err, unknownCommand) {
			return baremetal.Errorf(baremetal.ErrUnsupported, "The BMC of node %s keeps no event log.", n.UUID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

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

// read reads as much of the log as one session should.
func (w *selWalk) read(ctx context.Context, s *rmcp.Session) error {
	if !w.begun {
		if err := w.begin(ctx, s); err != nil {
			return err
		}
	}
	for range selSession {
		if w.over {
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

// logCommand sends a command of the log. A BMC that erases it is busy (tables 31-2 to 31-5).
func logCommand(ctx context.Context, s *rmcp.Session, command byte, data ...byte) ([]byte, error) {
	b, err := s.Again(ctx, netFnStorage, command, data...)
	if errors.Is(err, erasing) {
		err = fmt.Errorf("%w: it erases its event log", rmcp.ErrBusy)
	}
	return b, err
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

// clearSEL empties the log (section 31.9) and waits until it is empty. A BMC may drop the reservation as soon as it
// has begun.
func (d *Driver) clearSEL(ctx context.Context, s *rmcp.Session, reservation []byte) error {
	until := time.Now().Add(d.c.Hard)
	for action := byte(clearBegin); ; action = clearStatus {
		b, err := logCommand(ctx, s, cmdClearSEL, append(reservation[:2:2], 'C', 'L', 'R', action)...)
		switch {
		case err != nil && action == clearStatus && errors.Is(err, reservationLost):
			return nil
		case err != nil:
			return err
		case len(b) > 0 && b[0]&0x0f == cleared:
			return nil
		case time.Now().After(until):
			return fmt.Errorf("%w: it has not cleared its log within %v", rmcp.ErrBusy, d.c.Hard)
		}
		if err := limit.Pause(ctx, d.c.Poll); err != nil {
			return err
		}
	}
}
