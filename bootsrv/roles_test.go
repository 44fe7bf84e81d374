package bootsrv

import (
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/net/ipv6"

	"ironhook/ipxe"
)

// play is what this program does instead of testing when it is another machine.
func play(role string, args []string) int {
	if role == "inject" {
		if err := inject(args); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	if role != "solicit" {
		return 2
	}
	advertisement, err := solicit()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Print(hex.EncodeToString(advertisement))
	return 0
}

// solicit asks for a router on eth0, as iPXE does, and returns the answer.
func solicit() ([]byte, error) {
	eth0, err := net.InterfaceByName("eth0")
	if err != nil {
		return nil, err
	}
	raw, err := net.ListenPacket("ip6:ipv6-icmp", "::")
	if err != nil {
		return nil, err
	}
	defer raw.Close()
	conn := ipv6.NewPacketConn(raw)
	var only ipv6.ICMPFilter
	only.SetAll(true)
	only.Accept(ipv6.ICMPTypeRouterAdvertisement)
	if err := conn.SetICMPFilter(&only); err != nil {
		return nil, err
	}
	if err := conn.SetMulticastHopLimit(255); err != nil {
		return nil, err
	}
	question := append([]byte{133, 0, 0, 0, 0, 0, 0, 0, 1, 1}, eth0.HardwareAddr...)
	if _, err := conn.WriteTo(question, nil, &net.IPAddr{IP: net.ParseIP("ff02::2"), Zone: "eth0"}); err != nil {
		return nil, err
	}
	if err := conn.SetReadDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return nil, err
	}
	answer := make([]byte, 1500)
	n, _, _, err := conn.ReadFrom(answer)
	return answer[:n], err
}

// maskChecksum blanks an ICMPv6 message's checksum, which the kernel has made
// and checked.
func maskChecksum(message string) string {
	if len(message) < 8 {
		return message
	}
	return message[:4] + "0000" + message[8:]
}

func testBinary(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// udhcpcScript sets the address that udhcpc has got.
func udhcpcScript(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script")
	const text = "#!/bin/sh\ncase $1 in bound|renew) ip address flush dev eth0; ip address add $ip/$mask dev eth0; env;; esac\n"
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func (r *rig) file(t *testing.T, name string) []byte {
	t.Helper()
	b, err := ipxe.Read(ipxe.Embedded(), name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
