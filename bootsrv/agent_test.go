package bootsrv

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"

	"ironhook/baremetal"
)

func text(t *testing.T, q question, m Machine) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := decide(q, m).Script.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestDecideAgent: who boots the agent, and what it is told.
func TestDecideAgent(t *testing.T) {
	agent := Agent{Files: fstest.MapFS{}, Unknown: true, API: API{Scheme: "https", Port: func() uint16 { return 6385 }, Pin: "AB12"}}
	const api = " ipa-api-url=https://10.77.0.1:6385 "
	const callback = " ipa-inspection-callback-url=https://10.77.0.1:6385/v1/continue_inspection "
	const own = "kernel --name kernel http://10.77.0.1:8080/agent/${buildarch}/vmlinuz initrd=ramdisk"
	for name, c := range map[string]struct {
		change     func(*question, *Machine)
		has, lacks []string
	}{
		"unknown": {func(_ *question, m *Machine) { m.Port, m.Node = nil, nil },
			[]string{own, api, callback, "ironhook-certificate=ab12"}, nil},
		"unknown, not wanted": {func(q *question, m *Machine) { m.Port, m.Node, q.agent.Unknown = nil, nil, false }, []string{"not enrolled"},
			[]string{"/agent/"}},
		"unknown and no agent": {func(q *question, m *Machine) { m.Port, m.Node, q.agent.Files = nil, nil, nil }, []string{"not enrolled"},
			[]string{"/agent/"}},
		"enrolled": {func(*question, *Machine) {}, []string{"sanboot"}, []string{"/agent/"}},
		"inspected": {func(_ *question, m *Machine) {
			m.Node.ProvisionState, m.Node.Interfaces["inspect"] = baremetal.InspectWait, "agent"
		}, []string{own, api, callback}, nil},
		"a step": {func(_ *question, m *Machine) {
			m.Node.DriverInternalInfo = baremetal.Object{baremetal.AgentBoots: true}
			m.Node.DriverInfo = baremetal.Object{"kernel_append_params": "ipa-lldp-timeout=0 ipa-api-url=http://proxy"}
		}, []string{own, "ipa-lldp-timeout=0", " ipa-api-url=http://proxy"}, []string{api, callback}},
		"Ironic's": {func(_ *question, m *Machine) {
			m.Node.DriverInternalInfo = baremetal.Object{baremetal.AgentBoots: true}
			m.Node.DriverInfo = baremetal.Object{"deploy_kernel": "http://a/k", "deploy_ramdisk": "http://a/r"}
		}, []string{"kernel --name kernel http://a/k initrd=ramdisk", api, "ipa-insecure=1"}, []string{"/agent/", callback}},
		"a step without an agent": {func(q *question, m *Machine) {
			q.agent.Files, m.Node.DriverInternalInfo = nil, baremetal.Object{baremetal.AgentBoots: true}
		}, []string{"there is none here"}, []string{"/agent/"}},
		"written": {func(_ *question, m *Machine) {
			m.Node.Interfaces["storage"], m.Node.Interfaces["deploy"], m.Targets = "noop", "direct", nil
			m.Node.InstanceInfo = baremetal.Object{"image_source": "debian", "force_deployment": "true"}
		}, []string{"boots from its own disk"}, []string{"/agent/"}},
	} {
		m, q := ready(), asked()
		q.agent = agent
		c.change(&q, &m)
		script := text(t, q, m)
		for _, want := range c.has {
			if !strings.Contains(strings.ReplaceAll(script, "\n", " "), strings.TrimSuffix(want, " ")) {
				t.Errorf("%s: no %q in\n%s", name, want, script)
			}
		}
		for _, no := range c.lacks {
			if strings.Contains(script, strings.TrimSuffix(no, " ")) {
				t.Errorf("%s: %q in\n%s", name, no, script)
			}
		}
	}
}
