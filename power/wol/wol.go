// Package wol switches machines on by wake-on-LAN: the hardware type "wake-on-lan", with
// the keys of Ironic's staging driver. The magic packets go to the MAC addresses of the
// node's ports.
//
// A magic packet has no answer, and it switches nothing off. So the power state is unknown,
// unless wol_state names a source of it; power on always sends, also to a machine that is believed to be on, and power off is
// refused, asked of a person, or a command by ssh, as wol_off says.
package wol

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"ironhook/baremetal"
	"ironhook/power/driverinfo"
	"ironhook/power/manual"
)

// HardwareType is the name of the hardware type and of its power interface, and the
// section of [baremetal.DriverKeys].
const HardwareType = "wake-on-lan"

// copies of each packet are sent, because UDP may lose one.
const copies = 3

// Power is the power interface. The boot order is set by hand, as with manual.Management.
// Its methods are safe for concurrent use.
type Power struct {
	manual.Management

	// MACs returns the addresses of the ports of the node with this UUID.
	MACs func(ctx context.Context, node string) ([]string, error)
	// sources returns the addresses from which a broadcast reaches every network; nil
	// is those of this host.
	sources func() ([]netip.Addr, error)
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	pause   time.Duration // between two looks whether a machine is silent
	// session reports whether the machine of the node with this UUID has one of its volumes open.
	session func(ctx context.Context, node string) (bool, error)
	seen    *sightings
}

// New makes a driver that finds the ports of a node with macs, and asks session whether its machine has one of its
// volumes open; nil is never.
func New(
	byHand manual.Power, macs func(ctx context.Context, node string) ([]string, error),
	session func(ctx context.Context, node string) (bool, error),
) Power {
	if session == nil {
		session = func(context.Context, string) (bool, error) { return false, nil }
	}
	return Power{manual.Management{Power: byHand}, macs, broadcastSources, new(net.Dialer).DialContext, time.Second, session, newSightings()}
}

// Keys lists the keys of driver_info that the driver reads.
func (Power) Keys() []baremetal.Key { return baremetal.DriverKeys[HardwareType] }

// info is what driver_info says.
type info struct {
	to       netip.AddrPort // the limited broadcast address goes to every network
	password []byte
	byHand   bool
	shell    *shell        // nil for none
	patience time.Duration // with the person
	witness  witness
}

var everywhere = netip.AddrFrom4([4]byte{255, 255, 255, 255})

func parse(n *baremetal.Node) (i info, err error) {
	r := driverinfo.Read(baremetal.DriverKeys[HardwareType], n.DriverInfo)
	host, err := netip.ParseAddr(r.Text("wol_host", everywhere.String()))
	if err != nil {
		r.Wrong("wol_host is %q, want an IP address", r.Text("wol_host", ""))
	}
	i.to = netip.AddrPortFrom(host, uint16(r.Int("wol_port", 9, 1, 65535)))
	if i.password, err = parsePassword(r.Text("wol_password", "")); err != nil {
		r.Wrong("wol_password: %v", err)
	}
	switch r.OneOf("wol_off", "refuse", "by-hand", "ssh") {
	case "by-hand":
		i.byHand = true
	case "ssh":
		i.shell = parseShell(r)
	}
	i.patience = manual.Patience(r, "wol_wait")
	i.witness = parseWitness(r)
	return i, r.Err()
}

// Chore is what a person has to do for the action, and how long a plan waits for that.
func (Power) Chore(n *baremetal.Node, target baremetal.PowerState) (chore string, within time.Duration) {
	i, err := parse(n)
	if err != nil || !i.byHand || target == baremetal.PowerOn {
		return "", 0
	}
	return manual.Chores(target), i.patience
}

// Validate checks driver_info; errors are ErrInvalid.
func (Power) Validate(n *baremetal.Node) error {
	_, err := parse(n)
	return err
}

