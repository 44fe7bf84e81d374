package disk

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"
)

// ataDisk is a disk with a security feature set, as far as erasing it needs.
type ataDisk struct {
	words  map[int]uint16
	fails  byte // the command that it refuses
	sent   []byte
	erase  uint16 // the first word of the erasure
	within time.Duration
}

func (d *ataDisk) send(cdb, data []byte, read bool, within time.Duration) error {
	command := cdb[14]
	d.sent = append(d.sent, command)
	switch {
	case cdb[0] != 0x85 || (data != nil) != (cdb[6] == 1) || read != (cdb[2]&8 != 0):
		return errors.New("a CDB that moves its data otherwise")
	case command == d.fails:
		return errors.New("refused")
	case command == ataIdentify:
		for n, word := range d.words {
			binary.LittleEndian.PutUint16(data[2*n:], word)
		}
	case command == ataEraseUnit:
		d.erase, d.within = binary.LittleEndian.Uint16(data), within
	}
	if command != ataIdentify && data != nil && string(data[2:17]) != ataPassword {
		return errors.New("another password")
	}
	return nil
}

func TestSecureErase(t *testing.T) {
	const able, locked, frozen, enhanced = 1, 1 | 2 | 4, 1 | 8, 1 | 1<<5
	for name, c := range map[string]struct {
		words  map[int]uint16
		fails  byte
		sent   string
		how    string
		wrong  error
		within time.Duration
	}{
		"able": {map[int]uint16{128: able, 89: 30}, 0, "\xec\xf1\xf3\xf4", "secure erase (ATA)", nil, 70 * time.Minute},
		"enhanced": {map[int]uint16{128: enhanced, 89: 30, 90: 1}, 0, "\xec\xf1\xf3\xf4", "enhanced secure erase (ATA)", nil,
			12 * time.Minute},
		"a time of 15 bits":    {map[int]uint16{128: able, 89: 1<<15 | 300}, 0, "\xec\xf1\xf3\xf4", "secure erase (ATA)", nil, 610 * time.Minute},
		"a time that is not":   {map[int]uint16{128: able, 89: 0xff}, 0, "\xec\xf1\xf3\xf4", "secure erase (ATA)", nil, 24 * time.Hour},
		"left behind, locked":  {map[int]uint16{128: locked, 89: 30}, 0, "\xec\xf2\xf1\xf3\xf4", "secure erase (ATA)", nil, 70 * time.Minute},
		"locked by another":    {map[int]uint16{128: locked}, ataUnlock, "\xec\xf2", "", errLocked, 0},
		"frozen":               {map[int]uint16{128: frozen}, 0, "\xec", "", errFrozen, 0},
		"without":              {nil, 0, "\xec", "", errNoSecurity, 0},
		"fails in the erasure": {map[int]uint16{128: able}, ataEraseUnit, "\xec\xf1\xf3\xf4\xf6", "", nil, 0},
	} {
		d := &ataDisk{words: c.words, fails: c.fails}
		how, err := SecureErase(d.send)
		if how != c.how || string(d.sent) != c.sent || d.within != c.within || (how == "") != (err != nil) || c.wrong != nil &&
			!errors.Is(err, c.wrong) {
			t.Errorf("%s: %q, %v, sent % x within %v", name, how, err, d.sent, d.within)
		}
		if d.erase == 2 != strings.HasPrefix(how, "enhanced") {
			t.Errorf("%s: erased by way %d, said %q", name, d.erase, how)
		}
	}
}

// nvmeDisk is a controller with namespaces, as far as erasing one needs.
type nvmeDisk struct {
	oacs, fna  byte
	sanicap    uint32
	namespaces []uint32
	refuses    byte
	sent       []NVMeCommand
}

func (d *nvmeDisk) send(c NVMeCommand, data []byte) error {
	switch {
	case c.Opcode == d.refuses:
		return errors.New("refused")
	case c.Opcode == nvmeIdentify && c.CDW10 == 1:
		data[256], data[524] = d.oacs, d.fna
		binary.LittleEndian.PutUint32(data[328:], d.sanicap)
	case c.Opcode == nvmeIdentify && c.CDW10 == 2:
		for i, n := range d.namespaces {
			binary.LittleEndian.PutUint32(data[4*i:], n)
		}
	case c.Opcode == nvmeIdentify:
		data[26] = 3
	case c.Opcode == nvmeGetLog:
		data[2] = 1
	default:
		d.sent = append(d.sent, c)
	}
	return nil
}

func TestNVMeErase(t *testing.T) {
	one, two := []uint32{5}, []uint32{5, 6}
	for name, c := range map[string]struct {
		disk   nvmeDisk
		how    string
		opcode byte
		cdw10  uint32
	}{
		"format":                   {nvmeDisk{oacs: 2, namespaces: two}, "formatted (NVMe, user data erased)", nvmeFormat, 3 | 1<<9},
		"format, key":              {nvmeDisk{oacs: 2, fna: 4, namespaces: two}, "formatted (NVMe, key erased)", nvmeFormat, 3 | 2<<9},
		"format of all, alone":     {nvmeDisk{oacs: 2, fna: 2, namespaces: one}, "formatted (NVMe, user data erased)", nvmeFormat, 3 | 1<<9},
		"format of all, not alone": {nvmeDisk{oacs: 2, fna: 1, sanicap: 2, namespaces: two}, "", 0, 0},
		"sanitize":                 {nvmeDisk{sanicap: 3, namespaces: one}, "sanitized (NVMe, blocks erased)", nvmeSanitize, 2},
		"sanitize, key":            {nvmeDisk{sanicap: 1, namespaces: one}, "sanitized (NVMe, key erased)", nvmeSanitize, 4},
		"sanitize, for format failed": {nvmeDisk{oacs: 2, sanicap: 2, namespaces: one, refuses: nvmeFormat}, "sanitized (NVMe, blocks erased)",
			nvmeSanitize, 2},
		"sanitize, not alone": {nvmeDisk{sanicap: 2, namespaces: two}, "", 0, 0},
		"neither":             {nvmeDisk{namespaces: one}, "", 0, 0},
	} {
		how, err := NVMeErase(c.disk.send, 5)
		if how != c.how || (how == "") != (err != nil) {
			t.Errorf("%s: %q, %v", name, how, err)
		}
		if how == "" && len(c.disk.sent) != 0 || how != "" &&
			(len(c.disk.sent) != 1 || c.disk.sent[0].Opcode != c.opcode || c.disk.sent[0].CDW10 != c.cdw10) {
			t.Errorf("%s: sent %+v", name, c.disk.sent)
		}
	}
}
