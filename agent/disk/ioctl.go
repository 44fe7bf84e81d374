package disk

import (
	"fmt"
	"os"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sgHeader is Linux's struct sg_io_hdr (scsi/sg.h).
type sgHeader struct {
	interfaceID, direction                       int32
	cdbLen, senseLen                             byte
	iovecs                                       uint16
	dataLen                                      uint32
	data, cdb, sense                             unsafe.Pointer
	timeoutMillis, flags                         uint32
	packID                                       int32
	user                                         unsafe.Pointer
	status, maskedStatus, messageStatus, written byte
	hostStatus, driverStatus                     uint16
	residual                                     int32
	duration, info                               uint32
}

const (
	sgIO       = 0x2285
	sgNone     = -1
	sgToDisk   = -2
	sgFromDisk = -3
)

// ATA sends commands to an ATA disk behind the SCSI of Linux.
func ATA(f *os.File) Passthrough {
	return func(cdb, data []byte, read bool, within time.Duration) error {
		sense := make([]byte, 32)
		h := sgHeader{interfaceID: 'S', direction: sgNone, cdbLen: byte(len(cdb)), cdb: unsafe.Pointer(&cdb[0]),
			senseLen: byte(len(sense)), sense: unsafe.Pointer(&sense[0]), timeoutMillis: uint32(within.Milliseconds())}
		if data != nil {
			h.direction, h.dataLen, h.data = sgToDisk, uint32(len(data)), unsafe.Pointer(&data[0])
			if read {
				h.direction = sgFromDisk
			}
		}
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), sgIO, uintptr(unsafe.Pointer(&h)))
		runtime.KeepAlive(sense)
		switch {
		case errno != 0:
			return errno
		case h.status != 0 || h.hostStatus != 0 || h.driverStatus&0xf != 0:
			return fmt.Errorf("the disk refuses command %#x: status %#x, host %#x, driver %#x, sense % x", cdb[14], h.status, h.hostStatus,
				h.driverStatus, sense[:h.written])
		}
		return nil
	}
}

// nvmeAdmin is Linux's struct nvme_admin_cmd (linux/nvme_ioctl.h).
type nvmeAdmin struct {
	opcode, flags          uint8
	_                      uint16
	nsid, cdw2, cdw3       uint32
	metadata               uint64
	data                   unsafe.Pointer
	metadataLen, dataLen   uint32
	cdw10, cdw11, cdw12    uint32
	cdw13, cdw14, cdw15    uint32
	timeoutMillis, outcome uint32
}

const (
	nvmeIoctlID    = 0x4e40     // _IO('N', 0x40)
	nvmeIoctlAdmin = 0xc0484e41 // _IOWR('N', 0x41, struct nvme_admin_cmd)
)

// NVMe sends admin commands to the controller of a disk, whose namespace it returns.
func NVMe(f *os.File) (send Admin, namespace uint32, err error) {
	id, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), nvmeIoctlID, 0)
	if errno != 0 {
		return nil, 0, errno
	}
	return func(c NVMeCommand, data []byte) error {
		command := nvmeAdmin{opcode: c.Opcode, nsid: c.Namespace, cdw10: c.CDW10, cdw11: c.CDW11, timeoutMillis: uint32(c.Within.Milliseconds())}
		if len(data) > 0 {
			command.data, command.dataLen = unsafe.Pointer(&data[0]), uint32(len(data))
		}
		status, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), nvmeIoctlAdmin, uintptr(unsafe.Pointer(&command)))
		switch {
		case errno != 0:
			return errno
		case status != 0:
			return fmt.Errorf("the disk answers status %#x", status)
		}
		return nil
	}, uint32(id), nil
}
