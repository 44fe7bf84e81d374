package agent

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"net"
	"sync"

	"github.com/mdlayher/packet"
)

// lldpType is the EtherType of LLDP, and lldpGroup where it is sent (IEEE 802.1AB-2016, 7.1).
const lldpType = 0x88cc

var lldpGroup = net.HardwareAddr{0x01, 0x80, 0xc2, 0, 0, 0x0e}

// neighbours listens on the named cards and returns what LLDP says by each, as pairs of type
// and value. It announces the machine once, for a switch then answers at once.
func (a *agent) neighbours(ctx context.Context, names []string) map[string][][2]any {
	ctx, cancel := context.WithTimeout(ctx, a.LLDP)
	defer cancel()
	found, mu, wait := map[string][][2]any{}, sync.Mutex{}, sync.WaitGroup{}
	for _, name := range names {
		wait.Go(func() {
			if tlvs := hear(ctx, name); tlvs != nil {
				mu.Lock()
				defer mu.Unlock()
				found[name] = tlvs
			}
		})
	}
	wait.Wait()
	return found
}

func hear(ctx context.Context, name string) [][2]any {
	card, err := net.InterfaceByName(name)
	if err != nil {
		return nil
	}
	c, err := packet.Listen(card, packet.Raw, lldpType, nil)
	if err != nil {
		return nil
	}
	defer c.Close() //nolint:errcheck // only read
	deadline, _ := ctx.Deadline()
	if c.SetDeadline(deadline) != nil {
		return nil
	}
	join(c)
	c.WriteTo(announcement(card.HardwareAddr), &packet.Addr{HardwareAddr: lldpGroup}) //nolint:errcheck // a courtesy
	b := make([]byte, 2048)
	for {
		n, _, err := c.ReadFrom(b)
		if err != nil {
			return nil
		}
		if tlvs := parseLLDP(b[:n]); tlvs != nil && net.HardwareAddr(b[6:12]).String() != card.HardwareAddr.String() {
			return tlvs
		}
	}
}

// join has the card take what is sent to the group.
func join(c *packet.Conn) { c.SetPromiscuous(true) } //nolint:errcheck // without it most cards hear LLDP all the same

// announcement is a frame with the mandatory TLVs: chassis and port by address, and the time
// to live.
func announcement(mac net.HardwareAddr) []byte {
	f := append(append(append([]byte{}, lldpGroup...), mac...), lldpType>>8, lldpType&0xff)
	f = append(append(f, 1<<1, 7, 4), mac...) // chassis ID, subtype address
	f = append(append(f, 2<<1, 7, 3), mac...) // port ID, subtype address
	f = append(f, 3<<1, 2, 0, 30, 0, 0)
	return append(f, make([]byte, max(0, 60-len(f)))...)
}

// maxTLVs bounds what a frame is believed to have.
const maxTLVs = 128

// parseLLDP reads a frame into pairs of type and value in hexadecimal digits, nil for what is
// no frame of LLDP.
func parseLLDP(f []byte) (tlvs [][2]any) {
	if len(f) < 14 || binary.BigEndian.Uint16(f[12:]) != lldpType {
		return nil
	}
	for f = f[14:]; len(f) >= 2 && len(tlvs) < maxTLVs; {
		kind, length := f[0]>>1, int(binary.BigEndian.Uint16(f)&0x1ff)
		if kind == 0 || len(f) < 2+length {
			break
		}
		tlvs = append(tlvs, [2]any{kind, hex.EncodeToString(f[2 : 2+length])})
		f = f[2+length:]
	}
	return tlvs
}
