package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// The commands of NVM Express 1.4 by which a disk erases itself.
const (
	nvmeGetLog   = 0x02
	nvmeIdentify = 0x06
	nvmeFormat   = 0x80
	nvmeSanitize = 0x84

	eraseUserData  = 1 << 9 // of Format NVM (5.23)
	eraseKey       = 2 << 9
	sanitizeBlocks = 2    // of Sanitize (5.24)
	sanitizeKey    = 4    //
	sanitizeStatus = 0x81 // the log page (5.14.1.16.2)
)

// nvmeTime bounds an erasure by the disk itself.
const nvmeTime = 4 * time.Hour

// Admin sends an admin command to a controller and moves data from it, if any.
type Admin func(c NVMeCommand, data []byte) error

// NVMeCommand is an admin command of NVMe.
type NVMeCommand struct {
	Opcode       byte
	Namespace    uint32
	CDW10, CDW11 uint32
	Within       time.Duration
}

// errShared is a way to erase that would erase other namespaces, too.
var errShared = errors.New("the controller has other namespaces, which would be erased with it")

// NVMeErase has a namespace erase itself: by Format NVM, else by Sanitize, which is of the whole
// controller. It returns how. What else the controller has is never erased.
func NVMeErase(send Admin, namespace uint32) (how string, err error) {
	controller, all, ours := make([]byte, 4096), make([]byte, 4096), make([]byte, 4096)
	for _, ask := range []struct { // Identify (5.15.1): the controller, its namespaces, ours
		what, of uint32
		answer   []byte
	}{{1, 0, controller}, {2, 0, all}, {0, namespace, ours}} {
		if err := send(NVMeCommand{Opcode: nvmeIdentify, Namespace: ask.of, CDW10: ask.what, Within: time.Minute}, ask.answer); err != nil {
			return "", fmt.Errorf("identify: %w", err)
		}
	}
	alone := binary.LittleEndian.Uint32(all[4:]) == 0
	how, err = formatNVMe(send, namespace, controller, ours, alone)
	if err == nil {
		return how, nil
	}
	how, other := sanitizeNVMe(send, controller, alone)
	if other != nil {
		return "", errors.Join(err, other)
	}
	return how, nil
}

// formatNVMe formats the namespace as it is now formatted (FLBAS), erasing the key of its encryption or
// what is on it.
func formatNVMe(send Admin, namespace uint32, controller, ours []byte, alone bool) (how string, err error) {
	const canFormat = 1 << 1      // OACS
	attributes := controller[524] // FNA
	switch {
	case binary.LittleEndian.Uint16(controller[256:])&canFormat == 0:
		return "", errors.New("format: the controller cannot")
	case attributes&3 != 0 && !alone: // it formats or erases all namespaces at once
		return "", fmt.Errorf("format: %w", errShared)
	}
	how, way := "formatted (NVMe, user data erased)", uint32(eraseUserData)
	if attributes&4 != 0 {
		how, way = "formatted (NVMe, key erased)", eraseKey
	}
	err = send(NVMeCommand{Opcode: nvmeFormat, Namespace: namespace, CDW10: uint32(ours[26]&0xf) | way, Within: nvmeTime}, nil)
	if err != nil {
		return "", fmt.Errorf("format: %w", err)
	}
	return how, nil
}

// sanitizeNVMe sanitizes the controller's only namespace, and waits for the end of that.
func sanitizeNVMe(send Admin, controller []byte, alone bool) (how string, err error) {
	can := binary.LittleEndian.Uint32(controller[328:]) // SANICAP
	how, way := "sanitized (NVMe, blocks erased)", uint32(sanitizeBlocks)
	switch {
	case can&3 == 0:
		return "", errors.New("sanitize: the controller cannot")
	case !alone:
		return "", fmt.Errorf("sanitize: %w", errShared)
	case can&2 == 0:
		how, way = "sanitized (NVMe, key erased)", sanitizeKey
	}
	if err := send(NVMeCommand{Opcode: nvmeSanitize, CDW10: way, Within: time.Minute}, nil); err != nil {
		return "", fmt.Errorf("sanitize: %w", err)
	}
	for end := time.Now().Add(nvmeTime); time.Now().Before(end); time.Sleep(time.Second) {
		log := make([]byte, 512)
		if err := send(NVMeCommand{Opcode: nvmeGetLog, Namespace: 0xffffffff, CDW10: sanitizeStatus | (uint32(len(log)/4)-1)<<16,
			Within: time.Minute}, log); err != nil {
			return "", fmt.Errorf("sanitize: %w", err)
		}
		switch status := binary.LittleEndian.Uint16(log[2:]) & 7; status {
		case 1, 4: // completed, and completed without deallocation
			return how, nil
		case 2:
		default:
			return "", fmt.Errorf("sanitize: the disk says status %d", status)
		}
	}
	return "", fmt.Errorf("sanitize: not done within %v", nvmeTime)
}
