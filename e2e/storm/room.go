package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"ironhook/e2e/lab"
)

// room is the appliance, the machines' nodes, and the network between them.
type room struct {
	*lab.Lab
	app      *lab.Appliance
	api      *lab.Client // one for all: each has connections of its own
	segments []*lab.Segment
	storm    Storm
	clients  []*machine
}

const (
	serverMAC = "52:54:00:77:00:01" // of the lab's bridge
	golden    = "golden"

	machinesPort = "machines" // of the lab's bridge
)

// open starts everything that is there before the power comes back.
func open(ctx context.Context, program string, s Storm) (*room, error) {
	l, err := lab.New("storm")
	if err != nil {
		return nil, err
	}
	r := &room{Lab: l, storm: s}
	for _, step := range []func(context.Context) error{
		r.network,
		func(ctx context.Context) error { return r.serve(ctx, program) },
		r.image, r.enrol,
	} {
		if err := step(ctx); err != nil {
			r.close()
			return nil, err
		}
	}
	return r, nil
}

func (r *room) close() error {
	err := r.Lab.Close()
	for _, s := range r.segments {
		err = errors.Join(err, s.Close())
	}
	return err
}

// connect adds a segment to the network.
func (r *room) connect(port string) (*lab.Segment, error) {
	s, err := r.Segment(port)
	if err == nil {
		r.segments = append(r.segments, s)
	}
	return s, err
}

// network widens the lab's network and makes a macvlan device for each machine. The devices
// live in one namespace, so each answers for its own address only (arp_ignore). Their
// entries for the server are permanent, because the kernel counts the others of all
// namespaces against one limit (gc_thresh3, 1024), which the server needs for itself.
func (r *room) network(ctx context.Context) error {
	if err := r.IP("address add " + lab.Address + "/16 dev " + lab.Bridge +
		"\naddress del " + lab.Address + "/24 dev " + lab.Bridge + "\n"); err != nil {
		return err
	}
	machines, err := r.connect(machinesPort)
	if err != nil {
		return err
	}
	settings := "net.ipv6.conf.all.disable_ipv6=1\nnet.ipv6.conf.default.disable_ipv6=1\nnet.ipv4.conf.all.arp_ignore=1\n" +
		"net.ipv4.conf.all.arp_announce=2\nnet.ipv4.conf.all.rp_filter=0\nnet.ipv4.conf.default.rp_filter=0\n"
	if err := machines.Run(settings, "sysctl", "-q", "-p", "-"); err != nil {
		return err
	}
	var links strings.Builder
	fmt.Fprintf(&links, "link set lo up\n")
	for i := range r.storm.Machines {
		m := newMachine(i, machines)
		r.clients = append(r.clients, m)
		fmt.Fprintf(&links,
			"link add %[1]s link %[2]s address %[3]s type macvlan mode private bcqueuelen 100000\n"+
				"link set %[1]s up\n"+
				"neigh add %[4]s lladdr %[5]s dev %[1]s nud permanent\n",
			m.device, lab.Uplink, m.mac, lab.Address, serverMAC)
	}
	if err := machines.Run(links.String(), "ip", "-batch", "-"); err != nil {
		return err
	}
	return r.lose(ctx, machines)
}

// lose drops some frames of a thousand where they arrive, at each end of the cable. A frame
// that is dropped where it leaves would be an error of its sender.
func (r *room) lose(ctx context.Context, machines *lab.Segment) error {
	if r.storm.Loss == 0 {
		return nil
	}
	rule := func(device string) string {
		return fmt.Sprintf(
			"table netdev loss { chain arriving { type filter hook ingress device %s priority 0; numgen random mod 1000 < %d drop; }; }",
			device, r.storm.Loss)
	}
	_, err := r.Output(ctx, nil, "nft", rule(machinesPort))
	return errors.Join(err, machines.Run("", "nft", rule(lab.Uplink)))
}

// serve starts the appliance, and beside it another DHCP server where it is a proxy.
func (r *room) serve(ctx context.Context, program string) (err error) {
	args := []string{"--dhcp", "full", "--dhcp-range", "10.77.16.0-10.77.31.255"}
	if r.storm.Proxy {
		args = []string{"--dhcp", "proxy"}
		if err := r.foreign(); err != nil {
			return err
		}
	}
	if program, err = r.ordinary(program); err == nil {
		r.app, err = r.Serve(ctx, program, args...)
	}
	if err != nil {
		return err
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.app.Process().PID()))
	for _, line := range []string{"\nUid:\t65534\t65534\t65534\t65534\n", "\nCapPrm:\t0000000000002400\n", "\nCapBnd:\t0000000000002400\n"} {
		if err == nil && !strings.Contains(string(status), line) {
			err = fmt.Errorf("the appliance has more rights than an ordinary user with two capabilities:\n%s", status)
		}
	}
	return err
}

