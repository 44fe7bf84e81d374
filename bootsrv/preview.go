package bootsrv

import (
	"embed"
	"strings"

	"ironhook/baremetal"
	"ironhook/bootsrv/http"
	"ironhook/store"
)

// Preview is the script that the node would get now if one of its own cards asked for it, with
// a mask in place of each secret. It is for people: a refusal is a script too.
func Preview(tx *store.Tx, ident string) (string, error) {
	node, err := tx.Nodes().Get(ident)
	if err != nil {
		return "", err
	}
	ports, err := tx.Ports().List(store.Where("node_uuid", node.UUID))
	if err != nil {
		return "", err
	}
	if len(ports) == 0 {
		return "", baremetal.Errorf(baremetal.ErrInvalid, "%s has no port, and a machine is recognised by the MAC address of one. "+
			"Add it with: openstack baremetal port create --node %s MAC", node.Label(), node.UUID)
	}
	mac := ports[0].Address
	for _, p := range ports {
		if p.PXEEnabled {
			mac = p.Address
			break
		}
	}
	m, err := machine(tx, mac)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	if _, err := preview(mac, m.masked()).Script.WriteTo(&text); err != nil {
		return "", err
	}
	return maskCommands(text.String()), nil
}

// maskCommands masks the passwords in the URLs and arguments of a script's commands, which are free
// text of an operator's. What the script says on the screen has none.
func maskCommands(script string) string {
	var b strings.Builder
	for line := range strings.Lines(script) {
		if !strings.HasPrefix(line, "echo ") {
			line = baremetal.InstanceSecrets.MaskText(line)
		}
		b.WriteString(line)
	}
	return b.String()
}

// preview is decide for a card that asks under its own address.
func preview(mac string, m Machine) http.Answer {
	q := question{Request: http.Request{MAC: mac}, agent: previewed}
	for _, refusal := range refusals {
		if !refusal.early && refusal.when(q, m) { // the early ones are about the sender
			why, remedy := refusal.why(q, m)
			return q.refuse(refusal.end, why, remedy)
		}
	}
	q.peer.Local = true
	by := methods[m.plan().Method]
	script, err := by.script(q, m)
	if err != nil {
		return q.refuse(0, err.Error(), by.remedy)
	}
	return http.Answer{Script: script}
}

// previewed stands for the agent in a preview: which address a machine will have reached us at
// is not known.
var previewed = Agent{Files: embed.FS{}, API: API{Scheme: "http", Port: func() uint16 { return 6385 }}}

// masked is the machine with a mask for each secret that a script could have in it.
func (m Machine) masked() Machine {
	grants := make([]*baremetal.Grant, len(m.Grants))
	for i, g := range m.Grants {
		one := *g
		one.User, one.Secret = baremetal.Mask, baremetal.Mask
		grants[i] = &one
	}
	targets := make([]*baremetal.VolumeTarget, len(m.Targets))
	for i, t := range m.Targets {
		one := *t
		one.Properties = baremetal.Object{}
		for key, value := range t.Properties {
			if !baremetal.Public(key) && set(value) {
				value = baremetal.Mask
			}
			one.Properties[key] = value
		}
		targets[i] = &one
	}
	m.Grants, m.Targets = grants, targets
	return m
}
