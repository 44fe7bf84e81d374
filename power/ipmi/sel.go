package ipmi

import (
	"context"
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

// walkSEL reads the log.
func (d *Driver) walkSEL(ctx context.Context, n *baremetal.Node, w *selWalk) error {
	err := d.walk(ctx, n, &w.over, func(_ info, s *rmcp.Session, givesWay func() bool) error { return w.read(ctx, s, givesWay) })
	if errors.Is(err, unknownCommand) {
		return baremetal.Errorf(baremetal.ErrUnsupported, "The BMC of node %s keeps no event log.", n.UUID)
	}
	return err
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

// logCommand sends a command of the log. A BMC that erases it is busy (tables 31-2 to 31-5).
func logCommand(ctx context.Context, s *rmcp.Session, command byte, data ...byte) ([]byte, error) {
	b, err := s.Again(ctx, netFnStorage, command, data...)
	if errors.Is(err, erasing) {
		err = fmt.Errorf("%w: it erases its event log", rmcp.ErrBusy)
	}
	return b, err
}
