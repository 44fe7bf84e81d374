package ipmi

import "slices"

// Boot flags, parameter 5 of the system boot options (table 28-14). The first byte:
const (
	flagsValid      = 0x80
	flagsPersistent = 0x40
	flagsUEFI       = 0x20
)

// The second byte: the boot device.
const (
	devicePXE            = 0x04
	deviceDisk           = 0x08
	deviceSafe           = 0x0c
	deviceCDROM          = 0x14
	deviceBIOS           = 0x18
	deviceDiskSupermicro = 0x24 // Supermicro's value for the disk in UEFI mode
	deviceMask           = 0x3c
)

// devices in the order in which Ironic lists them.
var devices = []struct {
	name string
	code byte
}{
	{"pxe", devicePXE}, {"disk", deviceDisk}, {"cdrom", deviceCDROM}, {"bios", deviceBIOS}, {"safe", deviceSafe},
}

func deviceNames() []string {
	var names []string
	for _, d := range devices {
		names = append(names, d.name)
	}
	return names
}

// encodeFlags returns the five bytes of the parameter.
func (i info) encodeFlags(device string, persistent bool) ([]byte, error) {
	at := slices.Index(deviceNames(), device)
	if at < 0 {
		return nil, invalid("Invalid boot device %s specified.", device)
	}
	code, flags := devices[at].code, byte(flagsValid)
	if persistent {
		flags |= flagsPersistent
	}
	if i.uefi {
		flags |= flagsUEFI
		if i.supermicro && device == "disk" {
			code = deviceDiskSupermicro
		}
	}
	return []byte{flags, code, 0, 0, 0}, nil
}

// decodeFlags reads the parameter; flags that are not valid name no device, because
// the firmware ignores them.
func decodeFlags(b []byte) (device string, persistent bool) {
	if len(b) < 2 || b[0]&flagsValid == 0 {
		return "", false
	}
	code := b[1] & deviceMask
	if code == deviceDiskSupermicro {
		code = deviceDisk
	}
	for _, d := range devices {
		if d.code == code {
			return d.name, b[0]&flagsPersistent != 0
		}
	}
	return "", false
}
