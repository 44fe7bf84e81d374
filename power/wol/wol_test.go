package wol

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/conductor"
	"ironhook/power/manual"
	"ironhook/power/powertest"
)

// listen opens the socket of a network card on loopback.
func listen(t *testing.T, address string) (*net.UDPConn, float64) {
	t.Helper()
	c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(address)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, float64(c.LocalAddr().(*net.UDPAddr).Port)
}

func driver(log *bytes.Buffer, macs ...string) Power {
	l := slog.New(slog.DiscardHandler)
	if log != nil {
		l = slog.New(slog.NewTextHandler(log, nil))
	}
	return New(manual.Power{Log: l}, func(context.Context, string) ([]string, error) { return macs, nil }, nil)
}

func receive(t *testing.T, c *net.UDPConn) string {
	t.Helper()
	b := make([]byte, 2048)
	if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(b[:n])
}

func TestSuite(t *testing.T) {
	powertest.Run(t, func(t *testing.T) (conductor.Power, *baremetal.Node) {
		_, port := listen(t, "127.0.0.1:0")
		return driver(nil, "52:54:00:00:00:07"), &baremetal.Node{Name: "pc-07", Driver: HardwareType, DriverInfo: baremetal.Object{
			"wol_host": "127.0.0.1", "wol_port": port, "wol_password": "01:02:03:04:05:06", "wol_off": "by-hand",
		}}
	})
}

// The packets as they are on the wire, for every port and every form of password, also of
// a node that is believed to be on.
func TestMagicPackets(t *testing.T) {
	for _, c := range []struct{ password, tail string }{
		{"", ""}, {"0a:0b:0c:0d:0e:0f", "0a0b0c0d0e0f"}, {"0A0B0C0D0E0F", "0a0b0c0d0e0f"}, {"192.0.2.1", "c0000201"},
	} {
		nic, port := listen(t, "127.0.0.1:0")
		n := &baremetal.Node{Name: "pc-07", PowerState: baremetal.PowerOn, DriverInfo: baremetal.Object{
			"wol_host": "127.0.0.1", "wol_port": port, "wol_password": c.password}}
		if err := driver(nil, "52:54:00:aa:bb:01", "52:54:00:aa:bb:02").Set(t.Context(), n, baremetal.PowerOn); err != nil {
			t.Fatal(err)
		}
		for range copies {
			for _, mac := range []string{"525400aabb01", "525400aabb02"} {
				if got, want := receive(t, nic), "ffffffffffff"+strings.Repeat(mac, 16)+c.tail; got != want {
					t.Errorf("packet = %s, want %s", got, want)
				}
			}
		}
	}
}

// Without wol_host the packets are broadcast from each interface of the host; one that
// cannot send does not keep the others from it.
func TestBroadcast(t *testing.T) {
	nic, port := listen(t, "0.0.0.0:0")
	p := driver(nil, "52:54:00:aa:bb:01")
	p.sources = func() ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("192.0.2.77"), netip.MustParseAddr("127.0.0.1")}, nil
	}
	n := &baremetal.Node{Name: "pc-07", DriverInfo: baremetal.Object{"wol_port": port}}
	if err := p.Set(t.Context(), n, baremetal.PowerOn); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, nic); !strings.HasPrefix(got, "ffffffffffff525400aabb01") {
		t.Errorf("packet = %s", got)
	}
	p.sources = func() ([]netip.Addr, error) { return []netip.Addr{netip.MustParseAddr("192.0.2.77")}, nil }
	if err := p.Set(t.Context(), n, baremetal.PowerOn); !errors.Is(err, baremetal.ErrBMC) || !strings.Contains(err.Error(), "wol_host") {
		t.Errorf("Set without a way out = %v, want ErrBMC and the remedy", err)
	}
}

func TestOffIsRefusedOrByHand(t *testing.T) {
	for _, action := range []baremetal.PowerState{baremetal.PowerOff, baremetal.SoftPowerOff, baremetal.Reboot, baremetal.SoftReboot} {
		var log bytes.Buffer
		p, n := driver(&log, "52:54:00:aa:bb:01"), &baremetal.Node{Name: "pc-07", DriverInfo: baremetal.Object{}}
		err := p.Set(t.Context(), n, action)
		if !errors.Is(err, baremetal.ErrUnsupported) || !strings.Contains(err.Error(), "by hand") || !strings.Contains(err.Error(), "pc-07") {
			t.Errorf("Set(%s) = %v, want ErrUnsupported in words", action, err)
		}
		n.DriverInfo["wol_off"] = "by-hand"
		if err := p.Set(t.Context(), n, action); err != nil || !strings.Contains(log.String(), "needs a hand") {
			t.Errorf("Set(%s) by hand = %v, log %q", action, err, &log)
		}
	}
}

func TestNoPort(t *testing.T) {
	err := driver(nil).Set(t.Context(), &baremetal.Node{Name: "pc-07"}, baremetal.PowerOn)
	if !errors.Is(err, baremetal.ErrInvalid) || err.Error() != "node pc-07 has no port: create one with the MAC address of its network card." {
		t.Errorf("Set without ports = %v", err)
	}
}

// All problems at once, and none tells the password.
func TestValidate(t *testing.T) {
	err := driver(nil).Validate(&baremetal.Node{DriverInfo: baremetal.Object{
		"wol_host": "pc-07", "wol_port": "0", "wol_password": "marker-hunter2", "wol_off": "telnet"}})
	const want = `Invalid driver_info: wol_host is "pc-07", want an IP address; wol_port is "0", want a number from 1 to 65535; ` +
		`wol_password: want six bytes as in 00:11:22:33:44:55, or four as in 192.0.2.1; wol_off is "telnet", want one of refuse, by-hand, ssh.`
	if !errors.Is(err, baremetal.ErrInvalid) || err.Error() != want {
		t.Errorf("Validate = %v, want %s", err, want)
	}
}

// A plan waits for the person who switches a machine off, and for nobody to switch it on.
func TestPatience(t *testing.T) {
	for off, want := range map[string]time.Duration{"by-hand": time.Minute, "refuse": 0} {
		n := &baremetal.Node{DriverInfo: baremetal.Object{"wol_off": off, "wol_wait": "60"}}
		if _, within := driver(nil).Chore(n, baremetal.PowerOff); within != want {
			t.Errorf("wol_off=%s: a plan waits %v, want %v", off, within, want)
		}
		if _, within := driver(nil).Chore(n, baremetal.PowerOn); within != 0 {
			t.Errorf("wol_off=%s: a plan waits %v until a magic packet is sent", off, within)
		}
	}
}
