package stick

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Where things are while the stick runs.
const (
	dataMount = "/data"
	home      = dataMount + "/ironhook" // the data directory of the appliance
	program   = "/bin/ironhook"
	notifyAt  = "/run/notify"
	user      = 990 // that the appliance runs as
)

// silence is how long the appliance may be silent before it is started again.
const silence = time.Minute

// server is one run of the appliance.
type server struct {
	cmd   *exec.Cmd
	ready chan struct{} // closed when it serves
	done  chan struct{} // closed when it has ended
	err   error         // how; valid once done is closed
}

// environment is the configuration of the appliance on this network.
func environment(a address) []string {
	env := []string{
		"PATH=/bin:/sbin", "HOME=" + home, "TMPDIR=" + filepath.Join(dataMount, "tmp"), "NOTIFY_SOCKET=" + notifyAt,
		"WATCHDOG_USEC=" + strconv.FormatInt(silence.Microseconds(), 10), "IRONHOOK_DATA=" + home,
	}
	if a.Card == "" {
		return env
	}
	env = append(env, "IRONHOOK_BOOT_INTERFACE="+a.Card)
	if a.Range != "" {
		env = append(env, "IRONHOOK_DHCP_RANGE="+a.Range)
	}
	return env
}

// serve starts the appliance as a user of its own with the two capabilities that it needs;
// what it prints goes to out.
func serve(ctx context.Context, a address, out io.Writer) (*server, error) {
	if err := os.Remove(notifyAt); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	notes, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: notifyAt, Net: "unixgram"})
	if err != nil {
		return nil, err
	}
	if err := os.Chown(notifyAt, user, user); err != nil {
		return nil, err
	}
	s := &server{ready: make(chan struct{}), done: make(chan struct{})}
	s.cmd = exec.Command(program, "serve")
	s.cmd.Env = environment(a)
	s.cmd.Dir = home
	s.cmd.Stdout, s.cmd.Stderr = out, out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential:  &syscall.Credential{Uid: user, Gid: user},
		AmbientCaps: []uintptr{unix.CAP_NET_BIND_SERVICE, unix.CAP_NET_RAW},
	}
	if err := s.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the appliance: %w", err), notes.Close())
	}
	go s.listen(notes)
	go func() {
		s.err = s.cmd.Wait()
		notes.Close() //nolint:errcheck // ends listen
		close(s.done)
	}()
	return s, nil
}

// listen takes the appliance's notes of sd_notify(3), and kills it when it is silent.
func (s *server) listen(notes *net.UnixConn) {
	buffer := make([]byte, 4096)
	ready := false
	for {
		if ready {
			_ = notes.SetReadDeadline(time.Now().Add(silence)) // a socket has deadlines
		}
		n, err := notes.Read(buffer)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			_ = s.cmd.Process.Kill() // fails only when it has ended
			return
		}
		if err != nil {
			return
		}
		if !ready && strings.Contains(string(buffer[:n]), "READY=1") {
			ready = true
			close(s.ready)
		}
	}
}

// stop asks the appliance to end, and kills it when it takes longer than a drain does.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // fails only when it has ended
	select {
	case <-s.done:
	case <-time.After(30 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.done
	}
}

// local is a client of the appliance's API on its local socket.
func local() *http.Client {
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(home, "ironhook.sock"))
		},
	}}
}

// healthy asks the appliance whether all that machines may ask of it can be done.
func healthy(ctx context.Context, c *http.Client) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/readyz", nil)
	if err != nil {
		return err
	}
	answer, err := c.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 4096)) // what there is of it
		return fmt.Errorf("not ready: %s", text)
	}
	return nil
}

// The lines that tell the first password, and the link under which a person chooses another.
var (
	password = regexp.MustCompile(`^first start: user admin, password (\S+)`)
	link     = regexp.MustCompile(`^first start: or choose your own; open (\S+)`)
)

// lines calls each with every line of what is written to it.
func lines(each func(string)) io.WriteCloser {
	r, w := io.Pipe()
	go func() {
		for in := bufio.NewScanner(r); in.Scan(); {
			each(in.Text())
		}
		_, _ = io.Copy(io.Discard, r) // after a line longer than any of ours
	}()
	return w
}
