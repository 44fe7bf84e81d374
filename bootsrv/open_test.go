package bootsrv

import (
	"errors"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ironhook/baremetal"
	"ironhook/ipxe"
	"ironhook/store"
	"ironhook/store/storetest"
)

// A setting that stands in the way is a Fault of one line that names it, and nothing
// stays open.
func TestOpenErrors(t *testing.T) {
	needs(t, iproute)
	newLAN(t)
	command(t, "ip", "link", "add", "bare0", "type", "bridge")
	command(t, "ip", "link", "set", "bare0", "up")
	command(t, "ip", "link", "add", "down0", "type", "bridge")
	t.Cleanup(func() {
		for _, name := range []string{"bare0", "down0"} {
			_ = exec.Command("ip", "link", "del", name).Run()
		}
	})
	s := storetest.Open(t)
	for _, c := range []struct {
		name   string
		change func(*Config)
		wants  []string
	}{
		{"no such interface", func(c *Config) { c.Interfaces = []string{"eth9"} }, []string{"Interfaces eth9", "no such interface", "br0"}},
		{"interface without address", func(c *Config) { c.Interfaces = []string{"bare0"} },
			[]string{"Interfaces bare0", "no IPv4 address", "ip address add"}},
		{"interface down", func(c *Config) { c.Interfaces = []string{"down0"} }, []string{"Interfaces down0", "ip link set down0 up"}},
		{"no Ethernet", func(c *Config) { c.Interfaces = []string{"lo"} }, []string{"Interfaces lo", "Ethernet"}},
		{"twice", func(c *Config) { c.Interfaces = []string{"br0", "br0"} }, []string{"Interfaces br0", "twice"}},
		{"no range", func(c *Config) { c.Range = "" }, []string{"Range: no range", "10.77.0.0/24 on br0"}},
		{"no range at all", func(c *Config) { c.Range = "some" }, []string{"Range: ", "192.168.1.100-192.168.1.200"}},
		{"range elsewhere", func(c *Config) { c.Range = "10.78.0.1-10.78.0.9" }, []string{"Range 10.78.0.1-10.78.0.9", "10.77.0.0/24 on br0"}},
		{"range elsewhere, auto", func(c *Config) { c.DHCP = Auto; c.Range = "10.78.0.1-10.78.0.9" }, []string{"Range 10.78.0.1-10.78.0.9"}},
		{"HTTP port busy", func(c *Config) { c.HTTP = ":8081" }, []string{"HTTP :8081", "address already in use"}},
		{"TFTP port busy", func(c *Config) { c.TFTP = "10.77.0.1:6969" }, []string{"TFTP 10.77.0.1:6969", "address already in use"}},
		{"no such address", func(c *Config) { c.HTTP = "192.0.2.1:8080" }, []string{"HTTP 192.0.2.1:8080", "cannot assign requested address"}},
		{"no such port", func(c *Config) { c.HTTP = ":http-boot" }, []string{"HTTP :http-boot"}},
		{"no IPv6 address", func(c *Config) { c.DHCP6 = true },
			[]string{"DHCP6: br0 has no IPv6 address", "ip address add fd00:77::1/64 dev br0"}},
		{"signed programs without sums", func(c *Config) { c.Secure = fstest.MapFS{} }, []string{"Secure: ", "SHA256SUMS"}},
		{"no binaries", func(c *Config) { c.Binaries = fstest.MapFS{} }, []string{"Binaries: ", "undionly.kpxe", "not in this build"}},
	} {
		busy := hold(t, "tcp", ":8081")
		packets, err := net.ListenPacket("udp", "10.77.0.1:6969")
		if err != nil {
			t.Fatal(err)
		}
		conf := config(t, s, Full)
		c.change(&conf)
		servers, err := Open(t.Context(), conf)
		if err == nil {
			t.Errorf("%s: opened %s", c.name, servers)
			servers.Close()
		} else {
			for _, want := range c.wants {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%s: error %q, want one with %q", c.name, err, want)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: error of several lines %q", c.name, err)
			}
		}
		busy.Close()
		packets.Close()
		after, err := Open(t.Context(), config(t, s, Full))
		if err != nil {
			t.Fatalf("after %s something is still open: %v", c.name, err)
		}
		after.Close()
	}
}

