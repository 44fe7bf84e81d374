package wol

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"ironhook/baremetal"
	"ironhook/conductor"
	"ironhook/power/manual"
	"ironhook/power/powertest"
)

// system is an operating system that is told by SSH, on a network that it leaves when it is off.
type system struct {
	host    ssh.Signer
	user    ssh.PublicKey // who may log in
	keyFile string
	address string
	port    float64 // at which its network card is woken

	mu  sync.Mutex
	off bool
	ran []string
}

func key(t *testing.T) (ssh.Signer, []byte) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	return signer, pem.EncodeToMemory(block)
}

func running(t *testing.T) *system {
	t.Helper()
	s := &system{keyFile: filepath.Join(t.TempDir(), "id")}
	s.host, _ = key(t)
	user, text := key(t)
	s.user = user.PublicKey()
	if err := os.WriteFile(s.keyFile, text, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	nic, port := listen(t, "127.0.0.1:0")
	s.port = port
	var serving sync.WaitGroup
	t.Cleanup(func() { l.Close(); nic.Close(); serving.Wait() })
	serving.Go(func() {
		for b := make([]byte, 2048); ; {
			if _, err := nic.Read(b); err != nil {
				return
			}
			s.mu.Lock()
			s.off = false
			s.mu.Unlock()
		}
	})
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { defer c.Close(); s.serve(c) })
		}
	})
	return s
}

// serve runs the commands of one connection: "fail" fails, "hang" never ends, all others succeed, and one
// that switches off cuts the connection.
func (s *system) serve(raw net.Conn) {
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, k ssh.PublicKey) (*ssh.Permissions, error) {
		if string(k.Marshal()) != string(s.user.Marshal()) {
			return nil, errors.New("not you")
		}
		return nil, nil
	}}
	config.AddHostKey(s.host)
	conn, channels, requests, err := ssh.NewServerConn(raw, config)
	if err != nil {
		return
	}
	defer conn.Close()
	go ssh.DiscardRequests(requests)
	for c := range channels {
		channel, asked, err := c.Accept()
		if err != nil {
			return
		}
		for r := range asked {
			var command struct{ Text string }
			if r.Type != "exec" || ssh.Unmarshal(r.Payload, &command) != nil {
				_ = r.Reply(false, nil)
				continue
			}
			_ = r.Reply(true, nil)
			if s.run(command.Text) {
				return
			}
			code := struct{ Code uint32 }{}
			switch command.Text {
			case "hang":
				continue
			case "fail":
				io.WriteString(channel.Stderr(), "must be root\n")
				code.Code = 1
			}
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(code))
			channel.Close()
		}
	}
}

func (s *system) run(command string) (over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ran = append(s.ran, command)
	s.off = command == "poweroff"
	return s.off
}

// dial reaches the system while it is on; after that the network has nobody at its address.
func (s *system) dial(ctx context.Context, network, address string) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.off {
		return nil, os.ErrDeadlineExceeded
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

func (s *system) power(t *testing.T) Power {
	t.Helper()
	p := New(manual.Power{Log: slog.New(slog.DiscardHandler)},
		func(context.Context, string) ([]string, error) { return []string{"52:54:00:00:00:07"}, nil }, nil)
	p.dial, p.pause = s.dial, time.Millisecond
	return p
}

func (s *system) node(more baremetal.Object) *baremetal.Node {
	info := baremetal.Object{"wol_host": "127.0.0.1", "wol_port": s.port, "wol_off": "ssh", "wol_ssh_address": s.address,
		"wol_ssh_key_file": s.keyFile,
		"wol_ssh_host_key": string(ssh.MarshalAuthorizedKey(s.host.PublicKey())), "wol_ssh_timeout": "1"}
	for k, v := range more {
		info[k] = v
	}
	return &baremetal.Node{Name: "pc-07", Driver: HardwareType, DriverInfo: info}
}

func TestSuiteBySSH(t *testing.T) {
	powertest.Run(t, func(t *testing.T) (conductor.Power, *baremetal.Node) {
		s := running(t)
		return s.power(t), s.node(nil)
	})
}

// What the machine is told; one that is off is told nothing.
func TestOffBySSH(t *testing.T) {
	s := running(t)
	p, n := s.power(t), s.node(baremetal.Object{"wol_ssh_reboot": "sudo reboot"})
	for _, action := range []baremetal.PowerState{baremetal.Reboot, baremetal.PowerOff, baremetal.PowerOff} {
		if err := p.Set(t.Context(), n, action); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Set(t.Context(), n, baremetal.Reboot); err != nil {
		t.Error(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ran := strings.Join(s.ran, ", "); ran != "sudo reboot, poweroff" {
		t.Errorf("ran %q", ran)
	}
}

// A machine that is another, does not let us in, cannot, hangs, or runs on is an error that says what.
func TestSSHThatFails(t *testing.T) {
	other, text := key(t)
	stranger := filepath.Join(t.TempDir(), "stranger")
	if err := os.WriteFile(stranger, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		info baremetal.Object
		says string
	}{
		"another host": {baremetal.Object{"wol_ssh_host_key": string(ssh.MarshalAuthorizedKey(other.PublicKey()))}, "host key mismatch"},
		"another user": {baremetal.Object{"wol_ssh_key_file": stranger}, "unable to authenticate"},
		"refused":      {baremetal.Object{"wol_ssh_off": "fail"}, `exited with status 1 "must be root"`},
		"runs on":      {baremetal.Object{"wol_ssh_off": "true"}, `took "true", and still answers 1s later`},
		"hangs":        {baremetal.Object{"wol_ssh_off": "hang"}, "deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			s := running(t)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if name == "hangs" {
				ctx, cancel = context.WithTimeout(t.Context(), time.Second)
				defer cancel()
			}
			err := s.power(t).Set(ctx, s.node(test.info), baremetal.PowerOff)
			if err == nil || !errors.Is(err, baremetal.ErrBMC) || !strings.Contains(err.Error(), test.says) ||
				!strings.Contains(err.Error(), "pc-07") {
				t.Errorf("Set = %v, want %q", err, test.says)
			}
		})
	}
}

// All that is missing or malformed at once; an error tells nothing of what a file holds.
func TestSSHValidate(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "shadow")
	if err := os.WriteFile(secret, []byte("marker-hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{
		"": "want the absolute path of a private key on this host", "id": "want the absolute path of a private key on this host",
		"/dev/zero": "/dev/zero is no file of a key", secret: secret + " has no private key of OpenSSH or in PEM without a passphrase",
	} {
		err := driver(nil).Validate(&baremetal.Node{DriverInfo: baremetal.Object{"wol_off": "ssh", "wol_ssh_key_file": path}})
		want := "Invalid driver_info: wol_off=ssh needs wol_ssh_address; wol_off=ssh needs wol_ssh_host_key, the machine's public key as in " +
			"/etc/ssh/ssh_host_ed25519_key.pub; wol_ssh_key_file: " + says + "."
		if !errors.Is(err, baremetal.ErrInvalid) || err.Error() != want {
			t.Errorf("Validate = %v, want %s", err, want)
		}
	}
}
