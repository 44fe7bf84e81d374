package wol

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"ironhook/baremetal"
	"ironhook/internal/limit"
	"ironhook/power/driverinfo"
)

// shell is how the operating system of a machine is told to shut down.
type shell struct {
	address string
	user    string
	keyFile string
	key     ssh.Signer
	host    ssh.PublicKey // the only one that is spoken to
	off     string        // commands
	reboot  string
	silence time.Duration // within which a machine that shuts down falls silent
}

// Limits of a conversation.
const (
	maxKeyFile = 64 << 10
	maxSay     = 1 << 10 // of what a command says
	shellTime  = 30 * time.Second
	knockTime  = 2 * time.Second
	knocks     = 2 // without an answer, one after the other: the machine is off
)

// parseShell reads the keys wol_ssh_*.
func parseShell(r *driverinfo.Reader) *shell {
	s := &shell{
		address: r.Text("wol_ssh_address", ""), user: r.Text("wol_ssh_user", "root"), keyFile: r.Text("wol_ssh_key_file", ""),
		off: r.Text("wol_ssh_off", "poweroff"), reboot: r.Text("wol_ssh_reboot", "reboot"), silence: r.Seconds("wol_ssh_timeout", 2*time.Minute),
	}
	if host, _, err := net.SplitHostPort(s.address); err != nil {
		s.address = net.JoinHostPort(s.address, "22")
	} else if host == "" {
		r.Wrong("wol_ssh_address has no host")
	}
	if r.Text("wol_ssh_address", "") == "" {
		r.Wrong("wol_off=ssh needs wol_ssh_address")
	}
	var err error
	if s.host, _, _, _, err = ssh.ParseAuthorizedKey([]byte(r.Text("wol_ssh_host_key", ""))); err != nil {
		r.Wrong("wol_off=ssh needs wol_ssh_host_key, the machine's public key as in /etc/ssh/ssh_host_ed25519_key.pub")
	}
	if s.key, err = readKey(s.keyFile); err != nil {
		r.Wrong("wol_ssh_key_file: %v", err)
	}
	return s
}

// readKey reads a private key without a passphrase. The error tells nothing of what the file holds.
func readKey(path string) (ssh.Signer, error) {
	if !filepath.IsAbs(path) {
		return nil, errors.New("want the absolute path of a private key on this host")
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxKeyFile {
		return nil, fmt.Errorf("%s is no file of a key", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key, err := ssh.ParsePrivateKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s has no private key of OpenSSH or in PEM without a passphrase", path)
	}
	return key, nil
}

// tell runs the command, and waits until a machine that it switches off has fallen silent: until
// then its volumes are in use. One that is silent before is off: a restart wakes it.
func (p Power) tell(ctx context.Context, n *baremetal.Node, s *shell, target baremetal.PowerState) error {
	off := target == baremetal.PowerOff || target == baremetal.SoftPowerOff
	if !p.answers(ctx, s.address) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if off {
			p.seen.shut(n.UUID)
			return nil
		}
		return p.Set(ctx, n, baremetal.PowerOn)
	}
	command := map[bool]string{true: s.off, false: s.reboot}[off]
	if err := p.run(ctx, s, command); err != nil {
		return fmt.Errorf("node %s: %q by ssh to %s: %w; do it by hand, or correct driver_info wol_ssh_*", n.Label(), command, s.address,
			errors.Join(err, baremetal.ErrBMC))
	}
	if !off {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, s.silence)
	defer cancel()
	for silent := 0; silent < knocks; {
		if silent++; p.answers(waiting, s.address) {
			silent = 0
		}
		if err := limit.Pause(waiting, p.pause); err != nil {
			return fmt.Errorf("node %s: %s took %q, and still answers %v later: %w", n.Label(), s.address, command, s.silence,
				errors.Join(ctx.Err(), baremetal.ErrBMC))
		}
	}
	p.seen.shut(n.UUID)
	return nil
}

// answers reports whether a machine answers at an address: a port that is closed is an answer.
func (p Power) answers(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, knockTime)
	defer cancel()
	c, err := p.dial(ctx, "tcp", address)
	if err == nil {
		c.Close() //nolint:errcheck // nothing was sent
	}
	return err == nil || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET)
}

// run runs a command. A machine that shuts down may close the connection before it tells how the
// command has ended.
func (p Power) run(ctx context.Context, s *shell, command string) error {
	ctx, cancel := context.WithTimeout(ctx, shellTime)
	defer cancel()
	raw, err := p.dial(ctx, "tcp", s.address)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { raw.Close() })() //nolint:errcheck // it ends the conversation
	defer raw.Close()                                      //nolint:errcheck // the conversation is over
	conn, channels, requests, err := ssh.NewClientConn(raw, s.address, &ssh.ClientConfig{
		User: s.user, Auth: []ssh.AuthMethod{ssh.PublicKeys(s.key)}, HostKeyCallback: ssh.FixedHostKey(s.host),
		HostKeyAlgorithms: algorithms(s.host),
	})
	if err != nil {
		return cmp.Or(ctx.Err(), err)
	}
	client := ssh.NewClient(conn, channels, requests)
	defer client.Close() //nolint:errcheck // the conversation is over
	session, err := client.NewSession()
	if err != nil {
		return cmp.Or(ctx.Err(), err)
	}
	var said complaint
	session.Stderr = &said
	err = session.Run(command)
	if missing := new(ssh.ExitMissingError); errors.As(err, &missing) && ctx.Err() == nil {
		return nil
	}
	if err != nil {
		return cmp.Or(ctx.Err(), fmt.Errorf("%w %.300q", err, bytes.TrimSpace(said.text)))
	}
	return nil
}

// algorithms are those of the host's key: a server with several keys shall show this one.
func algorithms(key ssh.PublicKey) []string {
	if key.Type() == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{key.Type()}
}

// complaint keeps the beginning of what a command complains of.
type complaint struct{ text []byte }

func (e *complaint) Write(b []byte) (int, error) {
	e.text = append(e.text, b[:min(len(b), maxSay-len(e.text))]...)
	return len(b), nil
}