func hold(t *testing.T, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A second DHCP server on this machine is told of, not shared a port with.
func TestOpenBesideLocalServer(t *testing.T) {
	needs(t, iproute)
	newLAN(t)
	s := storetest.Open(t)
	other, err := net.ListenPacket("udp4", ":67")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	servers, err := Open(t.Context(), config(t, s, Full))
	if err == nil {
		servers.Close()
		t.Fatal("opened beside another server on port 67")
	}
	for _, want := range []string{"DHCP: ", "UDP port 67", "address already in use"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q, want one with %q", err, want)
		}
	}
}

// Without a boot interface there is HTTP, and TFTP where it was asked for.
func TestOpenWithoutInterface(t *testing.T) {
	s := storetest.Open(t)
	for _, c := range []struct{ tftp, want string }{
		{DefaultTFTP, "http://127.0.0.1:"},
		{"127.0.0.1:0", "tftp://127.0.0.1:"},
	} {
		servers, err := Open(t.Context(), Config{HTTP: "127.0.0.1:0", TFTP: c.tftp, DHCP: Auto, Binaries: fstest.MapFS{}, Store: s})
		if err != nil {
			t.Fatal(err)
		}
		if got := servers.String(); !strings.Contains(got, c.want) || strings.Contains(got, "dhcp") ||
			(c.tftp == DefaultTFTP) == strings.Contains(got, "tftp") {
			t.Errorf("with --tftp %s: %s, want %s", c.tftp, got, c.want)
		}
		if _, err := servers.Portal(t.Context(), &baremetal.Node{Name: "pc-07"}); !errors.Is(err, baremetal.ErrInvalid) ||
			!strings.Contains(err.Error(), "boot interfaces") {
			t.Errorf("Portal without a boot interface: %v", err)
		}
		if err := servers.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A node reaches us on the interface it has its lease on, else on the first.
func TestPortal(t *testing.T) {
	s := storetest.Open(t)
	enrol(t, s, enrolled, "10.77.0.1:3260")
	servers := &Servers{store: s, links: []link{
		{iface: &net.Interface{Name: "br0"}, prefix: netip.MustParsePrefix("10.77.0.1/24")},
		{iface: &net.Interface{Name: "br1"}, prefix: netip.MustParsePrefix("10.78.0.1/24")},
	}}
	node := &baremetal.Node{UUID: "node-" + enrolled}
	for _, c := range []struct{ iface, want string }{{"", "10.77.0.1"}, {"br1", "10.78.0.1"}, {"br7", "10.77.0.1"}} {
		err := s.Update(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.Leases().Find(enrolled); err != nil || c.iface == "" {
				return err
			}
			_ = tx.Leases().Delete(enrolled)
			return tx.Leases().Insert(&baremetal.Lease{MAC: enrolled, Address: netip.MustParseAddr("10.78.0.9"), Interface: c.iface,
				Expires: time.Now()})
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := servers.Portal(t.Context(), node); err != nil || got.String() != c.want {
			t.Errorf("lease on %q: Portal = %v, %v, want %s", c.iface, got, err, c.want)
		}
	}
}

// The firmware of Raspberry Pis is read from the operator's folder; too much of it is a fault.
func TestPiFiles(t *testing.T) {
	folder := fstest.MapFS{"raspberrypi/start4.elf": {Data: []byte("all")}, "raspberrypi/1a2b3c4d/config.txt": {Data: []byte("one")},
		"other/x": {}}
	read := func() (map[string][]byte, error) {
		o := &opening{Servers: &Servers{}, config: Config{Binaries: ipxe.Binaries(folder)}}
		err := o.readFiles(t.Context())
		return o.files, err
	}
	got, err := read()
	if err != nil || string(got["raspberrypi/start4.elf"]) != "all" || string(got["raspberrypi/1a2b3c4d/config.txt"]) != "one" ||
		got["other/x"] != nil {
		t.Errorf("read %d files, %v", len(got), err)
	}
	folder["raspberrypi/large"] = &fstest.MapFile{Data: make([]byte, maxPiFiles)}
	var fault *Fault
	if _, err := read(); !errors.As(err, &fault) || fault.Field != "Binaries" || !strings.Contains(err.Error(), "raspberrypi") {
		t.Errorf("with too much: %v", err)
	}
}
