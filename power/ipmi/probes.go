package ipmi

import (
	"context"
	"encoding/binary"
	"fmt"

	"ironhook/baremetal"
	"ironhook/power/ipmi/rmcp"
)

// Commands of other chapters than that of the chassis.
const (
	netFnApp     = 0x06
	netFnStorage = 0x0a
	cmdDeviceID  = 0x01 // section 20.1
	cmdSELInfo   = 0x40 // section 31.2
)

// Probes ask for the BMC's own firmware and for its event log.
func (d *Driver) Probes(n *baremetal.Node) []baremetal.Question {
	ask := func(netFn, command byte, words func(b []byte) (string, error)) func(context.Context) (string, error) {
		return func(ctx context.Context) (answer string, err error) {
			err = d.call(ctx, n, func(_ info, s *rmcp.Session) error {
				b, err := s.Again(ctx, netFn, command)
				if err == nil {
					answer, err = words(b)
				}
				return err
			})
			return answer, err
		}
	}
	return []baremetal.Question{
		{What: "firmware of the BMC", Ask: ask(netFnApp, cmdDeviceID, deviceWords)},
		{What: "event log of the BMC", Ask: ask(netFnStorage, cmdSELInfo, logWords)},
	}
}

// deviceWords reads the answer to Get Device ID: after the device and its revision the firmware
// (major, minor in BCD), the IPMI version (BCD, low digit first), and the maker's number.
func deviceWords(b []byte) (string, error) {
	if len(b) < 11 {
		return "", fmt.Errorf("%w: device ID of %d bytes", rmcp.ErrProtocol, len(b))
	}
	maker := uint32(b[6]) | uint32(b[7])<<8 | uint32(b[8]&0x0f)<<16
	return fmt.Sprintf("%d.%x, IPMI %d.%d, manufacturer %d, product %d", b[2]&0x7f, b[3], b[4]&0x0f, b[4]>>4, maker,
		binary.LittleEndian.Uint16(b[9:])), nil
}

// selInfo is what a BMC says of its event log.
type selInfo struct {
	entries, free uint16 // free bytes
	reserves      bool   // it knows reservations
	overflow      bool   // entries were lost
}

// parseSELInfo reads the answer to Get SEL Info: version, number of entries, free bytes, times, and flags.
func parseSELInfo(b []byte) (i selInfo, err error) {
	if len(b) < 14 {
		return i, fmt.Errorf("%w: information of the event log of %d bytes", rmcp.ErrProtocol, len(b))
	}
	return selInfo{binary.LittleEndian.Uint16(b[1:]), binary.LittleEndian.Uint16(b[3:]), b[13]&0x02 != 0, b[13]&0x80 != 0}, nil
}

func logWords(b []byte) (string, error) {
	i, err := parseSELInfo(b)
	if err != nil {
		return "", err
	}
	words := fmt.Sprintf("%d entries, %d bytes free", i.entries, i.free)
	if i.overflow {
		words += "; it is full, and entries were lost: clear it"
	}
	return words, nil
}
