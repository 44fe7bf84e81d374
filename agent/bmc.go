package agent

import (
	"net"
	"net/netip"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The interface of Linux's driver of the BMC (include/uapi/linux/ipmi.h): a message is sent,
// and its answer received, through /dev/ipmi0.
type (
	ipmiMessage struct {
		netfn, cmd byte
		length     uint16
		_          [4]byte
		data       unsafe.Pointer
	}
	ipmiRequest struct {
		addr    unsafe.Pointer
		addrLen uint32
		_       [4]byte
		id      int64
		msg     ipmiMessage
	}
	ipmiReceived struct {
		kind    int32
		_       [4]byte
		addr    unsafe.Pointer
		addrLen uint32
		_       [4]byte
		id      int64
		msg     ipmiMessage
	}
	ipmiAddress struct {
		kind    int32
		channel int16
		lun     byte
		_       byte
	}
)

const (
	ipmiSend        = 0x8028690d // _IOR('i', 13, struct ipmi_req)
	ipmiReceive     = 0xc030690b // _IOWR('i', 11, struct ipmi_recv)
	ipmiSystem      = 0x0c       // the address type of the BMC itself
	ipmiBMCChannel  = 0xf
	netfnTransport  = 0x0c
	lanParameters   = 0x02 // Get LAN Configuration Parameters (IPMI 2.0, 23.2)
	lanAddress      = 3
	lanAddresses6   = 59 // IPv6 Dynamic Address
	ipmiPatience    = 3 * time.Second
	ipmiMaxChannels = 11
)

// bmc asks the machine's BMC for its addresses, "" where there is none.
func bmc() (v4, v6 string) {
	f, err := os.OpenFile("/dev/ipmi0", os.O_RDWR, 0)
	if err != nil {
		return "", ""
	}
	defer f.Close() //nolint:errcheck // nothing is kept
	for channel := byte(1); channel <= ipmiMaxChannels && v4 == ""; channel++ {
		if b := lanParameter(int(f.Fd()), channel, lanAddress, 0); len(b) >= 4 {
			if a := netip.AddrFrom4([4]byte(b[:4])); !a.IsUnspecified() {
				v4 = a.String()
			}
		}
		if b := lanParameter(int(f.Fd()), channel, lanAddresses6, 0); v4 != "" && len(b) >= 18 {
			if a := netip.AddrFrom16([16]byte(b[2:18])); !a.IsUnspecified() {
				v6 = a.String()
			}
		}
	}
	return v4, v6
}

// lanParameter reads one parameter of a channel, nil where the BMC has none.
func lanParameter(fd int, channel, parameter, set byte) []byte {
	answer := ipmi(fd, netfnTransport, lanParameters, []byte{channel, parameter, set, 0})
	if len(answer) < 2 || answer[0] != 0 {
		return nil
	}
	return answer[2:] // after completion code and revision
}

// ipmi sends a command to the BMC and returns its answer, nil for none in time.
func ipmi(fd int, netfn, cmd byte, data []byte) []byte {
	to := ipmiAddress{kind: ipmiSystem, channel: ipmiBMCChannel}
	request := ipmiRequest{addr: unsafe.Pointer(&to), addrLen: uint32(unsafe.Sizeof(to)), id: time.Now().UnixNano(),
		msg: ipmiMessage{netfn: netfn, cmd: cmd, length: uint16(len(data)), data: unsafe.Pointer(&append(data, 0)[0])}}
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), ipmiSend, uintptr(unsafe.Pointer(&request))); errno != 0 {
		return nil
	}
	for end := time.Now().Add(ipmiPatience); time.Now().Before(end); {
		ready, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(time.Until(end).Milliseconds()))
		if err != nil || ready == 0 {
			continue
		}
		var from [64]byte
		b := make([]byte, 272)
		answer := ipmiReceived{addr: unsafe.Pointer(&from), addrLen: uint32(len(from)),
			msg: ipmiMessage{length: uint16(len(b)), data: unsafe.Pointer(&b[0])}}
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), ipmiReceive, uintptr(unsafe.Pointer(&answer))); errno != 0 {
			return nil
		}
		if answer.id == request.id {
			return b[:answer.msg.length]
		}
	}
	return nil
}

// addresses are those of a card, "" for none.
func addresses(card string) (v4, v6 string) {
	i, err := net.InterfaceByName(card)
	if err != nil {
		return "", ""
	}
	list, _ := i.Addrs()
	for _, a := range list {
		p, err := netip.ParsePrefix(a.String())
		switch {
		case err != nil:
		case p.Addr().Is4() && v4 == "":
			v4 = p.Addr().String()
		case p.Addr().Is6() && (v6 == "" || !p.Addr().IsLinkLocalUnicast()):
			v6 = p.Addr().String()
		}
	}
	return v4, v6
}