// Set sends magic packets for power on, and returns when they are sent. Anything else is
// ErrUnsupported or asked of a person.
func (p Power) Set(ctx context.Context, n *baremetal.Node, target baremetal.PowerState) error {
	i, err := parse(n)
	if err != nil {
		return err
	}
	switch target {
	case baremetal.PowerOn:
		p.seen.forget(n.UUID)
		return p.wake(ctx, n, i)
	case baremetal.PowerOff, baremetal.SoftPowerOff, baremetal.Reboot, baremetal.SoftReboot:
		if i.shell != nil || i.byHand {
			p.seen.forget(n.UUID)
		}
		if i.shell != nil {
			return p.tell(ctx, n, i.shell, target)
		}
		if i.byHand {
			p.Ask(ctx, n, target)
			return nil
		}
		return baremetal.Errorf(baremetal.ErrUnsupported, "node %s: wake-on-LAN cannot do %q: do it by hand. "+
			"With driver_info wol_off=by-hand the log asks for it and the action counts as done; with wol_off=ssh a command does it.", n.Label(),
			target)
	}
	return baremetal.Errorf(baremetal.ErrInvalid, "set_power_state called with an invalid power state: %s.", target)
}

// wake sends packets to every port. The machine may wake by any of them, so that one that
// was sent is enough.
func (p Power) wake(ctx context.Context, n *baremetal.Node, i info) error {
	macs, err := p.MACs(ctx, n.UUID)
	if err != nil {
		return fmt.Errorf("read the ports of node %s: %w", n.Label(), err)
	}
	if len(macs) == 0 {
		return baremetal.Errorf(baremetal.ErrInvalid, "node %s has no port: create one with the MAC address of its network card.", n.Label())
	}
	var packets [][]byte
	for _, text := range macs {
		mac, err := net.ParseMAC(text)
		if err != nil {
			return fmt.Errorf("port of node %s: %w", n.Label(), err)
		}
		packets = append(packets, packet(mac, i.password))
	}
	return p.send(ctx, n, i.to, packets)
}

func (p Power) send(ctx context.Context, n *baremetal.Node, to netip.AddrPort, packets [][]byte) error {
	sources := []netip.Addr{{}}
	if to.Addr() == everywhere {
		var err error
		if sources, err = p.sources(); err != nil {
			return fmt.Errorf("find the interfaces of this host: %w", err)
		}
	}
	var failed []error
	for _, source := range sources {
		if err := sendFrom(ctx, source, to, packets); err != nil {
			failed = append(failed, err)
		}
	}
	if len(failed) == len(sources) {
		return fmt.Errorf("node %s: send magic packets to %s: %w; set driver_info wol_host to the broadcast address of the machine's network",
			n.Label(), to, errors.Join(append(failed, baremetal.ErrBMC)...))
	}
	return nil
}

// sendFrom sends the packets from an address of this host, whose interface they leave by.
func sendFrom(ctx context.Context, source netip.Addr, to netip.AddrPort, packets [][]byte) error {
	d := net.Dialer{}
	if source.IsValid() {
		d.LocalAddr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(source, 0))
	}
	c, err := d.DialContext(ctx, "udp", to.String())
	if err != nil {
		return err
	}
	defer c.Close() //nolint:errcheck // nothing is unsent
	for range copies {
		for _, b := range packets {
			if err := ctx.Err(); err != nil {
				return err
			}
			if _, err := c.Write(b); err != nil {
				return err
			}
		}
	}
	return nil
}

// broadcastSources returns an IPv4 address of every interface of this host that is up and
// can broadcast.
func broadcastSources() (sources []netip.Addr, err error) {
	all, err := net.Interfaces()
	for _, i := range all {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagBroadcast == 0 {
			continue
		}
		addresses, err := i.Addrs()
		if err != nil {
			return nil, err
		}
		for _, a := range addresses {
			if prefix, err := netip.ParsePrefix(a.String()); err == nil && prefix.Addr().Is4() {
				sources = append(sources, prefix.Addr())
				break
			}
		}
	}
	if err == nil && len(sources) == 0 {
		err = errors.New("no interface that is up can broadcast")
	}
	return sources, err
}
