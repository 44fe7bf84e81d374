package lab

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"
)

// Firmware of a machine.
type Firmware string

const (
	BIOS Firmware = "bios" // SeaBIOS, with the network card's iPXE ROM
	UEFI Firmware = "uefi" // OVMF
	ARM  Firmware = "arm"  // AAVMF: UEFI of a machine of arm64
)

// Hardware describes a machine. The zero value is a BIOS machine with a virtio
// network card.
type Hardware struct {
	Name     string
	Firmware Firmware
	NIC      string // as QEMU names it: virtio-net-pci, e1000
	NoROM    bool   // no iPXE in the card: the firmware's own network stack boots
	ROM      string // the file of the iPXE in the card, where it is not QEMU's own
	Kernel   string // an iPXE that the machine has on board, as ipxe.lkrn (BIOS, with NoROM)
	IPv6     bool   // that stack boots over IPv6 only (UEFI)
	HTTPBoot bool   // that stack boots by HTTP only, not by PXE (UEFI)
	MAC      string // by default one made from the machine's number
	// Initiator is the name under which the iSCSI initiator of the firmware boots, from the
	// target that DHCP tells it, before all else; "" for no attempt (UEFI, with NoROM).
	Initiator  string
	SecureBoot *Signer // trusted beside Microsoft, with Secure Boot on; nil for off (UEFI)

	// What the firmware boots from when the network has nothing, in this order.
	Card2 string // the MAC of a second network card, "" for none
	Disk  string // the file of a local disk, "" for none; what is written to it is forgotten

	Memory  int      // MiB, 0 for 512
	Devices []string // more arguments of QEMU: disks that stay, and what they are attached to
}

// Machine is a virtual machine, as a rule without a disk, off until its BMC is ordered
// to switch it on. Each time its power goes on is a Boot.
type Machine struct {
	Hardware
	BMC BMC

	lab *Lab

	mu      sync.Mutex
	boots   []*Boot
	device  string        // the boot device the BMC was last told, "none" at first
	changed chan struct{} // closed and replaced at each power-on
}

// Boot is one time that a machine's power is on.
type Boot struct {
	Console *Log // the serial line; it starts when the power goes on
	process *Process

	mu   sync.Mutex
	next int // the line of the console from which Expect goes on
}

// Off is closed when the power is off.
func (b *Boot) Off() <-chan struct{} { return b.process.Done() }

// Machine adds a machine, powered off, to the lab, and starts its BMC.
func (l *Lab) Machine(ctx context.Context, hw Hardware) (*Machine, error) {
	number, bmc := l.nextMachine()
	if hw.Firmware == "" {
		hw.Firmware = BIOS
	}
	if hw.NIC == "" {
		hw.NIC = "virtio-net-pci"
	}
	if hw.MAC == "" {
		hw.MAC = fmt.Sprintf("52:54:00:77:00:%02x", 0x10+number)
	}
	m := &Machine{Hardware: hw, lab: l, device: "none", changed: make(chan struct{})}
	for _, mac := range m.Cards() {
		err := l.IP("tuntap add dev " + tap(mac) + " mode tap\n" +
			"link set " + tap(mac) + " master " + Bridge + " up\n")
		if err != nil {
			return nil, err
		}
	}
	var err error
	if m.BMC, err = l.startBMC(ctx, m, bmc); err != nil {
		return nil, fmt.Errorf("BMC of %s: %w", hw.Name, err)
	}
	return m, nil
}

// Cards are the MACs of the machine's network cards, in the order in which it boots from them.
func (hw Hardware) Cards() []string {
	if hw.Card2 == "" {
		return []string{hw.MAC}
	}
	return []string{hw.MAC, hw.Card2}
}

// tap is the name of a card's port at the bridge: the end of its MAC makes it unique.
func tap(mac string) string { return "tap" + mac[len(mac)-2:] }

// PowerOn starts the machine unless it is on.
func (m *Machine) PowerOn() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.running() != nil {
		return nil
	}
	args, err := m.qemuArgs()
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s-boot%d", m.Name, len(m.boots)+1)
	p, err := m.lab.Start(name, m.qemu(), args...)
	if err != nil {
		return err
	}
	m.boots = append(m.boots, &Boot{Console: p.Log, process: p})
	close(m.changed)
	m.changed = make(chan struct{})
	return nil
}

// PowerOff takes the machine's power away, as pulling the plug does.
func (m *Machine) PowerOff() {
	m.mu.Lock()
	boot := m.running()
	m.mu.Unlock()
	if boot != nil {
		boot.process.Kill()
	}
}

// On reports whether the machine has power.
func (m *Machine) On() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.running() != nil
}

// bootDevice returns the BMC's last setting, in ipmi_sim's words: none,
// network, default, ... The machine has nothing but a network card, so this is
// only remembered.
func (m *Machine) bootDevice() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.device
}

func (m *Machine) setBootDevice(device string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.device = device
}

// running returns the boot that is on, or nil; m.mu is held.
func (m *Machine) running() *Boot {
	if len(m.boots) == 0 {
		return nil
	}
	last := m.boots[len(m.boots)-1]
	select {
	case <-last.Off():
		return nil
	default:
		return last
	}
}

// Boot waits until the machine's power has gone on n times, and returns the n-th.
func (m *Machine) Boot(ctx context.Context, n int) (*Boot, error) {
	for {
		m.mu.Lock()
		boots, changed := m.boots, m.changed
		m.mu.Unlock()
		if len(boots) >= n {
			return boots[n-1], nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for power-on %d of %s: %w", n, m.Name, context.Cause(ctx))
		}
	}
}

