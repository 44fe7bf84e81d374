package bmctest

import (
	"context"
	"encoding/binary"

	"github.com/bougou/go-ipmi/pkg/handlers"
	"github.com/bougou/go-ipmi/pkg/types"
)

// Sensors are the temperatures in degrees Celsius that a BMC measures, by the names of their sensors, whose numbers are those of the list.
type Sensors []struct {
	Name    string
	Celsius byte
}

// register adds the commands of the repository of records (chapter 33) and of sensors (chapter 35), in the place of those of
// go-ipmi's BMC, which has none.
func (s Sensors) register(r *handlers.Registry) {
	for command, answer := range map[types.Command]func(data []byte) ([]byte, types.CompletionCode){
		types.CommandGetSDRRepoInfo: s.info, types.CommandReserveSDRRepo: s.reserve, types.CommandGetSDR: s.record,
		{ID: 0x2d, NetFn: 0x04, Name: "Get Sensor Reading"}: s.reading,
	} {
		r.RegisterFunc(command, func(_ context.Context, _ *handlers.HandlerContext, data []byte) ([]byte, types.CompletionCode, error) {
			b, code := answer(data)
			return b, code, nil
		})
	}
}

func (s Sensors) info([]byte) ([]byte, types.CompletionCode) {
	b := make([]byte, 14)
	b[0] = 0x51
	binary.LittleEndian.PutUint16(b[1:], uint16(len(s)))
	return b, types.CodeOK
}

func (s Sensors) reserve([]byte) ([]byte, types.CompletionCode) { return []byte{1, 0}, types.CodeOK }

// record answers Get SDR: reservation, record, offset, bytes.
func (s Sensors) record(data []byte) ([]byte, types.CompletionCode) {
	if len(data) < 6 || int(binary.LittleEndian.Uint16(data[2:])) >= len(s) {
		return nil, notPresent
	}
	id := binary.LittleEndian.Uint16(data[2:])
	next, b := id+1, s.full(id)
	if int(next) == len(s) {
		next = 0xffff
	}
	from := min(int(data[4]), len(b))
	return append(binary.LittleEndian.AppendUint16(nil, next), b[from:min(from+int(data[5]), len(b))]...), types.CodeOK
}

// full is a Full Sensor Record (table 43-1) of degrees Celsius.
func (s Sensors) full(id uint16) []byte {
	b := make([]byte, 48)
	binary.LittleEndian.PutUint16(b, id)
	b[2], b[3], b[5], b[7] = 0x51, 1, 0x20, byte(id)
	b[12], b[13], b[21], b[24] = 1, 1, 1, 1
	b[47] = 0xc0 | byte(len(s[id].Name))
	b = append(b, s[id].Name...)
	b[4] = byte(len(b) - 5)
	return b
}

func (s Sensors) reading(data []byte) ([]byte, types.CompletionCode) {
	if len(data) < 1 || int(data[0]) >= len(s) {
		return nil, notPresent
	}
	return []byte{s[data[0]].Celsius, 0xc0, 0, 0}, types.CodeOK
}
