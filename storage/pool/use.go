package pool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/volume"
)

// Use is the use of a volume by a node or a host.
type Use struct {
	UUID       string // of the attachment, or of the node's volume target
	Node       string // UUID; "" for a host that is not a node
	Name       string // of the node or the host; of a host without one the client's name for it
	Mountpoint string
	ReadOnly   bool
	Since      time.Time
	Attachment *baremetal.Attachment // nil for a node
	Grant      *baremetal.Grant      // nil for a node that is off, and for a host that has reserved it only
}

// Live reports whether the user may be reading and writing, now or without asking again. A
// node that is deployed and off has its volumes too, but their bytes rest until it is
// switched on through us. A host that has reserved a volume counts: as in Cinder, where only
// a volume that is available, and none that is reserved, is deleted, reverted or replaced.
func (u Use) Live() bool { return u.Grant != nil || u.Attachment != nil }

// Users lists the users of the volume, snapshot or image with this UUID, or of the raw file
// of this name: nodes with a grant of it, deployed nodes, on or off, with a volume target
// that names it, and other hosts.
func Users(tx *store.Tx, id string) ([]Use, error) {
	names, err := namesOf(tx, id)
	if err != nil {
		return nil, err
	}
	said := map[string][]string{}
	for _, name := range names {
		said[name] = []string{id}
	}
	named := store.Query{Filters: []store.Filter{{Column: "volume_id", Match: store.In, Value: names}}}
	u := users{tx: tx, one: id, found: map[string][]Use{}}
	err = u.read(store.Where("volume", id), named, store.Where("volume_uuid", id), said)
	return u.found[id], err
}

// AllUsers is Users for all ids at once.
func AllUsers(tx *store.Tx) (map[string][]Use, error) {
	said, err := allNames(tx)
	if err != nil {
		return nil, err
	}
	u := users{tx: tx, found: map[string][]Use{}}
	return u.found, u.read(store.Query{}, store.Query{}, store.Query{}, said)
}

// namesOf lists the values of volume_id that name an id.
func namesOf(tx *store.Tx, id string) ([]string, error) {
	names := []string{id}
	v, err := tx.Volumes().Find(id)
	if err != nil {
		return nil, err
	}
	if v != nil && v.Name != "" {
		names = append(names, v.Name)
	}
	i, err := tx.Images().Find(id)
	if err != nil {
		return nil, err
	}
	if i != nil && i.Name != "" && i.Status == baremetal.ImageActive {
		names = append(names, i.Name)
	}
	return names, nil
}

// allNames is the inverse of namesOf. An ambiguous name stands for all ids that have it:
// deleting one of them must not decide from which a node boots.
func allNames(tx *store.Tx) (map[string][]string, error) {
	columns := store.Query{Columns: []string{"uuid", "name"}}
	volumes, err := tx.Volumes().List(columns)
	if err != nil {
		return nil, err
	}
	columns.Filters = []store.Filter{{Column: "status", Value: string(baremetal.ImageActive)}}
	images, err := tx.Images().List(columns)
	said := map[string][]string{}
	for _, v := range volumes {
		said[v.Name] = append(said[v.Name], v.UUID)
	}
	for _, i := range images {
		said[i.Name] = append(said[i.Name], i.UUID)
	}
	delete(said, "")
	return said, err
}

// users collects the users of volumes by id.
type users struct {
	tx    *store.Tx
	one   string // the id wanted; "" for all
	found map[string][]Use
}

// read reads the grants, volume targets and attachments that the queries select. said maps
// a volume_id to the other ids that it names.
func (u *users) read(grants, targets, attachments store.Query, said map[string][]string) error {
	given, err := u.tx.Grants().List(grants)
	if err == nil {
		err = u.readNodes(slices.DeleteFunc(slices.Clone(given), func(g *baremetal.Grant) bool { return g.Target == "" }), targets, said)
	}
	if err == nil {
		err = u.readHosts(given, attachments)
	}
	if err != nil {
		return fmt.Errorf("look for users of volumes: %w", err)
	}
	return nil
}

func (u *users) readHosts(grants []*baremetal.Grant, attachments store.Query) error {
	list, err := u.tx.Attachments().List(attachments)
	for _, a := range list {
		one := Use{UUID: a.UUID, Name: cmp.Or(a.Host, a.Instance), Mountpoint: a.Mountpoint, ReadOnly: a.ReadOnly, Since: a.CreatedAt,
			Attachment: a}
		if at := slices.IndexFunc(grants, func(g *baremetal.Grant) bool { return g.Attachment == a.UUID }); at >= 0 {
			one.Grant = grants[at]
		}
		u.add(a.VolumeUUID, one)
	}
	return err
}

