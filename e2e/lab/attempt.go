package lab

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"unicode/utf16"
)

// GUIDs as they are in memory (UEFI specification, appendix A).
var (
	variableStore = guid("782cf3aa7b949a43a1802e144ec37792") // of authenticated variables
	initiatorGUID = guid("4549325944ec0d4cb1cd9db139df070c")
	configGUID    = guid("16d6474bd6a852459d44ccad2e0f4cf9")
)

func guid(digits string) []byte {
	b, err := hex.DecodeString(digits)
	if err != nil {
		panic(err) // a constant
	}
	return b
}

// Layout of a variable in OVMF's store (EDK2, Include/Guid/VariableFormat.h,
// AUTHENTICATED_VARIABLE_HEADER).
const (
	variableHeader = 60
	variableAdded  = 0x3f
	variableGone   = 0x3c
)

// seedAttempt makes an attempt of EDK2's iSCSI initiator in a variable store: by the card
// mac, under the name initiator, with the target told by DHCP (NetworkPkg/IScsiDxe,
// ISCSI_ATTEMPT_CONFIG_NVDATA and ISCSI_SESSION_CONFIG_NVDATA).
func seedAttempt(store []byte, mac, initiator string) error {
	own := []string{"Attempt 1", "AttemptOrder", "I_NAME", "InitialAttemptOrder"}
	for _, name := range own {
		if old := variableNamed(store, name); old != nil {
			old.header[2] = variableGone
		}
	}
	for _, v := range []struct {
		name string
		guid []byte
		data []byte
	}{
		{own[0], initiatorGUID, attempt(mac)}, {own[1], configGUID, []byte{1}}, {own[2], initiatorGUID, append([]byte(initiator), 0)},
		{own[3], configGUID, []byte{1, 2, 3, 4, 5, 6, 7, 8}}, // or the firmware would make all eight anew
	} {
		if err := appendVariable(store, variable(v.name, v.guid, v.data)); err != nil {
			return err
		}
	}
	return nil
}

// stored is a variable in a store: parts of the store itself.
type stored struct{ header, data []byte }

// variables walks over the variables of a store until visit returns false, and returns the
// end of those visited, -1 for no store.
func variables(store []byte, visit func(name string, v stored) bool) (end int) {
	start := bytes.Index(store, variableStore)
	if start < 0 {
		return -1
	}
	at := start + 28
	for binary.LittleEndian.Uint16(store[at:]) == 0x55aa {
		name, data := int(binary.LittleEndian.Uint32(store[at+36:])), int(binary.LittleEndian.Uint32(store[at+40:]))
		from := at + variableHeader
		if !visit(text16(store[from:from+name]), stored{store[at:from], store[from+name : from+name+data]}) {
			break
		}
		at = (from + name + data + 3) &^ 3
	}
	return at
}

// variableNamed returns a variable of a store, nil for none.
func variableNamed(store []byte, name string) (found *stored) {
	variables(store, func(n string, v stored) bool {
		if n == name && v.header[2] == variableAdded {
			found = &v
		}
		return found == nil
	})
	return found
}

// appendVariable adds a record to a store.
func appendVariable(store, record []byte) error {
	at := variables(store, func(string, stored) bool { return true })
	if at < 0 {
		return errors.New("no store of authenticated variables in this file")
	}
	start := bytes.Index(store, variableStore)
	if at+len(record) > start+int(binary.LittleEndian.Uint32(store[start+16:])) {
		return errors.New("the store of variables is full")
	}
	copy(store[at:], record)
	return nil
}

func text16(b []byte) string {
	var units []uint16
	for ; len(b) >= 2 && b[0]|b[1] != 0; b = b[2:] {
		units = append(units, binary.LittleEndian.Uint16(b))
	}
	return string(utf16.Decode(units))
}

// variable is a non-volatile variable of the boot services.
func variable(name string, guid, data []byte) []byte {
	var text []byte
	for _, unit := range utf16.Encode([]rune(name + "\x00")) {
		text = binary.LittleEndian.AppendUint16(text, unit)
	}
	b := make([]byte, variableHeader-len(guid), variableHeader+len(text)+len(data))
	binary.LittleEndian.PutUint16(b, 0x55aa)
	b[2] = variableAdded
	binary.LittleEndian.PutUint32(b[4:], 3)
	binary.LittleEndian.PutUint32(b[36:], uint32(len(text)))
	binary.LittleEndian.PutUint32(b[40:], uint32(len(data)))
	return slices.Concat(b, guid, text, data)
}

// attempt is an enabled attempt without CHAP whose address and target come from DHCP.
func attempt(mac string) []byte {
	card, _ := hex.DecodeString(strings.ReplaceAll(mac, ":", "")) // one of the laboratory's
	fixed := func(text string, size int) []byte { return append([]byte(text), make([]byte, size-len(text))...) }
	session := slices.Concat(
		[]byte{0xbc, 0x0c, 1, 0},            // port 3260, enabled, IPv4
		make([]byte, 16+4+16), []byte{1, 1}, // our address, mask, gateway; ours and the target's from DHCP
		make([]byte, 224+16+1+8), // the target: name, address, prefix length, LUN
		[]byte{0x88, 0x13, 2},    // timeout 5000 ms, retries
		card, make([]byte, 1+2+16+1+255),
	)
	return slices.Concat(
		make([]byte, 16), []byte{0, 1, 0, 0, 0, 0}, make([]byte, 4),
		fixed("Attempt 1", 12), fixed(strings.ToUpper(mac), 96), make([]byte, 48), session,
		make([]byte, 2+127+17+127+17), []byte{0, 1},
	)
}
