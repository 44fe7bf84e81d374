package bootsrv

import (
	"fmt"
	"io"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/bootsrv/http"
	"ironhook/grub"
	"ironhook/ipxe"
)

// Machine is the records of a MAC address at one moment. A nil pointer is an absent record.
type Machine struct {
	boot.Facts // of the port's node; Attached follows from Grants
	Lease      *baremetal.Lease
	Port       *baremetal.Port
	Connectors []*baremetal.VolumeConnector
	Grants     []*baremetal.Grant
	Shim       bool // a shim vouches for the kernels that iPXE starts: the machine has Secure Boot on
}

// question is a request for a script, with the Ethernet address of its sender.
type question struct {
	http.Request
	peer  peer
	gave  bool // it came from the IPv6 address that DHCPv6 gives to this card
	agent Agent
}

// decide says what the machine boots. It gives the script of the node's boot method,
// with the secrets in it, when nothing in the table of refusals speaks against it; a
// node in maintenance boots like any other, as Ironic lets it.
func decide(q question, m Machine) http.Answer {
	if m.Port == nil && q.agent.Files != nil && q.agent.Unknown && !q.GRUB {
		return q.agent.describes(q)
	}
	for _, refusal := range refusals {
		if refusal.when(q, m) {
			why, remedy := refusal.why(q, m)
			answer := q.refuse(refusal.end, why, remedy)
			answer.Early = refusal.early
			return answer
		}
	}
	by := methods[m.plan().Method]
	script, err := by.write(q, m)
	if err != nil {
		return q.refuse(ipxe.NextDevice, err.Error(), by.remedy)
	}
	answer := http.Answer{Script: script}
	if load := m.plan().Load; load != nil {
		answer.Cloud = load.Cloud
	}
	if q.itself(m) { // the script of another sender has no secret, and is no step of the machine's boot
		answer.Event = baremetal.Event{Kind: baremetal.EventScript, Detail: by.detail(m)}
	}
	return answer
}

// method is how iPXE or GRUB boots a machine by one [boot.Method].
type method struct {
	script func(question, Machine) (ipxe.Script, error)
	grub   func(question, Machine) (grub.Config, error) // nil: it cannot
	remedy string                                       // when no script can be written
	detail func(Machine) string                         // of the event
}

// write makes the script for the program that asks.
func (by method) write(q question, m Machine) (io.WriterTo, error) {
	switch {
	case !q.GRUB:
		return by.script(q, m)
	case by.grub == nil:
		return nil, baremetal.Errorf(baremetal.ErrInvalid,
			"GRUB attaches no volumes: %s needs a signed iPXE, or the iSCSI initiator of its firmware.", m.Node.Label())
	}
	return by.grub(q, m)
}

// methods are those for which a machine needs a script.
var methods = map[boot.Method]method{
	boot.ISCSI:   attaching(false),
	boot.FCoE:    attaching(true),
	boot.Ramdisk: loading,
	boot.NFS:     loading,
}

// attaching is how iPXE boots a machine from volumes, of iSCSI or of FCoE.
func attaching(fibre bool) method {
	return method{
		script: func(q question, m Machine) (ipxe.Script, error) {
			b := ipxe.VolumeBoot{Node: m.Node.Label(), Initiator: m.initiator(), Targets: m.volumes(), Fibre: fibre, Self: hyphens(q.MAC),
				Six: q.From.Is6(), VLAN: m.Port.Options().VLAN, Shims: q.shims(m)}
			if kernel := m.plan().Kernel; kernel != nil {
				b.Kernel, b.Ramdisk, b.Args = kernel.Kernel, kernel.Ramdisk, kernel.Args
			}
			return ipxe.BootVolumes(b)
		},
		remedy: "Correct it with: openstack baremetal volume target set",
		detail: func(m Machine) string { return "boots from volume " + m.boot().VolumeID },
	}
}

// shims is the URL of the folder with the shim that vouches for kernels, "" for none.
func (q question) shims(m Machine) string {
	if !m.Shim {
		return ""
	}
	return fmt.Sprintf("http://%s/%s", q.Here, ipxe.SecureFolder)
}

// args are the arguments of the kernel that the machine loads.
func (q question) args(m Machine) string {
	l := m.plan().Load
	if l.Agent {
		return q.agent.args(q.Here, l.Args, m.Node.Inspected(), l.Kernel == "")
	}
	return l.Line(fmt.Sprintf("http://%s/boot/%s/cloud/", q.Here, hyphens(q.MAC)))
}

