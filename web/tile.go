package web

import (
	"fmt"
	"strings"
	"time"

	"ironhook/baremetal"
)

// tile is one machine on the dashboard.
type tile struct {
	UUID, Name string
	Power      badge
	State      badge // of provisioning
	MAC        string
	More       int    // further network cards
	Address    string // leased
	Notice     string // maintenance or the last error
	Alarm      bool   // the notice is an error
	Hidden     bool   // the page was asked for others only

	Class, Image, Driver, Owner string // by which machines are grouped; "" for none
	Bar                         barView
}

// Kind lists the kinds of machines that the tile is one of, as the counters have them.
func (t tile) Kind() string {
	var kinds []string
	for _, k := range kindsOfMachines {
		if k.has(t) {
			kinds = append(kinds, k.name)
		}
	}
	return strings.Join(kinds, " ")
}

func (t tile) trouble() bool { return t.Bar.Problem != "" || t.Alarm || t.State.Tone == "bad" }

// seen is the text on the tile, in lower case, as the filter of the page reads it.
func (t tile) seen() string {
	more := ""
	if t.More > 0 {
		more = fmt.Sprintf("+%d", t.More)
	}
	return strings.ToLower(strings.Join([]string{
		t.Name, t.State.Text, t.Power.Text, t.Address, t.MAC, more, t.Bar.Caption, t.Bar.Problem, t.Bar.Chore, t.Notice,
	}, "\n"))
}

// badge is a word with a colour.
type badge struct {
	Text string
	Tone string // good, busy, bad, calm: a CSS class
}

func newTile(m *machine, now time.Time) tile {
	last := m.boots.Last()
	t := tile{
		UUID:  m.node.UUID,
		Name:  m.node.Label(),
		Power: power(m.node),
		State: progress(m.node),
		Bar:   newBarView(last, last.Status(m.sight(now))),
	}
	t.Class, t.Image, t.Driver, t.Owner = m.node.ResourceClass, plain(m.node.ImageSource()), m.node.Driver, m.node.Owner
	if len(m.ports) > 0 {
		t.MAC, t.More = m.ports[0].Address, len(m.ports)-1
	}
	if len(m.leases) > 0 {
		t.MAC, t.Address = m.leases[0].MAC, m.leases[0].Address.String()
	}
	t.Notice, t.Alarm = remarkable(m)
	if t.Notice == t.Bar.Problem {
		t.Notice = ""
	}
	return t
}

// remarkable is the most important remark about a machine for its operator.
func remarkable(m *machine) (text string, alarm bool) {
	n := m.node
	switch {
	case n.LastError != "":
		return n.LastError, true
	case n.ByHand() != "":
		return "Needs " + n.ByHand() + ".", false
	case n.Maintenance && n.MaintenanceReason != "":
		return "Maintenance: " + n.MaintenanceReason, false
	case n.Maintenance:
		return "Maintenance", false
	case len(m.ports) == 0:
		return "It has no port: add one with its MAC address, by which it is recognised when it boots.", false
	}
	return "", false
}

func power(n *baremetal.Node) badge {
	if n.TargetPowerState != "" && n.TargetPowerState != n.PowerState {
		return badge{"→ " + bare(n.TargetPowerState), "busy"}
	}
	switch n.PowerState {
	case baremetal.PowerOn:
		return badge{"on", "good"}
	case baremetal.PowerOff:
		return badge{"off", "calm"}
	case "":
		return badge{"unknown", "calm"}
	}
	return badge{string(n.PowerState), "bad"}
}

// bare is a power state without the word power.
func bare(p baremetal.PowerState) string {
	switch p {
	case baremetal.PowerOn:
		return "on"
	case baremetal.PowerOff, baremetal.SoftPowerOff:
		return "off"
	case baremetal.Reboot, baremetal.SoftReboot:
		return "reboot"
	}
	return string(p)
}

// broken are the provision states that need a person.
var broken = map[baremetal.ProvisionState]bool{
	baremetal.DeployFailed: true, baremetal.CleanFailed: true, baremetal.Failed: true, baremetal.InspectFailed: true,
	baremetal.AdoptFailed: true, baremetal.RescueFailed: true, baremetal.UnrescueFailed: true,
}

// progress is the provision state of a node, with how much the agent has done of its step.
func progress(n *baremetal.Node) badge {
	b := provision(n.ProvisionState)
	if done, ok := n.DriverInternalInfo[baremetal.AgentPercent].(float64); ok {
		b.Text += fmt.Sprintf(", %.0f %%", done)
	}
	return b
}

func provision(s baremetal.ProvisionState) badge {
	switch {
	case broken[s]:
		return badge{string(s), "bad"}
	case s.Goal() != "":
		return badge{string(s), "busy"}
	case s == baremetal.Active || s == baremetal.Rescue:
		return badge{string(s), "good"}
	}
	return badge{string(s), "calm"}
}

// elapsed writes a duration for a person: 840 ms, 12.4 s, 3 min 05 s, 2 h 10 min.
func elapsed(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Truncate(100*time.Millisecond).Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
}
