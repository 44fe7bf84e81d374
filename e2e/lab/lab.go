package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// The addresses of every lab; each lab has a network of its own.
const (
	Bridge  = "br0"       // the boot network's interface, on the side of the servers
	Address = "10.77.0.1" // the servers' address on the boot network
	Subnet  = "10.77.0.0/24"

	Address6 = "fd77::1" // that of IPv6
)

// Lab is one machine room. Its methods are safe for concurrent use.
type Lab struct {
	Dir  string // for files of the lab; removed by Close
	Logs string // for logs; they stay

	ns netns

	mu        sync.Mutex
	processes []*Process
	closers   []io.Closer
	machines  int

	tasks sync.WaitGroup // goroutines that end when those are closed
}

// New makes a lab with an empty boot network. The name must be free of slashes;
// the logs go to build/logs under it. Close it.
func New(name string) (*Lab, error) {
	scratch := os.Getenv(scratchEnv)
	if scratch == "" {
		return nil, errors.New("lab.New needs the namespaces of lab.Run")
	}
	root, err := Root()
	if err != nil {
		return nil, err
	}
	l := &Lab{Dir: filepath.Join(scratch, name), Logs: filepath.Join(root, "build", "logs", name)}
	if err := os.RemoveAll(l.Logs); err != nil {
		return nil, err
	}
	for _, dir := range []string{l.Dir, l.Logs} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	if l.ns, err = newNetns(); err != nil {
		return nil, err
	}
	if err := l.configure(); err != nil {
		l.Close()
		return nil, fmt.Errorf("build the lab's network: %w", err)
	}
	return l, nil
}

// configure brings up the loopback and the boot network's bridge. The pair of ports
// gives the bridge a carrier while no machine is on, as a real switch would, and
// the link-local address is one that needs no probing first.
func (l *Lab) configure() error {
	return l.IP(`
link set lo up
link add ` + Bridge + ` address 52:54:00:77:00:01 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
link add port0 type veth peer name port1
link set port0 master ` + Bridge + ` up
link set port1 up
address add ` + Address + `/24 dev ` + Bridge + `
address add fe80::1/64 dev ` + Bridge + ` nodad
address add ` + Address6 + `/64 dev ` + Bridge + ` nodad
link set ` + Bridge + ` up
`)
}

// IP runs lines of iproute2 commands in the lab's network.
func (l *Lab) IP(script string) error {
	cmd := exec.Command("ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(script)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := l.ns.do(cmd.Start); err != nil {
		return err
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("ip: %w: %s", err, strings.TrimSpace(out.String()))
	}
	return nil
}

// Output runs a tool that ends by itself in the lab's network and returns what
// it printed; its complaint becomes the error. The environment is the caller's
// and env.
func (l *Lab) Output(ctx context.Context, env []string, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = l.Dir
	cmd.Env = append(os.Environ(), env...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := l.ns.do(cmd.Start)
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		return stdout.String(), fmt.Errorf("%s %s: %w: %s", program, strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// nextMachine numbers the machines from 1; number n has the BMC address 10.77.1.n.
func (l *Lab) nextMachine() (int, netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.machines++
	return l.machines, netip.AddrFrom4([4]byte{10, 77, 1, byte(l.machines)})
}

// Close ends every process of the lab and removes its folder. The network goes
// with the last of them.
func (l *Lab) Close() error {
	l.mu.Lock()
	processes, closers := l.processes, l.closers
	l.processes, l.closers = nil, nil
	l.mu.Unlock()
	for _, c := range closers {
		c.Close()
	}
	l.tasks.Wait() // no power-on after this
	for _, p := range processes {
		p.Kill()
	}
	return errors.Join(l.ns.file.Close(), os.RemoveAll(l.Dir))
}