// loading is how iPXE boots a machine from what it loads itself. The values are checked
// before a deployment, so the remedy is for a node that was never deployed.
var loading = method{
	script: func(q question, m Machine) (ipxe.Script, error) {
		l := m.plan().Load
		b := ipxe.LoadBoot{Node: m.Node.Label(), Kernel: l.Kernel, Ramdisk: l.Ramdisk, ISO: l.ISO, Args: q.args(m), Self: hyphens(q.MAC),
			Six: q.From.Is6(), Shims: q.shims(m)}
		if l.Agent && l.Kernel == "" {
			b.Agent = q.agent.at(q)
		}
		return ipxe.BootLoad(b)
	},
	grub: func(q question, m Machine) (grub.Config, error) {
		l := *m.plan().Load
		if l.ISO != "" {
			return grub.Config{}, baremetal.Errorf(baremetal.ErrInvalid,
				"GRUB starts no ISO: %s needs a signed iPXE, or the kernel and the ramdisk of the ISO.", m.Node.Label())
		}
		if l.Agent && l.Kernel == "" {
			l.Kernel, l.Ramdisk = q.agent.at(q)+"/x86_64/vmlinuz", q.agent.at(q)+"/x86_64/initrd"
		}
		here := fmt.Sprintf("http://%s/boot/%s/", q.Here, hyphens(q.MAC))
		return grub.Boot(grub.Load{Node: m.Node.Label(), Kernel: l.Kernel, Ramdisk: l.Ramdisk, Args: q.args(m), Card: hyphens(q.MAC),
			Report: here + "loaded"})
	},
	remedy: "Correct it with: openstack baremetal node set --instance-info",
	detail: func(m Machine) string {
		what := map[boot.Method]string{boot.Ramdisk: "a kernel and a ramdisk", boot.NFS: "a kernel, with its root over NFS"}[m.plan().Method]
		switch {
		case m.plan().Load.ISO != "":
			what = "an ISO"
		case m.plan().Load.Agent:
			what = "the agent"
		}
		return "boots " + what
	},
}

func (q question) refuse(end ipxe.End, why, remedy string) http.Answer {
	var script io.WriterTo = ipxe.Notice(end, why, remedy)
	if q.GRUB {
		script = grub.Notice(end == ipxe.PowerOff, why, remedy)
	}
	return http.Answer{Script: script, Event: baremetal.Event{Kind: baremetal.EventRefused, Step: baremetal.EventScript, Detail: why}}
}

// refusal is one reason not to boot.
type refusal struct {
	when  func(question, Machine) bool
	end   ipxe.End
	early bool // the machine may ask before we have read its broadcast
	why   func(question, Machine) (why, remedy string)
}

// refusals are checked in this order; each may rely on those before it.
var refusals = []refusal{
	{
		when: func(_ question, m Machine) bool { return m.Port == nil || m.Node == nil },
		why: func(q question, _ Machine) (string, string) {
			return fmt.Sprintf("machine %s is not enrolled", q.MAC),
				fmt.Sprintf("Enrol it with: openstack baremetal port create --node NODE %s", q.MAC)
		},
	}, {
		when: func(_ question, m Machine) bool { return !m.Port.PXEEnabled },
		why: func(_ question, m Machine) (string, string) {
			return fmt.Sprintf("port %s of %s has pxe_enabled false", m.Port.Address, m.Node.Label()),
				fmt.Sprintf("To boot from this card: openstack baremetal port set --pxe-enabled %s", m.Port.UUID)
		},
	}, {
		when: func(_ question, m Machine) bool { return m.plan().Refusal != nil },
		why: func(_ question, m Machine) (string, string) {
			r := m.plan().Refusal
			return r.Why, r.Remedy
		},
	}, {
		when: func(q question, m Machine) bool {
			return m.plan().Load != nil && m.plan().Load.Agent && m.plan().Load.Kernel == "" && q.agent.Files == nil
		},
		why: func(_ question, m Machine) (string, string) {
			return fmt.Sprintf("%s is to boot the agent, and there is none here", m.Node.Label()),
				"Make it with make agent and give the appliance its directory (agent-dir)"
		},
	}, {
		when: func(_ question, m Machine) bool { return methods[m.plan().Method].script == nil },
		why: func(_ question, m Machine) (string, string) {
			if m.plan().Volume == nil {
				return fmt.Sprintf("%s boots from its own disk", m.Node.Label()), "Going on with the next boot device"
			}
			return fmt.Sprintf("%s boots from a %s volume, which its own adapter or firmware attaches", m.Node.Label(), m.plan().Volume.VolumeType),
				"Going on with the next boot device"
		},
	}, {
		when: func(_ question, m Machine) bool {
			return m.Node.Interfaces.Attaches() && m.plan().Volume != nil && !m.attached()
		},
		end: ipxe.PowerOff,
		why: func(_ question, m Machine) (string, string) {
			return fmt.Sprintf("the volume of %s is not attached", m.Node.Label()),
				fmt.Sprintf("Switch the machine on through Ironhook: openstack baremetal node power on %s", m.Node.Label())
		},
	}, {
		when: func(q question, m Machine) bool {
			leased := q.gave || m.Lease != nil && m.Lease.Address == q.From && m.Lease.Expires.After(q.At)
			return m.secret() && !leased
		},
		early: true,
		why: func(q question, m Machine) (string, string) {
			leased := "has no leased address"
			if m.Lease != nil {
				leased = fmt.Sprintf("has %s until %s", m.Lease.Address, m.Lease.Expires.UTC().Format("15:04:05 UTC"))
			}
			return fmt.Sprintf("script of %s asked for from %s, but its card %s %s", m.Node.Label(), q.From, q.MAC, leased),
				"A script with a secret goes only to the machine it belongs to; let it boot through DHCP"
		},
	}, {
		when:  func(q question, m Machine) bool { return m.secret() && !q.itself(m) },
		early: true,
		why: func(q question, m Machine) (string, string) {
			on := q.peer.Interface // of an IPv6 address, which has no lease
			if m.Lease != nil {
				on = m.Lease.Interface
			}
			return fmt.Sprintf("script of %s asked for from %s by a card of another address: %s, not %s on %s",
					m.Node.Label(), q.From, where(q.peer), q.MAC, on),
				"A script with a secret goes only to the card it belongs to; find the machine that has taken its address"
		},
	},
}

