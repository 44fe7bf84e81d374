package appliance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"ironhook/appliance/backup"
	"ironhook/bootsrv/dhcp"
	"ironhook/store"
	"ironhook/volume"
)

// Finding is the result of one check of [Diagnose].
type Finding struct {
	Check  string // which one
	Bad    bool   // machines do not boot, or will not for long
	Text   string // what was found
	Remedy string // what to do about it; "" unless Bad
}

// patient is what the doctor looks at.
type patient struct {
	Config
	running bool       // an appliance works there
	seen    store.Copy // what stands in the database
	probe   bool       // other DHCP servers may be asked for
}

// check looks at one thing; it returns findings that are bad, or what it found to be good.
type check struct {
	name string
	run  func(ctx context.Context, p *patient) (good string, bad []Finding)
	as   func(dir string, f func() error) error // whom
}

// myself runs a check with the rights that this process has, as AsOwner does with those of the appliance.
func myself(_ string, f func() error) error { return f() }

// checks stand in an order in which a later one may use what an earlier one has found.
var checks = []check{
	{"data directory", checkModes, myself},
	{"database", checkDatabase, AsOwner},
	{"time", checkTime, myself},
	{"layers", checkLayers, AsOwner},
	{"grants", checkGrants, AsOwner},
	{"disk", checkSpace, myself},
	{"backups", checkBackups, AsOwner},
	{"ports", checkPorts, myself},
	{"network", checkNetwork, myself},
	{"neighbours", checkNeighbours, myself},
	{"DHCP", checkRivals, myself},
}

// Diagnose checks the appliance of the configuration, running or not, and changes nothing. As root it looks at the files as
// the owner of the data directory, which the appliance runs as. Only where probe is set is anything sent: a DHCP request
// for other servers on the boot interfaces.
func Diagnose(ctx context.Context, c Config, probe bool) (all []Finding) {
	p := &patient{Config: c, probe: probe}
	for _, k := range checks {
		var good string
		var bad []Finding
		err := k.as(c.Data, func() error { good, bad = k.run(ctx, p); return nil })
		if err != nil {
			bad = append(bad, Finding{Text: err.Error(), Remedy: "run this as the user of the appliance"})
		}
		if len(bad) == 0 {
			all = append(all, Finding{Check: k.name, Text: good})
		}
		for _, f := range bad {
			f.Check, f.Bad = k.name, true
			all = append(all, f)
		}
	}
	return all
}

// bad is a list of one finding.
func bad(remedy, format string, args ...any) []Finding {
	return []Finding{{Text: fmt.Sprintf(format, args...), Remedy: remedy}}
}

// checkModes looks for what others can read and for what is not the owner's, and finds out whether an appliance runs.
func checkModes(_ context.Context, p *patient) (string, []Finding) {
	if _, err := os.Stat(p.Data); err != nil {
		return "", bad("start ironhook serve once, or give the directory of the appliance", "%v", err)
	}
	var found []Finding
	open, err := openToOthers(p.Data)
	for _, path := range open {
		found = append(found, bad("chmod go= "+path, "%s can be read by others", path)...)
	}
	strange, failed := strangers(p.Data)
	if len(strange) > 0 {
		found = append(found, bad("chown --recursive --reference="+p.Data+" "+p.Data,
			"%s belongs to another user than the directory (%d such files): the appliance cannot use it", strange[0], len(strange))...)
	}
	if err := errors.Join(err, failed); err != nil {
		found = append(found, bad("run this as the user of the appliance", "%v", err)...)
	}
	if _, err := os.Stat(filepath.Join(p.Data, "lock")); err != nil {
		return p.Data + ", never used", found
	}
	lock, err := takeLock(p.Data)
	if err == nil {
		err = lock.Close()
	}
	if p.running = errors.Is(err, ErrInUse); p.running {
		return p.Data + ", an appliance runs there", found
	}
	if err != nil {
		found = append(found, bad("run this as the user of the appliance", "%v", err)...)
	}
	return p.Data + ", no appliance runs there", found
}

// checkDatabase reads all of it.
func checkDatabase(ctx context.Context, p *patient) (good string, found []Finding) {
	var err error
	if p.seen, err = store.Examine(ctx, filepath.Join(p.Data, databaseFile)); err != nil {
		remedy := store.Remedy(err)
		if remedy == "" {
			remedy = "see the error"
		}
		return "", bad(remedy, "%v", err)
	}
	return fmt.Sprintf("whole, schema %d, appliance %s", p.seen.Schema, p.seen.Appliance), nil
}