// ordinary returns a program that runs this one as the packages do: as a user who is not root and
// has two capabilities.
func (r *room) ordinary(program string) (string, error) {
	const nobody = 65534
	own, run, data := filepath.Join(r.Dir, "ironhook"), filepath.Join(r.Dir, "ordinary"), filepath.Join(r.Dir, "data")
	content, err := os.ReadFile(program)
	if err != nil {
		return "", err
	}
	const caps = "+net_raw,+net_bind_service"
	script := fmt.Sprintf(
		"#!/bin/sh\nexec setpriv --reuid=%d --regid=%d --clear-groups --inh-caps=%s --ambient-caps=%s --bounding-set=-all,%s -- %s \"$@\"\n",
		nobody, nobody, caps, caps, caps, own)
	return run, errors.Join(os.Chmod(filepath.Dir(r.Dir), 0o711), os.WriteFile(own, content, 0o755), os.WriteFile(run, []byte(script), 0o755),
		os.Mkdir(data, 0o700), os.Chown(data, nobody, nobody))
}

// foreign starts dnsmasq as the network's own DHCP server, on a host of its own. It knows the
// machines: dnsmasq does not remember what it has offered, and of a thousand strangers that ask
// at once most are offered, and then refused, the address of another.
func (r *room) foreign() error {
	host, err := r.connect("foreign")
	if err != nil {
		return err
	}
	if err := host.Run("address add 10.77.0.2/16 dev "+lab.Uplink+"\nlink set lo up\n", "ip", "-batch", "-"); err != nil {
		return err
	}
	conf := filepath.Join(r.Dir, "dnsmasq.conf")
	var known strings.Builder
	for i, m := range r.clients {
		fmt.Fprintf(&known, "dhcp-host=%s,10.77.%d.%d\n", m.mac, 16+i/250, 1+i%250)
	}
	if err := os.WriteFile(conf, []byte(known.String()), 0o644); err != nil {
		return err
	}
	_, err = host.Start(r.Lab, "dnsmasq", "dnsmasq", "--keep-in-foreground", "--port=0", "--log-facility=-", "--conf-file="+conf,
		"--dhcp-range=10.77.16.0,10.77.31.255,255.255.0.0,1h", "--dhcp-lease-max=5000",
		"--dhcp-leasefile="+filepath.Join(r.Dir, "dnsmasq.leases"),
		"--interface="+lab.Uplink, "--bind-interfaces", "--no-ping")
	return err
}

// image makes the golden image: noise as far as the machines read, then a hole.
func (r *room) image(ctx context.Context) error {
	path := filepath.Join(r.Dir, "golden.raw")
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(f, io.LimitReader(noise(), r.storm.Image)); err != nil {
		return err
	}
	if err := f.Truncate(max(r.storm.Image, int64(r.storm.Read)) + int64(r.storm.Write) + 1<<20); err != nil {
		return err
	}
	_, err = r.Output(ctx, []string{"IRONHOOK_DATA=" + r.app.Data}, r.app.Program(),
		"image", "create", golden, "--file", path, "--disk-format", "raw")
	return err
}

// noise is what the image holds.
func noise() io.Reader { return rand.NewChaCha8([32]byte{}) }

// beginning is the first chunk of the image.
func beginning() []byte {
	b := make([]byte, chunk)
	_, _ = io.ReadFull(noise(), b) // noise never ends
	return b
}

// enrol makes the nodes and deploys them from the image, some at a time.
func (r *room) enrol(ctx context.Context) error {
	r.api = r.app.Client()
	return r.each(ctx, func(ctx context.Context, m *machine) error { return m.enrol(ctx, r.api) })
}

type object = map[string]any

// enrol deploys the machine's node from the image.
func (m *machine) enrol(ctx context.Context, api *lab.Client) error {
	var n lab.Node
	err := api.Do(ctx, "POST", "/v1/nodes", object{
		"name": m.name, "driver": "fake-hardware", "storage_interface": "iscsi", "boot_interface": "ipxe", "deploy_interface": "direct",
		"properties": object{"capabilities": "iscsi_boot:True"}, "instance_info": object{"image_source": golden},
	}, &n)
	if err != nil {
		return err
	}
	if err := api.Do(ctx, "POST", "/v1/ports", object{"node_uuid": n.UUID, "address": m.mac}, nil); err != nil {
		return err
	}
	if err := errors.Join(api.Deploy(ctx, n.UUID), api.Power(ctx, n.UUID, "power on")); err != nil {
		return fmt.Errorf("deploy %s: %w", m.name, err)
	}
	return nil
}
