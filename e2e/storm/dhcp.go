package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"github.com/mdlayher/packet"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// timeouts are those of firmware for one try of a DHCP exchange (PXE specification 2.1,
// section 2.2.3): 4, 8, 16 and 32 s.
var timeouts = []time.Duration{4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second}

// asker is the software that asks: firmware, then iPXE.
type asker []dhcpv4.Modifier

var (
	firmware = asker{
		dhcpv4.WithOption(dhcpv4.OptClassIdentifier("PXEClient:Arch:00007:UNDI:003016")),
		dhcpv4.WithOption(dhcpv4.OptGeneric(dhcpv4.OptionClientSystemArchitectureType, []byte{0, 7})),
		dhcpv4.WithOption(dhcpv4.OptGeneric(dhcpv4.OptionClientNetworkInterfaceIdentifier, []byte{1, 3, 16})),
	}
	// iPXE names itself and what it was built with: HTTP, iSCSI, EFI (option 175).
	loaded = append(asker{
		dhcpv4.WithOption(dhcpv4.OptGeneric(dhcpv4.OptionUserClassInformation, []byte("iPXE"))),
		dhcpv4.WithOption(dhcpv4.OptGeneric(dhcpv4.GenericOptionCode(175), []byte{19, 1, 1, 17, 1, 1, 36, 1, 1, 39, 1, 1})),
	}, firmware...)
	wanted = dhcpv4.WithRequestedOptions(dhcpv4.OptionSubnetMask, dhcpv4.OptionRouter, dhcpv4.OptionTFTPServerName, dhcpv4.OptionBootfileName)
)

// answer is what a machine learns: its address, and the boot file with its server.
type answer struct {
	address netip.Addr
	server  netip.Addr
	file    string
}

// ask gets an address and a boot file. A network with a proxy has them in two offers; the
// firmware takes both (PXE specification 2.1, section 2.2).
func (m *machine) ask(ctx context.Context, who asker) (answer, error) {
	conn, err := m.raw()
	if err != nil {
		return answer{}, err
	}
	defer conn.Close()
	mac, _ := net.ParseMAC(m.mac)
	var tries []error
	for _, patience := range timeouts {
		until := time.Now().Add(patience)
		a, err := exchange(ctx, conn, mac, who, until)
		for errors.Is(err, errRefused) && restart(ctx, until) {
			a, err = exchange(ctx, conn, mac, who, until)
		}
		if err == nil || !errors.Is(err, errSilent) {
			return a, err
		}
		tries = append(tries, err)
	}
	return answer{}, fmt.Errorf("%w: %v", errSilent, tries)
}

var (
	errSilent  = errors.New("no usable DHCP answer")
	errRefused = fmt.Errorf("%w: the server answers DHCPNAK", errSilent)
)

// restart waits one to two seconds, as a client does before it begins anew after a DHCPNAK
// (RFC 2131 section 3.1, step 4; at random: section 4.4.1), and says whether this try has time
// left. dnsmasq offers one address to several machines that ask at once and refuses all but the first.
func restart(ctx context.Context, until time.Time) bool {
	select {
	case <-time.After(time.Second + rand.N(time.Second)):
		return time.Now().Before(until)
	case <-ctx.Done():
		return false
	}
}

// raw opens a packet socket for UDP port 68: a machine without an address has no other. The
// kernel drops the broadcasts to other machines, as each of these would on a processor of its
// own.
func (m *machine) raw() (conn net.PacketConn, err error) {
	err = m.segment.Do(func() error {
		device, err := net.InterfaceByName(m.device)
		if err != nil {
			return err
		}
		filter, err := bpf.Assemble(answersTo(device.HardwareAddr))
		if err != nil {
			return err
		}
		c, err := packet.Listen(device, packet.Datagram, unix.ETH_P_IP, &packet.Config{Filter: filter})
		if err == nil {
			conn = nclient4.NewBroadcastUDPConn(c, &net.UDPAddr{Port: 68})
		}
		return err
	})
	return conn, err
}