// checkTime compares the clock with the newest event.
func checkTime(_ context.Context, p *patient) (string, []Finding) {
	now := time.Now()
	if ahead := p.seen.Newest.Sub(now); ahead > time.Minute {
		return "", bad("set the clock (timedatectl set-ntp true): leases and certificates go by it",
			"the clock is %v behind the newest event, of %s", ahead.Round(time.Second), p.seen.Newest.UTC().Format(time.RFC3339))
	}
	return now.UTC().Format(time.RFC3339), nil
}

// checkLayers looks for the files of everything that the database says has any.
func checkLayers(_ context.Context, p *patient) (string, []Finding) {
	if len(p.seen.Disks) == 0 {
		return "no volumes", nil
	}
	d, err := volume.Open(filepath.Join(p.Data, "volumes"))
	if err != nil {
		return "", bad("run this as the user of the appliance", "%v", err)
	}
	defer d.Close() //nolint:errcheck // only read
	var found []Finding
	for _, id := range p.seen.Disks {
		if _, err := d.Stat(id); err != nil {
			found = append(found, bad("restore it from a backup, or delete it; ironhook volume verify reads a volume in full", "%s: %v", id, err)...)
		}
	}
	return fmt.Sprintf("of %d volumes, snapshots and images, all there", len(p.seen.Disks)), found
}

// checkGrants looks for disks that machines may log in to and that are not there.
func checkGrants(_ context.Context, p *patient) (string, []Finding) {
	var found []Finding
	for _, id := range p.seen.Granted {
		_, manifest := os.Stat(filepath.Join(p.Data, "volumes", id+".json"))
		_, raw := os.Stat(filepath.Join(p.Data, "volumes", id+".raw"))
		if manifest != nil && raw != nil {
			found = append(found, bad("switch the machine off and on again; node validate says what it boots from",
				"a machine may log in to %s, which is not there", id)...)
		}
	}
	return fmt.Sprintf("%d disks are exported", len(p.seen.Granted)), found
}

// What must be free, or writes will soon be refused.
const (
	scarce    = 1 << 30 // bytes
	fewInodes = 1000    // files; a layer is one
)

func checkSpace(_ context.Context, p *patient) (string, []Finding) {
	var found []Finding
	var texts []string
	for _, dir := range p.disks() {
		var st unix.Statfs_t
		if err := unix.Statfs(dir, &st); err != nil {
			found = append(found, bad("give a directory that can be read", "%s: %v", dir, err)...)
			continue
		}
		text, remedy := space(&st)
		if remedy != "" {
			found = append(found, bad(remedy, "%s: %s", dir, text)...)
		}
		texts = append(texts, dir+": "+text)
	}
	return strings.Join(texts, ", "), found
}

// disks are the directories that are written to.
func (p *patient) disks() []string {
	if dir := p.Backups.Dir(); dir != "" {
		return []string{p.Data, dir}
	}
	return []string{p.Data}
}

// space judges a file system: what it has, and what to do where that is not enough.
func space(st *unix.Statfs_t) (text, remedy string) {
	free, total := int64(st.Bavail)*st.Bsize, int64(st.Blocks)*st.Bsize
	text = fmt.Sprintf("%d MiB of %d MiB are free", free>>20, total>>20)
	switch {
	case st.Flags&unix.ST_RDONLY != 0:
		return "it is mounted read-only", "look at the kernel's log (dmesg) for errors of the disk, then mount -o remount,rw"
	case free < scarce:
		return text, "make room: delete images and snapshots, or move the data to a larger disk"
	case st.Files > 0 && st.Ffree < fewInodes: // some file systems count none
		return fmt.Sprintf("%d more files have room", st.Ffree), "delete files there, or move the data to a file system with more inodes (df -i)"
	}
	return text, ""
}

// checkBackups looks for the last one.
func checkBackups(ctx context.Context, p *patient) (string, []Finding) {
	shelf, err := openShelf(p.Backups)
	if shelf == nil && err == nil {
		return "none by schedule", nil
	}
	var names []backup.Name
	if err == nil {
		names, err = backup.Names(ctx, shelf)
	}
	if err != nil {
		return "", bad("give a directory that can be read, or an address and credentials that the storage takes", "%v", err)
	}
	owner, err := backup.Owner(ctx, shelf, p.Backups.Passphrase, time.Now())
	if err == nil && owner != "" && p.seen.Appliance != "" && owner != p.seen.Appliance {
		return "", bad("give this appliance another place for them", "%s: %v", shelf.Where(""), backup.ErrAppliance)
	}
	const remedy = "see the errors among the events (ironhook events --kind error); ironhook backup makes one by hand"
	switch wait := due(names, p.Backups.Every, time.Now()); {
	case wait < -p.Backups.Every:
		return "", bad(remedy, "the last is of %s, and one is due every %v", time.Now().Add(wait-p.Backups.Every).UTC().Format(time.RFC3339),
			p.Backups.Every)
	case wait == 0 && p.running: // without one, the first is begun at the start
		return "", bad(remedy, "the newest that should be in %s is missing, unless it is being written", shelf.Where(""))
	}
	if dir := p.Backups.Dir(); dir != "" {
		if err := unix.Faccessat(unix.AT_FDCWD, dir, unix.W_OK, unix.AT_EACCESS); err != nil {
			return "", bad("let the user of the appliance write there", "%s: %v", dir, err)
		}
	}
	return fmt.Sprintf("%d in %s", len(names), shelf.Where("")), nil
}

