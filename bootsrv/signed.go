package bootsrv

import (
	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/store"
)

// recentPrograms is how many events tell which program the firmware of a machine started
// last: a boot has a handful of these kinds.
const recentPrograms = 20

// signed reports whether the machine with the card mac is to load signed programs.
func signed(tx *store.Tx, mac string) (bool, error) {
	port, err := tx.Ports().Find(mac)
	if err != nil || port == nil {
		return false, err
	}
	node, err := tx.Nodes().Find(port.NodeUUID)
	if err != nil || node == nil {
		return false, err
	}
	latest, err := tx.Events(store.EventQuery{Node: node.UUID, Last: true, Limit: recentPrograms,
		Kinds: []baremetal.EventKind{baremetal.EventDiscover, baremetal.EventFile, baremetal.EventScript}})
	return err == nil && boot.SecureBoot(node, latest), err
}