// answersTo is the filter for DHCP messages to a hardware address (chaddr, RFC 2131 section 2).
func answersTo(mac net.HardwareAddr) []bpf.Instruction {
	const udp, chaddr = 8, 28
	return []bpf.Instruction{
		bpf.LoadAbsolute{Off: 9, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.IPPROTO_UDP, SkipTrue: 7},
		bpf.LoadMemShift{Off: 0},
		bpf.LoadIndirect{Off: 2, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: 68, SkipTrue: 4},
		bpf.LoadIndirect{Off: udp + chaddr, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: binary.BigEndian.Uint32(mac), SkipTrue: 2},
		bpf.LoadIndirect{Off: udp + chaddr + 4, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(binary.BigEndian.Uint16(mac[4:])), SkipTrue: 1},
		bpf.RetConstant{Val: 0},
		bpf.RetConstant{Val: 1 << 16},
	}
}

// exchange is one try: DISCOVER, offers, REQUEST, ACK.
func exchange(ctx context.Context, conn net.PacketConn, mac net.HardwareAddr, who asker, until time.Time) (answer, error) {
	discover, err := dhcpv4.NewDiscovery(mac, append([]dhcpv4.Modifier{wanted}, who...)...)
	if err != nil {
		return answer{}, err
	}
	if err := send(conn, discover); err != nil {
		return answer{}, err
	}
	var lease, boot *dhcpv4.DHCPv4
	for lease == nil || boot == nil {
		p, err := receive(ctx, conn, discover.TransactionID, mac, dhcpv4.MessageTypeOffer, until)
		if err != nil {
			return answer{}, fmt.Errorf("%w (an address %t, a boot file %t)", err, lease != nil, boot != nil)
		}
		if !p.YourIPAddr.IsUnspecified() {
			lease = p
		}
		if p.BootFileName != "" || p.BootFileNameOption() != "" {
			boot = p
		}
	}
	request, err := dhcpv4.NewRequestFromOffer(lease, append([]dhcpv4.Modifier{wanted}, who...)...)
	if err != nil {
		return answer{}, err
	}
	if err := send(conn, request); err != nil {
		return answer{}, err
	}
	ack, err := receive(ctx, conn, request.TransactionID, mac, dhcpv4.MessageTypeAck, until)
	if err != nil {
		return answer{}, fmt.Errorf("%v requested: %w", lease.YourIPAddr, err)
	}
	return learned(ack, boot)
}

func send(conn net.PacketConn, p *dhcpv4.DHCPv4) error {
	_, err := conn.WriteTo(p.ToBytes(), &net.UDPAddr{IP: net.IPv4bcast, Port: 67})
	return err
}

// receive returns the next message of a kind that is an answer to ours.
func receive(ctx context.Context, conn net.PacketConn, id dhcpv4.TransactionID, mac net.HardwareAddr, kind dhcpv4.MessageType,
	until time.Time) (*dhcpv4.DHCPv4, error) {
	b := make([]byte, 2048)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := conn.SetReadDeadline(until); err != nil {
			return nil, err
		}
		n, _, err := conn.ReadFrom(b)
		if err != nil {
			return nil, errSilent
		}
		p, err := dhcpv4.FromBytes(b[:n])
		if err != nil || p.TransactionID != id || p.ClientHWAddr.String() != mac.String() {
			continue // another machine's
		}
		switch p.MessageType() {
		case kind:
			return p, nil
		case dhcpv4.MessageTypeNak:
			return nil, errRefused
		}
	}
}

func learned(ack, boot *dhcpv4.DHCPv4) (answer, error) {
	address, _ := netip.AddrFromSlice(ack.YourIPAddr.To4())
	server, _ := netip.AddrFromSlice(boot.ServerIPAddr.To4())
	file := boot.BootFileNameOption()
	if file == "" {
		file = boot.BootFileName
	}
	if !address.IsValid() || !server.IsValid() {
		return answer{}, fmt.Errorf("the ACK has address %v, the offer boot server %v", ack.YourIPAddr, boot.ServerIPAddr)
	}
	return answer{address, server, file}, nil
}
