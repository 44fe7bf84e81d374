package bmctest

import (
	"context"
	"encoding/binary"
	"sync"

	"github.com/bougou/go-ipmi/pkg/handlers"
	"github.com/bougou/go-ipmi/pkg/types"
)

// Log is the system event log of a BMC (IPMI 2.0, chapter 31), which go-ipmi's has not. It is safe for concurrent use.
type Log struct {
	mu          sync.Mutex
	quirks      LogQuirks
	records     [][]byte
	newest      uint16 // number of a record
	reservation uint16
	valid       bool // nothing has come in since the reservation
}

// LogQuirks are bad manners of a log.
type LogQuirks struct {
	Erasing   int    // how often it says that it is being erased
	Round     bool   // after its last record comes the first
	Interrupt int    // how many times an event comes in just before it is cleared
	Event     []byte // that comes in
}

// Completion codes.
const (
	notPresent      = types.CompletionCode(0xcb)
	reservationLost = types.CompletionCode(0xc5)
)

// Add adds a record: all of it but its number.
func (l *Log) Add(record ...byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add(record)
}

func (l *Log) add(record []byte) {
	l.newest++
	l.records = append(l.records, append(binary.LittleEndian.AppendUint16(nil, l.newest), record...))
	l.valid = false
}

// Len is how many records there are.
func (l *Log) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.records)
}

// register adds the commands of the log.
func (l *Log) register(r *handlers.Registry) {
	for command, answer := range map[types.Command]func(data []byte) ([]byte, types.CompletionCode){
		types.CommandGetSELInfo: l.info, types.CommandReserveSEL: l.reserve, types.CommandGetSELEntry: l.entry, types.CommandClearSEL: l.clear,
	} {
		r.RegisterFunc(command, func(_ context.Context, _ *handlers.HandlerContext, data []byte) ([]byte, types.CompletionCode, error) {
			l.mu.Lock()
			defer l.mu.Unlock()
			b, code := answer(data)
			return b, code, nil
		})
	}
}

func (l *Log) info([]byte) ([]byte, types.CompletionCode) {
	b := make([]byte, 14)
	b[0], b[13] = 0x51, 0x02
	binary.LittleEndian.PutUint16(b[1:], uint16(len(l.records)))
	return b, types.CodeOK
}

func (l *Log) reserve([]byte) ([]byte, types.CompletionCode) {
	l.reservation++
	l.valid = true
	return binary.LittleEndian.AppendUint16(nil, l.reservation), types.CodeOK
}

// entry answers Get SEL Entry: 0 is the first record, 0xffff the last.
func (l *Log) entry(data []byte) ([]byte, types.CompletionCode) {
	if len(data) < 6 {
		return nil, types.CompletionCode(0xc7)
	}
	id := binary.LittleEndian.Uint16(data[2:])
	for i, r := range l.records {
		if id != 0 && binary.LittleEndian.Uint16(r) != id {
			continue
		}
		next := []byte{0xff, 0xff}
		switch {
		case i+1 < len(l.records):
			next = l.records[i+1][:2]
		case l.quirks.Round:
			next = l.records[0][:2]
		}
		return append(append([]byte{}, next...), r...), types.CodeOK
	}
	return nil, notPresent
}

func (l *Log) clear(data []byte) ([]byte, types.CompletionCode) {
	if len(data) < 6 || string(data[2:5]) != "CLR" {
		return nil, types.CompletionCode(0xcc)
	}
	if l.quirks.Interrupt > 0 {
		l.quirks.Interrupt--
		l.add(l.quirks.Event)
	}
	if !l.valid || binary.LittleEndian.Uint16(data) != l.reservation {
		return nil, reservationLost
	}
	if data[5] == 0xaa {
		l.records = nil
	}
	if l.quirks.Erasing > 0 {
		l.quirks.Erasing--
		return []byte{0}, types.CodeOK
	}
	return []byte{1}, types.CodeOK
}