// add adds a user, once.
func (u *users) add(id string, use Use) {
	if !slices.ContainsFunc(u.found[id], func(has Use) bool { return has.UUID == use.UUID }) {
		u.found[id] = append(u.found[id], use)
	}
}

func (u *users) readNodes(given []*baremetal.Grant, targets store.Query, said map[string][]string) error {
	named, err := u.tx.Targets().List(targets)
	if err != nil {
		return err
	}
	shared, err := neverWritten(u.tx, u.one)
	if err != nil {
		return err
	}
	nodes, err := nodesOf(u.tx, given, named)
	if err != nil {
		return err
	}
	use := func(id string, t *baremetal.VolumeTarget) Use {
		return Use{UUID: t.UUID, Node: t.NodeUUID, Name: nodes[t.NodeUUID].Label(), Mountpoint: fmt.Sprintf("boot_index %d", t.BootIndex),
			ReadOnly: t.Options().ReadOnly || shared[id], Since: nodes[t.NodeUUID].ProvisionUpdatedAt}
	}
	for _, g := range given {
		t, err := u.tx.Targets().Get(g.Target)
		if err != nil {
			return err
		}
		one := use(g.Volume, t)
		one.ReadOnly, one.Since, one.Grant = g.ReadOnly || shared[g.Volume], g.CreatedAt, g
		u.add(g.Volume, one)
	}
	for _, t := range named {
		if !Holds(nodes[t.NodeUUID], t) {
			continue
		}
		for _, id := range append([]string{t.VolumeID}, said[t.VolumeID]...) {
			u.add(id, use(id, t))
		}
	}
	return nil
}

// elsewhere are the storage interfaces without local volumes: their targets name other
// things, even if a local volume has the same name.
var elsewhere = map[string]bool{baremetal.StorageNoop: true, baremetal.StorageExternal: true}

// Holds reports whether a node holds the volume that its target t names even while it is
// off.
func Holds(n *baremetal.Node, t *baremetal.VolumeTarget) bool {
	return n.ProvisionState.Holds() && !elsewhere[n.Interfaces.Storage()] && t.ISCSI()
}

// nodesOf reads the nodes of grants and targets, only the columns that are needed here.
func nodesOf(tx *store.Tx, grants []*baremetal.Grant, targets []*baremetal.VolumeTarget) (map[string]*baremetal.Node, error) {
	const few = 100 // above this, listing all nodes is faster
	wanted := map[string]bool{}
	for _, g := range grants {
		wanted[g.Node] = true
	}
	for _, t := range targets {
		wanted[t.NodeUUID] = true
	}
	q := store.Query{Columns: []string{"uuid", "name", "provision_state", "provision_updated_at", "interfaces"}}
	switch {
	case len(wanted) == 0:
		return nil, nil
	case len(wanted) <= few:
		q.Filters = []store.Filter{{Column: "uuid", Match: store.In, Value: slices.Collect(maps.Keys(wanted))}}
	}
	list, err := tx.Nodes().List(q)
	nodes := map[string]*baremetal.Node{}
	for _, n := range list {
		nodes[n.UUID] = n
	}
	return nodes, err
}

// neverWritten lists the ids that cannot be written to, of all or of one: read-only
// volumes, images, snapshots.
func neverWritten(tx *store.Tx, one string) (map[string]bool, error) {
	q := store.Query{Columns: []string{"uuid"}}
	if one != "" {
		q.Filters = store.Where("uuid", one).Filters
	}
	images, err := tx.Images().List(q)
	if err != nil {
		return nil, err
	}
	snapshots, err := tx.Snapshots().List(q)
	if err != nil {
		return nil, err
	}
	q.Filters = append(q.Filters, store.Filter{Column: "read_only", Value: 1})
	volumes, err := tx.Volumes().List(q)
	set := map[string]bool{}
	for _, i := range images {
		set[i.UUID] = true
	}
	for _, s := range snapshots {
		set[s.UUID] = true
	}
	for _, v := range volumes {
		set[v.UUID] = true
	}
	return set, err
}

// steps are the statuses of a volume that hosts have, by the step at which their
// attachments are; of several the first counts.
var steps = []struct {
	attachment string
	volume     baremetal.VolumeStatus
}{
	{AttachmentAttached, baremetal.VolumeInUse},
	{AttachmentDetaching, baremetal.VolumeDetaching},
	{AttachmentAttaching, baremetal.VolumeAttaching},
	{AttachmentHeld, baremetal.VolumeAttaching},
	{AttachmentReserved, baremetal.VolumeReserved},
}

