package bootsrv

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"ironhook/boot"
	"ironhook/bootsrv/dhcp"
	"ironhook/bootsrv/http"
	"ironhook/internal/limit"
	"ironhook/ipxe"
	"ironhook/store"
)

// scripts answers requests of package http: it reads the machine, identifies the sender,
// and decides.
type scripts struct {
	store  *store.Store
	find   func(context.Context, netip.Addr) (peer, error)
	gave   func(a netip.Addr, on string) string
	shims  bool    // there is a shim for kernels
	offers *offers // nil for none
}

// offers are what a machine may get besides its own boot.
type offers struct {
	unknown []byte // the script for machines that are not enrolled, nil for the refusal alone
	agent   Agent
}

// of is the agent among them.
func (o *offers) of() (a Agent) {
	if o != nil {
		a = o.agent
	}
	return a
}

// patience is how long a request may be ahead of the machine's lease. Beside another DHCP
// server we learn the address from a broadcast that may still be in our queue when that
// server has already answered.
const patience = 3 * time.Second

// relook is the interval at which the sender is identified again meanwhile: that changes
// without a commit.
const relook = 500 * time.Millisecond

// answer returns the boot script for r, after waiting for records that may be on their way.
// An error is the store's: an unknown machine gets a script too.
func (s scripts) answer(ctx context.Context, r http.Request) (http.Answer, error) {
	defer limit.Yield(ctx)() // anybody can ask for a machine whose record never comes
	enough, again := time.NewTimer(patience), time.NewTicker(relook)
	defer enough.Stop()
	defer again.Stop()
	for {
		changed := s.store.Changed() // before reading, so that no commit is missed
		a, err := s.now(ctx, r)
		if err != nil || !a.Early {
			return a, err
		}
		select {
		case <-changed:
		case <-again.C:
		case <-enough.C:
			return a, nil
		case <-ctx.Done():
			return a, nil
		}
	}
}

// now returns the boot script for r at this moment.
func (s scripts) now(ctx context.Context, r http.Request) (http.Answer, error) {
	var m Machine
	err := s.store.View(ctx, func(tx *store.Tx) (err error) {
		if m, err = machine(tx, r.MAC); err == nil && s.shims {
			m.Shim, err = signed(tx, r.MAC)
		}
		return err
	})
	if err != nil {
		return http.Answer{}, fmt.Errorf("look up machine %s: %w", r.MAC, err)
	}
	q := question{Request: r, agent: s.offers.of()}
	if q.peer, err = s.find(ctx, r.From); err != nil {
		return http.Answer{}, fmt.Errorf("find out who asks for the script of %s: %w", r.MAC, err)
	}
	q.gave = s.gave(r.From, q.peer.Interface) == r.MAC
	a := decide(q, m)
	if s.offers != nil && s.offers.unknown != nil && m.Port == nil && !q.GRUB {
		a.Script = bytes.NewReader(s.offers.unknown)
	}
	return a, nil
}

// machine reads the records of mac.
func machine(tx *store.Tx, mac string) (m Machine, err error) {
	if m.Lease, err = tx.Leases().Find(mac); err != nil {
		return m, err
	}
	if m.Port, err = tx.Ports().Find(mac); err != nil || m.Port == nil {
		return m, err
	}
	if m.Node, err = tx.Nodes().Find(m.Port.NodeUUID); err != nil {
		return m, err
	}
	of := store.Where("node_uuid", m.Port.NodeUUID)
	if m.Targets, err = tx.Targets().List(of); err != nil {
		return m, err
	}
	if m.Connectors, err = tx.Connectors().List(of); err != nil {
		return m, err
	}
	if m.Grants, err = tx.Grants().List(of); err != nil || m.Node == nil {
		return m, err
	}
	return m, m.Look(tx.SourceImage)
}

// root is the disk that the machine's firmware attaches by itself. A target that is not
// described well enough is none; validation names its faults.
func root(tx *store.Tx, mac string) (dhcp.Root, error) {
	m, err := machine(tx, mac)
	if err != nil || m.Node == nil || m.plan().Method != boot.Adapter || !m.plan().Volume.ISCSI() {
		return dhcp.Root{}, err
	}
	path, err := ipxe.RootPath(m.plan().Volume)
	if err != nil {
		return dhcp.Root{}, nil
	}
	return dhcp.Root{Path: path, Initiator: m.initiator()}, nil
}

// hyphens formats a MAC address like iPXE's ${mac:hexhyp}.
func hyphens(mac string) string { return strings.ReplaceAll(mac, ":", "-") }