// plan is how the machine boots, and from what. The machine must be enrolled.
func (m Machine) plan() boot.Plan {
	m.Attached = m.grant(m.boot()) != nil
	return boot.Decide(m.Facts)
}

// itself reports whether frames to the peer reach the card that the question is about, on
// the interface of its lease. A local process has no card, and that of a machine behind a
// relay is not seen here: then the lease decides.
func (q question) itself(m Machine) bool {
	there := q.gave || m.Lease != nil && q.peer.Interface == m.Lease.Interface
	return q.peer.Local || there && q.peer.speaksFor(q.MAC)
}

// where describes the peer in words.
func where(p peer) string {
	if p.Card == nil {
		return "no neighbour on " + p.Interface
	}
	return fmt.Sprintf("%s on %s", p.Card, p.Interface)
}

// boot returns the target that the machine boots from, or nil.
func (m Machine) boot() *baremetal.VolumeTarget { return boot.Target(m.Targets) }

// attached reports whether the boot volume is the machine's to log in to: by our grant, or by
// the connection that another storage has given.
func (m Machine) attached() bool {
	if m.Node.Interfaces.Managed() {
		return m.grant(m.boot()) != nil
	}
	return m.boot() != nil && m.boot().Located()
}

// grant returns the grant of a target; nil while it is not attached, and for a nil target.
func (m Machine) grant(t *baremetal.VolumeTarget) *baremetal.Grant {
	if t == nil {
		return nil
	}
	return baremetal.GrantTo(t.UUID, m.Grants)
}

// volumes returns the machine's volume targets with their logins.
func (m Machine) volumes() []*baremetal.VolumeTarget {
	list := make([]*baremetal.VolumeTarget, len(m.Targets))
	for i, t := range m.Targets {
		list[i] = t.Connected(m.grant(t))
	}
	return list
}

// initiator is the IQN to log in with: that of the grant, else the node's first connector
// of type iqn, else iPXE's own.
func (m Machine) initiator() string {
	if e := m.grant(m.boot()); e != nil {
		return e.Initiator
	}
	for _, c := range m.Connectors {
		if c.Type == "iqn" {
			return c.ConnectorID
		}
	}
	return ""
}

// secret reports whether the script would contain one. The arguments of a kernel and the
// URLs of what iPXE loads are free text, in which passwords are usual.
func (m Machine) secret() bool {
	if m.plan().Load != nil || m.plan().Kernel != nil {
		return true
	}
	for _, t := range m.volumes() {
		if set(t.Properties["auth_password"]) || set(t.Properties["reverse_auth_password"]) {
			return true
		}
	}
	return false
}

// set reports whether a free-form field has a value, as Ironic does.
func set(v any) bool { return v != nil && v != "" && v != false }
