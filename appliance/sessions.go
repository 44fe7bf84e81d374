package appliance

import (
	"ironhook/baremetal"
	"ironhook/volume"
	"ironhook/web"
)

// progress is how far the making of an image is, for the pages; "" if none is being
// made.
func (a *appliance) progress(image string) string {
	if p, ok := a.pool.Progress(image); ok {
		return p.String()
	}
	return ""
}

// sessions are the iSCSI sessions with a target, for the page of its machine.
func (a *appliance) sessions(target string) (list []web.Session) {
	for _, s := range a.exports.Sessions() {
		if s.Target != target {
			continue
		}
		w := web.Session{Initiator: s.Initiator, Remote: s.Remote.String(), Since: s.Since}
		for _, u := range s.LUNs { // there is one
			w.Reads, w.ReadBytes, w.Writes, w.WrittenBytes = u.Reads, u.ReadBytes, u.Writes, u.WrittenBytes
			w.Errors, w.InFlight, w.Median, w.Slow = u.Errors, u.InFlight, u.Within(0.5), u.Within(0.99)
		}
		list = append(list, w)
	}
	return list
}

// open are the targets that have a session, for the pages.
func (a *appliance) open() map[string]bool {
	open := map[string]bool{}
	for _, s := range a.exports.Sessions() {
		open[s.Target] = true
	}
	return open
}

// files are the volumes that are files and nothing else, for the pages.
func (a *appliance) files() ([]web.File, error) {
	all, err := a.volumes.List(volume.KindVolume)
	var list []web.File
	for _, v := range all {
		if !baremetal.IsUUID(v.ID) { // what is registered is under its UUID
			list = append(list, web.File{Name: v.ID, Size: v.Size})
		}
	}
	return list, err
}