// checkPorts tries to listen, unless an appliance does.
func checkPorts(ctx context.Context, p *patient) (string, []Finding) {
	if p.running {
		return "in use by the appliance that runs", nil
	}
	var found []Finding
	if p.DHCP != DHCPOff {
		for _, name := range p.BootInterfaces {
			found = append(found, tryDHCP(ctx, name)...)
		}
	}
	for _, a := range []struct {
		setting Setting
		address string
	}{{API, p.API}, {ISCSI, p.ISCSI}, {HTTP, p.HTTP}, {TFTP, p.TFTP}} {
		if a.setting == TFTP && len(p.BootInterfaces) == 0 {
			continue // nobody serves it
		}
		if err := tryPort(ctx, a.setting, a.address); err != nil {
			found = append(found, bad(portRemedy(err), "%v", err)...)
		}
	}
	return "free", found
}

// tryPort listens for a moment.
func tryPort(ctx context.Context, s Setting, address string) error {
	if s != TFTP {
		l, err := listen(ctx, s, address)
		if err != nil {
			return err
		}
		return l.Close()
	}
	c, err := new(net.ListenConfig).ListenPacket(ctx, "udp", address)
	if err != nil {
		return &Fault{Setting: s, Value: address, Err: err}
	}
	return c.Close()
}

// tryDHCP opens the ports of a boot interface for a moment.
func tryDHCP(ctx context.Context, name string) []Finding {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return nil // checkNetwork says so
	}
	sockets, err := dhcp.Open(ctx, i)
	if err == nil {
		err = sockets.Close()
	}
	if err != nil {
		return bad(portRemedy(err), "%v", err)
	}
	return nil
}

func portRemedy(err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return "run this as root, or with the capability CAP_NET_BIND_SERVICE"
	}
	return "stop the other program (ss -lntup shows it) or give another address"
}

// checkNetwork looks for interfaces that are missing, down or without an address.
func checkNetwork(_ context.Context, p *patient) (string, []Finding) {
	if len(p.BootInterfaces) == 0 {
		return "no boot interface: machines on the network are not answered", nil
	}
	var found []Finding
	for _, name := range p.BootInterfaces {
		i, err := net.InterfaceByName(name)
		if err != nil {
			found = append(found, bad("ip link shows which interfaces there are", "%s: %v", name, err)...)
			continue
		}
		if text, remedy := link(name, i.Flags, hasIPv4(i)); remedy != "" {
			found = append(found, bad(remedy, "%s", text)...)
		}
	}
	return strings.Join(p.BootInterfaces, ", ") + " up", found
}

// link judges an interface that machines boot from.
func link(name string, flags net.Flags, hasAddress bool) (text, remedy string) {
	switch {
	case flags&net.FlagUp == 0:
		return name + " is down", "ip link set " + name + " up"
	case flags&net.FlagRunning == 0:
		return name + " has no carrier", "look at the cable and the switch"
	case !hasAddress:
		return name + " has no IPv4 address", "ip address add ADDRESS/PREFIX dev " + name
	}
	return "", ""
}

func hasIPv4(i *net.Interface) bool {
	addresses, err := i.Addrs()
	for _, a := range addresses {
		if ip, e := netip.ParsePrefix(a.String()); e == nil && ip.Addr().Is4() {
			return true
		}
	}
	return err != nil // unknown is no finding
}

// probeTime is how long other DHCP servers have for an answer.
const probeTime = 5 * time.Second

func checkRivals(ctx context.Context, p *patient) (string, []Finding) {
	if !p.probe || len(p.BootInterfaces) == 0 {
		return "no other server was asked for", nil
	}
	var found []Finding
	for _, name := range p.BootInterfaces {
		i, err := net.InterfaceByName(name)
		if err != nil {
			continue // checkNetwork has said so
		}
		ctx, cancel := context.WithTimeout(ctx, probeTime)
		rival, err := dhcp.Probe(ctx, i)
		cancel()
		switch {
		case err != nil:
			found = append(found, bad("run this as root", "%s: %v", name, err)...)
		case rival.IsValid() && p.DHCP == DHCPFull:
			found = append(found, bad("switch one of the two off, or leave addresses to the other (mode proxy)",
				"%s: another DHCP server answers, %s", name, rival)...)
		}
	}
	return "no rival", found
}