// trouble is what a console shows when a boot has failed.
var trouble = regexp.MustCompile(`guest: FAIL|Kernel panic|I/O error|No bootable device`)

// Expect waits for the next line on the console that matches the pattern, after
// the one that the last Expect returned. It fails at the first sign of trouble
// and when the power goes.
func (b *Boot) Expect(ctx context.Context, pattern string) (line Line, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	line, b.next, err = b.Console.waitFrom(ctx, b.next, regexp.MustCompile(pattern), trouble)
	return line, err
}

// ExpectOff waits until the machine has powered itself off.
func (b *Boot) ExpectOff(ctx context.Context) error {
	return b.process.Wait(ctx)
}

// qemu is the program that emulates the machine.
func (m *Machine) qemu() string {
	if m.Firmware == ARM {
		return "qemu-system-aarch64"
	}
	return "qemu-system-x86_64"
}

// qemuArgs returns QEMU's command line. The processor is emulated (TCG): slower
// than KVM, but it works wherever the tests run, and alike.
func (m *Machine) qemuArgs() ([]string, error) {
	strict := ",strict=on"
	if m.Initiator != "" {
		strict = ""
	}
	args := []string{
		"-name", m.Name, "-smp", "1", "-m", fmt.Sprint(cmp.Or(m.Memory, 512)),
		"-nodefaults", "-no-user-config", "-display", "none", "-boot", "menu=off" + strict,
		"-chardev", "stdio,id=serial0,signal=off",
	}
	if m.Firmware == ARM {
		args = append(args, "-machine", "virt,accel=tcg", "-cpu", "cortex-a57", "-serial", "chardev:serial0")
	} else {
		args = append(args, "-machine", "q35,accel=tcg,graphics=off", "-cpu", "max", "-device", "isa-serial,chardev=serial0")
	}
	for i, mac := range m.Cards() {
		nic := fmt.Sprintf("%s,netdev=net%d,mac=%s", m.NIC, i, mac)
		if m.Initiator == "" { // QEMU's order cannot name the disks of the firmware's initiator
			nic += fmt.Sprintf(",bootindex=%d", i+1)
		}
		if m.NoROM || m.ROM != "" {
			nic += ",romfile=" + m.ROM
		}
		args = append(args, "-netdev", fmt.Sprintf("tap,id=net%d,ifname=%s,script=no,downscript=no", i, tap(mac)), "-device", nic)
	}
	if m.Disk != "" {
		args = append(args, "-drive", "if=none,id=disk,format=raw,snapshot=on,file="+m.Disk, "-device", "virtio-blk-pci,drive=disk,bootindex=9")
	}
	args = append(args, m.Devices...)
	if m.Kernel != "" {
		args = append(args, "-kernel", m.Kernel)
	}
	if m.Firmware == BIOS {
		return args, nil
	}
	vars, err := m.uefiVars()
	if m.HTTPBoot || m.Initiator != "" {
		for _, version := range []string{"IPv4", "IPv6"} {
			args = append(args, "-fw_cfg", "name=opt/org.tianocore/"+version+"PXESupport,string=n")
		}
	}
	if m.IPv6 {
		args = append(args, "-fw_cfg", "name=opt/org.tianocore/IPv4PXESupport,string=n")
	}
	code := ovmfCode
	if m.Firmware == ARM {
		code = aavmfCode
	}
	if m.Initiator != "" || m.SecureBoot != nil { // that with Secure Boot is the one that was tried with the initiator
		code = ovmfSecure
		args = append(args, "-machine", "smm=on", "-global", "driver=cfi.pflash01,property=secure,value=on")
	}
	return append(args,
		"-drive", "if=pflash,format=raw,readonly=on,file="+code,
		"-drive", "if=pflash,format=raw,file="+vars,
		"-device", "virtio-rng-pci"), err
}

const (
	ovmfCode = "/usr/share/OVMF/OVMF_CODE_4M.fd"
	ovmfVars = "/usr/share/OVMF/OVMF_VARS_4M.fd"

	ovmfSecure     = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd"
	ovmfSecureVars = "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"

	aavmfCode = "/usr/share/AAVMF/AAVMF_CODE.fd"
	aavmfVars = "/usr/share/AAVMF/AAVMF_VARS.fd"
)

// uefiVars returns the file with the machine's UEFI variables, made at first use.
func (m *Machine) uefiVars() (string, error) {
	path := filepath.Join(m.lab.Dir, m.Name+"-vars.fd")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	from := ovmfVars
	if m.Firmware == ARM {
		from = aavmfVars
	}
	if m.SecureBoot != nil {
		from = ovmfSecureVars
	}
	body, err := os.ReadFile(from)
	if err != nil {
		return "", fmt.Errorf("%w (packages ovmf, qemu-efi-aarch64)", err)
	}
	if err := m.seed(body); err != nil {
		return "", fmt.Errorf("%s: %w", from, err)
	}
	return path, os.WriteFile(path, body, 0o644)
}

// seed changes the variables of a firmware that has not run yet.
func (m *Machine) seed(store []byte) error {
	if m.SecureBoot != nil {
		cert, err := m.SecureBoot.trusted()
		if err != nil {
			return err
		}
		if err := trust(store, cert); err != nil {
			return err
		}
	}
	if m.Initiator != "" {
		return seedAttempt(store, m.MAC, m.Initiator)
	}
	return nil
}
