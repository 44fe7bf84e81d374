package image

// Arch is the processors that a guest runs on.
type Arch struct {
	Name      string // as Debian names it
	loader    string // what UEFI starts from a volume
	systemd   string // the program of systemd-boot
	linker    string // the dynamic linker, with its folder
	libraries []string
	packages  []string // with the libraries that come from this host on its own architecture
	modules   []string
}

// AMD64 is this host's, whose BIOS a guest boots from, too. ARM64 has UEFI only. No program of
// a guest runs here, so that its image can be made on any host.
var (
	AMD64 = Arch{
		Name: "amd64", loader: "BOOTX64.EFI", systemd: "systemd-bootx64.efi", linker: "lib64/ld-linux-x86-64.so.2",
		libraries: []string{"lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu", "lib64", "usr/lib/x86_64-linux-gnu/ceph"},
		modules:   []string{"crc32c-intel"},
	}
	ARM64 = Arch{
		Name: "arm64", loader: "BOOTAA64.EFI", systemd: "systemd-bootaa64.efi", linker: "lib/ld-linux-aarch64.so.1",
		libraries: []string{"lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu"},
		packages: []string{"libc6", "libkmod2", "libssl3", "libmount1", "libblkid1", "libselinux1", "libpcre2-8-0", "libsystemd0",
			"liblzma5", "libzstd1", "liblz4-1", "libcap2", "libgcrypt20", "libgpg-error0", "libuuid1"},
	}
)

// Console is the serial lines of all architectures, as kernel arguments: those that a machine
// does not have are nothing to it, and the last is where programs write.
const Console = "console=ttyAMA0 console=ttyS0,115200"
