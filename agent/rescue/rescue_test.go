package rescue

import (
	"bytes"
	"net"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/ssh"
)

// open has a door, and returns how to knock and the fingerprint of its key.
func open(t *testing.T) (knock func(user, password string) (*ssh.Client, error), fingerprint string) {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte("sesame"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	d := &Door{Hash: hash, Say: t.Logf, Run: func(s *Session) (int, error) {
		cmd := exec.Command("/bin/sh")
		if s.Command != "" {
			cmd = exec.Command("/bin/sh", "-c", s.Command)
		}
		cmd.Dir = t.TempDir()
		return s.Attend(cmd)
	}}
	if fingerprint, err = d.Open(); err != nil {
		t.Fatal(err)
	}
	d.slow = 0
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); d.Serve(t.Context(), l) }() //nolint:errcheck // closed at the end
	t.Cleanup(func() { <-ended })
	return func(user, password string) (*ssh.Client, error) {
		return ssh.Dial("tcp", l.Addr().String(), &ssh.ClientConfig{User: user, Auth: []ssh.AuthMethod{ssh.Password(password)},
			HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
				if got := ssh.FingerprintSHA256(key); got != fingerprint {
					t.Errorf("the key of the host is %s, and %s was said", got, fingerprint)
				}
				return nil
			}})
	}, fingerprint
}

// Idle connections do not use up the places.
func TestTheDoorIsNotHeld(t *testing.T) {
	knock, _ := open(t)
	first, err := knock("rescue", "sesame")
	if err != nil {
		t.Fatal(err)
	}
	at := first.RemoteAddr().String()
	first.Close()
	for n := range 3 * maxPeople {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 3, byte(n%4))}}
		c, err := d.DialContext(t.Context(), "tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	c, err := knock("rescue", "sesame")
	if err != nil {
		t.Fatalf("behind connections that say nothing: %v", err)
	}
	c.Close()
}

func TestWhoIsLetIn(t *testing.T) {
	knock, _ := open(t)
	for _, who := range []struct {
		user, password string
		in             bool
	}{{"rescue", "sesame", true}, {"rescue", "", false}, {"rescue", "Sesame", false}, {"root", "sesame", false}} {
		c, err := knock(who.user, who.password)
		if (err == nil) != who.in {
			t.Errorf("%s with %q: %v, want in %v", who.user, who.password, err, who.in)
		}
		if err == nil {
			c.Close() //nolint:errcheck // over
		}
	}
}

func TestAHashOfAnotherKindOpensNothing(t *testing.T) {
	for _, hash := range []string{"", "sesame", "$6$salt$aaaa"} {
		if _, err := (&Door{Hash: []byte(hash)}).Open(); err == nil {
			t.Errorf("%q opens", hash)
		}
	}
}

// TestSessions: commands with their input, output and status, shells, and those with a terminal.
func TestSessions(t *testing.T) {
	knock, _ := open(t)
	c, err := knock("rescue", "sesame")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // over
	for _, test := range []struct {
		name, command, in string
		terminal          bool
		out, wrong        string
		status            int
	}{
		{"a command", "echo here; echo there >&2; exit 3", "", false, "here", "there", 3},
		{"its input", "cat", "a line", false, "a line", "", 0},
		{"a shell", "", "echo $((6*7)); exit 5\n", false, "42", "", 5},
		{"no terminal", "tty", "", false, "not a tty", "", 1},
		{"a terminal", "tty; stty size; echo $TERM", "", true, "24 80", "", 0},
		{"a shell on one", "", "echo $((6*7)); exit 5\n", true, "42", "", 5},
	} {
		s, err := c.NewSession()
		if err != nil {
			t.Fatal(err)
		}
		var out, wrong bytes.Buffer
		s.Stdin, s.Stdout, s.Stderr = strings.NewReader(test.in), &out, &wrong
		if test.terminal {
			if err := s.RequestPty("vt100", 24, 80, nil); err != nil {
				t.Fatal(err)
			}
		}
		if test.command != "" {
			err = s.Run(test.command)
		} else if err = s.Shell(); err == nil {
			err = s.Wait()
		}
		status := 0
		if ended, is := err.(*ssh.ExitError); is { //nolint:errorlint // as the package returns it
			status, err = ended.ExitStatus(), nil
		}
		if err != nil || status != test.status || !strings.Contains(out.String(), test.out) || !strings.Contains(wrong.String(), test.wrong) {
			t.Errorf("%s: %v, status %d, said %q and %q, want %d, %q and %q", test.name, err, status, &out, &wrong, test.status, test.out,
				test.wrong)
		}
	}
}

// TestNothingElse: ports are not forwarded, and there are no subsystems.
func TestNothingElse(t *testing.T) {
	knock, _ := open(t)
	c, err := knock("rescue", "sesame")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // over
	if _, err := c.Dial("tcp", "127.0.0.1:1"); err == nil || !strings.Contains(err.Error(), "sessions only") {
		t.Errorf("a port is forwarded: %v", err)
	}
	s, err := c.NewSession()
	if err == nil {
		err = s.RequestSubsystem("sftp")
	}
	if err == nil {
		t.Error("there is a subsystem")
	}
}