// Status is the status that clients read: a volume that has users is in use, or on the way
// to it or from it. A node has its volumes at once.
func Status(v *baremetal.Volume, uses []Use) baremetal.VolumeStatus {
	if v.Status != baremetal.VolumeAvailable || len(uses) == 0 {
		return v.Status
	}
	for _, s := range steps {
		if slices.ContainsFunc(uses, func(u Use) bool { return u.Attachment == nil || u.Attachment.Status == s.attachment }) {
			return s.volume
		}
	}
	return baremetal.VolumeInUse
}

// UserNames is AllUsers by name.
func UserNames(tx *store.Tx) (map[string][]string, error) {
	all, err := AllUsers(tx)
	names := map[string][]string{}
	for id, uses := range all {
		names[id] = userNames(uses)
	}
	return names, err
}

// UsersOf is UserNames of one volume, snapshot, image or raw file.
func (p *Pool) UsersOf(ctx context.Context, id string) (names []string, err error) {
	err = p.store.View(ctx, func(tx *store.Tx) error {
		uses, err := Users(tx, id)
		names = userNames(uses)
		return err
	})
	return names, err
}

func userNames(uses []Use) (names []string) {
	for _, u := range uses {
		initiator := ""
		if u.Attachment != nil && u.Grant != nil {
			initiator = u.Grant.Initiator
		}
		names = append(names, cmp.Or(u.Name, initiator, "reserved"))
	}
	return names
}

// listUsers lists the users for a message.
func listUsers(uses []Use) string {
	const most = 4
	var names []string
	for _, u := range uses[:min(most, len(uses))] {
		switch {
		case u.Node != "":
			names = append(names, "node "+u.Name)
		case u.Name != "":
			names = append(names, "host "+u.Name)
		default:
			names = append(names, "attachment "+u.UUID)
		}
	}
	if len(uses) > most {
		names = append(names, "...")
	}
	return strings.Join(names, ", ")
}

// busy is the error of an operation on something in use.
func busy(what string, uses []Use) error {
	remedy := "detach it there first"
	if i := slices.IndexFunc(uses, func(u Use) bool { return u.Node != "" }); i >= 0 {
		remedy = "switch that node off, or undeploy it if it is deployed, or have its volume target name another volume, first"
	}
	return baremetal.Errorf(baremetal.ErrConflict, "%s is in use by %s; %s.", what, listUsers(uses), remedy)
}

// others are the users other than this node; all users for "".
func others(uses []Use, node string) []Use {
	return slices.DeleteFunc(slices.Clone(uses), func(u Use) bool { return node != "" && u.Node == node })
}

// live are the users that may be reading and writing now.
func live(uses []Use) []Use {
	return slices.DeleteFunc(slices.Clone(uses), func(u Use) bool { return !u.Live() })
}

// Resolve finds what the volume_id of a volume target names: a volume by its UUID, a raw
// file in the directory by its name, a volume by its name, or an image by its UUID or name.
// It returns its id in package volume, and the record of a volume, or nil. The error is
// ErrConflict for an ambiguous name.
func Resolve(tx *store.Tx, volumes *volume.Dir, ident string) (id string, v *baremetal.Volume, err error) {
	v, err = tx.Volumes().Get(ident)
	if err == nil {
		return v.UUID, v, nil
	}
	if !errors.Is(err, baremetal.ErrNotFound) {
		return "", nil, err
	}
	if _, err := volumes.Stat(ident); err == nil {
		return ident, nil, nil
	}
	named, err := tx.Volumes().List(store.Where("name", ident))
	switch {
	case err != nil:
		return "", nil, err
	case len(named) > 1:
		return "", nil, baremetal.Errorf(baremetal.ErrConflict, "%d volumes are called %s: use a UUID, such as %s.", len(named), ident,
			named[0].UUID)
	case len(named) == 1:
		return named[0].UUID, named[0], nil
	}
	i, err := tx.FindImage(ident)
	switch {
	case err != nil || i == nil:
		return ident, nil, err
	case i.Status == baremetal.ImageDeactivated:
		return "", nil, baremetal.Errorf(baremetal.ErrConflict, "Image %s is deactivated: reactivate it first.", label(i.Name, i.UUID))
	}
	return i.UUID, nil, nil
}
