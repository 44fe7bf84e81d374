package web

import (
	"maps"
	"net/http"
	"slices"

	"ironhook/baremetal"
	"ironhook/store"
)

// enrolPage is the form that enrols one machine, and the one that enrols many from a list.
type enrolPage struct {
	page
	MAC, Name string // of a machine seen on the wire
	Drivers   []driverForm
	Images    []string // that a volume can be made from
	Volumes   []string // that no machine has yet
}

// driverForm is the part of a form that a driver reads.
type driverForm struct {
	Name   string
	Chosen bool
	Keys   []keyField
}

// keyField is one key of driver_info as a field of a form.
type keyField struct {
	baremetal.Key
	Value string // "" for a secret, which stays as it is while the field is empty
	Set   bool
}

func (w *Web) enrolPage(rw http.ResponseWriter, r *http.Request) {
	d := &enrolPage{page: w.form("Enrol machines"), Drivers: w.driverForms(baremetal.Manual, nil)}
	if mac, err := baremetal.ParseMAC(r.URL.Query().Get("mac")); err == nil {
		d.MAC, d.Name = mac, proposedName(mac)
	}
	err := w.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		if d.Images, err = bootableImages(tx); err != nil {
			return err
		}
		d.Volumes, err = w.freeVolumes(tx)
		return err
	})
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	w.render(rw, http.StatusOK, "enrol", d)
}

// driverForms are the forms of all drivers, filled from the driver_info of a node.
func (w *Web) driverForms(chosen string, info baremetal.Object) (list []driverForm) {
	names := w.Drivers
	if !slices.Contains(names, chosen) {
		names = append(slices.Clone(names), chosen)
	}
	for _, name := range slices.Sorted(slices.Values(names)) {
		f := driverForm{Name: name, Chosen: name == chosen}
		for _, k := range baremetal.DriverKeys[name] {
			field := keyField{Key: k}
			if value, set := info[k.Name]; set {
				field.Set = true
				if !k.Secret {
					field.Value = plain(value)
				}
			}
			f.Keys = append(f.Keys, field)
		}
		slices.SortStableFunc(f.Keys, func(a, b keyField) int { return rank(a) - rank(b) })
		list = append(list, f)
	}
	return list
}

// rank brings the keys that most people fill in before the others.
func rank(k keyField) int {
	switch {
	case k.Required:
		return 0
	case k.Set || k.Secret:
		return 1
	}
	return 2
}

// bootableImages names the images that a volume can be made from.
func bootableImages(tx *store.Tx) (names []string, err error) {
	images, err := tx.Images().List(store.Where("status", string(baremetal.ImageActive)))
	for _, i := range images {
		names = append(names, label(i.Name, i.UUID))
	}
	slices.SortFunc(names, natural)
	return slices.Compact(names), err
}

// freeVolumes names the volumes that neither a machine nor a host has.
func (w *Web) freeVolumes(tx *store.Tx) (names []string, err error) {
	volumes, err := tx.Volumes().List(store.Query{})
	if err != nil {
		return nil, err
	}
	taken, err := w.usersOf(tx)
	if err != nil {
		return nil, err
	}
	targets, err := tx.Targets().List(store.Query{})
	if err != nil {
		return nil, err
	}
	named := map[string]bool{}
	for _, t := range targets {
		named[t.VolumeID] = true
	}
	for _, v := range volumes {
		if len(taken[v.UUID]) == 0 && !named[v.UUID] && !named[v.Name] && v.Status == baremetal.VolumeAvailable {
			names = append(names, label(v.Name, v.UUID))
		}
	}
	slices.SortFunc(names, natural)
	return names, nil
}

// editPage is the form of a machine's settings.
type editPage struct {
	page
	Node       *baremetal.Node
	Drivers    []driverForm
	Ports      []*baremetal.Port
	Connectors []*baremetal.VolumeConnector
	Targets    []*baremetal.VolumeTarget
	Volumes    []string
	Storage    []string // storage interfaces
	Types      []string // of connectors
}

// connectorTypes are the types of volume connectors, as Ironic has them.
var connectorTypes = []string{"iqn", "ip", "mac", "wwnn", "wwpn", "port", "portgroup"}

func (w *Web) editPage(rw http.ResponseWriter, r *http.Request) {
	d := &editPage{Types: connectorTypes, Storage: []string{"external", "iscsi", "noop"}}
	err := w.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		if d.Node, err = tx.Nodes().Get(r.PathValue("node")); err != nil {
			return err
		}
		mine := store.Where("node_uuid", d.Node.UUID)
		if d.Ports, err = tx.Ports().List(mine); err != nil {
			return err
		}
		if d.Connectors, err = tx.Connectors().List(mine); err != nil {
			return err
		}
		if d.Targets, err = tx.Targets().List(mine); err != nil {
			return err
		}
		d.Volumes, err = w.freeVolumes(tx)
		return err
	})
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	d.page = w.form("Settings of " + d.Node.Label())
	d.Drivers = w.driverForms(d.Node.Driver, d.Node.DriverInfo)
	w.render(rw, http.StatusOK, "edit", d)
}

// Image is the image that the machine's next deployment makes its boot volume from.
func (d *editPage) Image() string { return plain(d.Node.ImageSource()) }

// Notes are what its administrators have to know about the machine.
func (d *editPage) Notes() string { return notes(d.Node) }

func notes(n *baremetal.Node) string { return plain(n.Extra[notesKey]) }

// notesKey is the key of a node's extra that the pages show as its notes.
const notesKey = "notes"

// Other lists the keys of driver_info that no driver of ours reads, which the form leaves
// as they are.
func (d *editPage) Other() (names []string) {
	for name := range maps.Keys(d.Node.DriverInfo) {
		known := func(f driverForm) bool {
			return slices.ContainsFunc(f.Keys, func(k keyField) bool { return k.Name == name })
		}
		if !slices.ContainsFunc(d.Drivers, known) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
