package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"

	"ironhook/agent/rescue"
)

// shells is where the system of a rescued machine is entered.
const shells = ":22"

// finalizeRescue lets in who has the password. The agent takes no command then and sends no heartbeat, as
// Ironic's: the machine is its user's.
func (a *agent) finalizeRescue(_ context.Context, params map[string]any) (any, error) {
	if params["hashed"] != true {
		return nil, errors.New("the password must come as a hash of bcrypt")
	}
	if err := a.furnish(); err != nil {
		return nil, err
	}
	door := &rescue.Door{Hash: []byte(word(params, "rescue_password")), Say: a.say, Run: a.session}
	key, err := door.Open()
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", shells)
	if err != nil {
		return nil, err
	}
	go func() { a.note(door.Serve(context.Background(), l)) }()
	how := fmt.Sprintf("ssh rescue@%s, host key %s", a.address, key)
	a.say("rescue: %s", how)
	a.rescued.Store(true)
	return how, nil
}

// fileSystems are those that mount tries where it is told none (/etc/filesystems); the kernel knows none before.
const fileSystems = "ext4\nxfs\nbtrfs\nvfat\niso9660\n"

// furnish makes what people expect of a system: terminals, a home, and all programs of the shell, of which
// the kernel calls modprobe when a file system is mounted.
func (a *agent) furnish() error {
	for _, dir := range append(strings.Split(path, ":"), "/root", "/mnt") {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := os.WriteFile("/etc/filesystems", []byte(fileSystems), 0o644); err != nil {
		return err
	}
	a.children.RLock()
	defer a.children.RUnlock()
	return errors.Join(mount(mounting{"devpts", "/dev/pts", "devpts"}), exec.Command("/bin/busybox", "--install", "-s").Run())
}

// session runs a shell, or a command in one.
func (a *agent) session(s *rescue.Session) (status int, err error) {
	cmd := exec.Command("/bin/sh", "-l")
	if s.Command != "" {
		cmd = exec.Command("/bin/sh", "-c", s.Command)
	}
	cmd.Dir, cmd.Env = "/root", append(os.Environ(), "HOME=/root", "USER=root", "PATH="+path)
	a.children.RLock() // or reap would take its end
	defer a.children.RUnlock()
	return s.Attend(cmd)
}
