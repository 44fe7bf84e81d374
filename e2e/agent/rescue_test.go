package agent_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"ironhook/e2e/lab"
)

// TestRescueAndService rescues a machine that runs a system from its disk: who has the password finds the
// system there and mends it. Then it is serviced. After both it runs its system again.
func TestRescueAndService(t *testing.T) {
	r := newRoom(t, "rescue")
	system, args := disk(t, "scsi", 1, 1)
	out, err := exec.CommandContext(t.Context(), "cp", guest(t, t.TempDir()).file, system).CombinedOutput()
	must(t, "disk: "+string(out), err)
	m, err := r.Machine(t.Context(), lab.Hardware{Name: "rescued", Devices: slices.Concat(hba, args)})
	must(t, "machine", err)
	node := written(m, "S1")
	node["rescue_interface"] = "agent"
	r.enrol(t, m, node)
	r.provision(t, "rescued", "manage", "manageable")
	r.provision(t, "rescued", "adopt", "active")

	r.begin(t, "rescued", object{"target": "rescue", "rescue_password": "sesame"})
	r.await(t, "rescued", "rescue wait")
	expect(t, m, 1, `agent: up`, `agent: rescue: ssh rescue@`)
	r.await(t, "rescued", "rescue")
	r.rescue(t)
	r.provision(t, "rescued", "unrescue", "active")
	expect(t, m, 2, `guest: root-ok`)

	must(t, "service", r.client.At("1.87").Do(t.Context(), "PUT", "/v1/nodes/rescued/states/provision",
		object{"target": "service", "service_steps": []object{
			{"interface": "deploy", "step": "list_firmware"}, {"interface": "deploy", "step": "burnin_memory", "args": object{"seconds": 2}}}}, nil))
	expect(t, m, 3, `agent: up`, `agent: firmware`, `agent: burn-in: [0-9]+ MiB of memory`)
	r.await(t, "rescued", "active")
	expect(t, m, 4, `guest: root-ok`)
	empty := make([]byte, 512)
	b, err := os.ReadFile(system)
	if must(t, "disk", err); slices.Equal(b[:512], empty) {
		t.Error("the disk has lost its partition table")
	}
}

// rescue enters the rescued machine where its event says, as nobody without the password can, and changes its disk.
func (r *room) rescue(t *testing.T) {
	t.Helper()
	at, key := r.whereRescued(t)
	enter := func(password string) (*ssh.Client, error) {
		conn, err := r.Dial(t.Context(), "tcp", net.JoinHostPort(at, "22"))
		must(t, "reach the rescued machine", err)
		c, channels, requests, err := ssh.NewClientConn(conn, at,
			&ssh.ClientConfig{User: "rescue", Auth: []ssh.AuthMethod{ssh.Password(password)},
				HostKeyCallback: func(_ string, _ net.Addr, shown ssh.PublicKey) error {
					if got := ssh.FingerprintSHA256(shown); got != key {
						t.Errorf("the machine has the key %s, and the event says %s", got, key)
					}
					return nil
				}})
		if err != nil {
			return nil, err
		}
		return ssh.NewClient(c, channels, requests), nil
	}
	if _, err := enter("Sesame"); err == nil || !strings.Contains(err.Error(), "unable to authenticate") {
		t.Errorf("a wrong password: %v", err)
	}
	c, err := enter("sesame")
	must(t, "enter", err)
	defer c.Close() //nolint:errcheck // over
	s, err := c.NewSession()
	must(t, "session", err)
	out, err := s.CombinedOutput("mount /dev/sda2 /mnt && ls /mnt && echo mended >/mnt/mended && umount /mnt && echo all is well")
	must(t, "mend the system: "+string(out), err)
	if !strings.Contains(string(out), "all is well") {
		t.Errorf("the rescued system: %s", out)
	}
}

// whereRescued is the address of the rescued machine and the key of its host, from the event that tells.
func (r *room) whereRescued(t *testing.T) (address, key string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	events, err := r.client.Events(ctx, "rescued", 0)
	must(t, "events", err)
	for _, e := range events {
		if _, text, is := strings.Cut(e.Detail, "is rescued: ssh rescue@"); is {
			address, key, _ = strings.Cut(text, ", host key ")
			return address, key
		}
	}
	t.Fatalf("no event tells where the machine is: %v", events)
	return "", ""
}
