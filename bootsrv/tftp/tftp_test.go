package tftp

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pin/tftp/v3"

	"ironhook/baremetal"
	"ironhook/bootsrv/journal"
	"ironhook/store"
	"ironhook/store/storetest"
)

const mac = "52:54:00:00:00:01"

// serve runs a server on loopback and returns its address.
func serve(t *testing.T) (addr string, s *store.Store, stop func() error) {
	t.Helper()
	s = storetest.Open(t)
	lease := baremetal.Lease{MAC: mac, Address: netip.MustParseAddr("127.0.0.1"), Expires: time.Now().Add(time.Hour)}
	if err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.Leases().Insert(&lease) }); err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	server := &Server{
		Files: map[string][]byte{"secure/x86_64-sb/shimx64.efi": []byte("signed"),
			"snponly.efi": bytes.Repeat([]byte("0123456789abcdef"), 20_000), "empty": nil,
			"raspberrypi/start4.elf": []byte("for all"), "raspberrypi/config.txt": []byte("for all"),
			"raspberrypi/1a2b3c4d/config.txt": []byte("for one")},
		HTTP: netip.MustParseAddrPort("0.0.0.0:8080"), Journal: journal.New(s, log), Log: log,
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, conn) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("Serve = %v", err)
		}
	})
	return conn.LocalAddr().String(), s, stop
}

func get(t *testing.T, addr, name string, blocks int) (string, error) {
	t.Helper()
	c, err := tftp.NewClient(addr)
	if err != nil {
		t.Fatal(err)
	}
	c.SetBlockSize(blocks)
	from, err := c.Receive(name, "octet")
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	_, err = from.WriteTo(&b)
	return b.String(), err
}

func TestGet(t *testing.T) {
	addr, _, _ := serve(t)
	whole := strings.Repeat("0123456789abcdef", 20_000)
	for _, c := range []struct{ name, want string }{
		{"snponly.efi", whole},
		{"/snponly.efi", whole},
		{`\snponly.efi`, whole},
		{"snponly.efi\xff", whole},
		{"empty", ""},
		{"secure/x86_64-sb/shimx64.efi", "signed"},
		{"autoexec.ipxe", "http://127.0.0.1:8080/boot.ipxe"},
		{"secure/x86_64-sb/autoexec.ipxe", "http://127.0.0.1:8080/boot.ipxe"},
		{"/grub/grub.cfg", "configfile (http,127.0.0.1:8080)/boot/"},
	} {
		for _, blocks := range []int{512, 1468} {
			got, err := get(t, addr, c.name, blocks)
			if err != nil || got != c.want && !(strings.Contains(c.want, "127.0.0.1") && strings.Contains(got, c.want)) {
				t.Errorf("get %q in blocks of %d: %d bytes, %v, want %d bytes", c.name, blocks, len(got), err, len(c.want))
			}
		}
	}
	for _, name := range []string{"", "nothing", "../tftp.go", "../../../../etc/passwd", "/etc/passwd", "snponly.efi/", "./snponly.efi"} {
		if got, err := get(t, addr, name, 512); err == nil {
			t.Errorf("get %q gave %d bytes", name, len(got))
		}
	}
}

func TestPut(t *testing.T) {
	addr, _, _ := serve(t)
	c, err := tftp.NewClient(addr)
	if err != nil {
		t.Fatal(err)
	}
	to, err := c.Send("snponly.efi", "octet")
	if err == nil {
		_, err = to.ReadFrom(strings.NewReader("mine"))
	}
	if err == nil {
		t.Error("a file could be written")
	}
}

// A machine that fetches a file has it in its story; autoexec.ipxe is no step.
func TestEvents(t *testing.T) {
	addr, s, stop := serve(t)
	for _, name := range []string{"snponly.efi", "autoexec.ipxe", "nothing"} {
		_, _ = get(t, addr, name, 1468)
	}
	if err := stop(); err != nil { // and all transfers with it
		t.Fatal(err)
	}
	var got []string
	err := s.View(t.Context(), func(tx *store.Tx) error {
		events, err := tx.Events(store.EventQuery{})
		for _, e := range events {
			got = append(got, fmt.Sprint(e.Kind, " ", e.MAC, " ", e.Detail))
		}
		return err
	})
	if want := "[file " + mac + " snponly.efi over TFTP, 320000 bytes]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("events %v, %v, want %s", got, err, want)
	}
}

// A Raspberry Pi finds its files below its serial number, its own before those for all; no
// other name leads to them.
func TestRaspberryPi(t *testing.T) {
	addr, _, _ := serve(t)
	for name, want := range map[string]string{
		"1a2b3c4d/start4.elf": "for all", "1a2b3c4d/config.txt": "for one", "ffffffff/config.txt": "for all", "start4.elf": "for all",
		"/1a2b3c4d/start4.elf": "for all",
		"1a2b3c4d/nosuch":      "", "1a2b3c4/start4.elf": "", "1A2B3C4D/start4.elf": "", "1a2b3c4d/../start4.elf": "", "1a2b3c4d//start4.elf": "",
		"1a2b3c4d/": "", "": "",
		"1a2b3c4d/1a2b3c4d/config.txt": "for one",
	} {
		got, err := get(t, addr, name, 512)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v, want %q", name, got, err, want)
		}
	}
}
