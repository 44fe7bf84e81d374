package web

import (
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

// System is the appliance itself, as it is now.
type System struct {
	Go, Platform, Host, Data string
	Started                  time.Time
	Certificate              *Certificate // of the pages and the API; nil for plain HTTP
	Backups                  *Backups     // by schedule; nil for none
	Limits                   []Limit
	LogLevel                 string
	Log                      []string // the newest lines, the newest first
}

// Certificate is what browsers are shown.
type Certificate struct {
	Subject, Issuer, SHA256 string
	Names                   []string
	Until                   time.Time
}

// Backups are the backups by schedule.
type Backups struct {
	To                 string // directory or URL
	Every              time.Duration
	Keep               int
	Volumes, Encrypted bool
	Made               []time.Time // the newest last
	Problem            error       // of reading it
}

// Limit is something of which there are many at once.
type Limit struct {
	Name       string
	Used, Most int // Most 0: no limit is near
}

// Reached reports whether there can be no more.
func (l Limit) Reached() bool { return l.Most > 0 && l.Used >= l.Most }

// systemPage is the page of the appliance itself.
type systemPage struct {
	page
	System
	Admin   bool
	Role    baremetal.Role
	User    string
	Uptime  string
	Modules int // that the program is built of
	Users   []userRow
	Walls   []*baremetal.Wall
	Space   *Space
	Problem []line // the last errors that concern no machine
}

// userRow is an account.
type userRow struct {
	Name string
	Role baremetal.Role
	File bool // of htpasswd
	Self bool
}

// Last is the time of the newest backup.
func (b *Backups) Last() *time.Time {
	if len(b.Made) == 0 {
		return nil
	}
	return &b.Made[len(b.Made)-1]
}

// Roles are all roles, for the form of a user.
func (*systemPage) Roles() []baremetal.Role { return baremetal.Roles }

// Levels are the levels of the log.
func (*systemPage) Levels() []string { return []string{"debug", "info", "warn", "error"} }

func (w *Web) systemPage(rw http.ResponseWriter, r *http.Request) {
	one := w.sessions.find(r, w.now())
	d := &systemPage{page: w.form("System"), Role: w.role(one)}
	d.Admin = d.Role.Allows(baremetal.RoleAdmin)
	d.Stick = w.Stick && d.Admin
	if one != nil {
		d.User = one.User
	}
	if w.System != nil {
		d.System = w.System()
		d.Uptime = elapsed(w.now().Sub(d.Started))
	}
	if !d.Admin {
		d.Log = nil
	}
	if built, ok := debug.ReadBuildInfo(); ok {
		d.Modules = len(built.Deps)
	}
	all, _ := w.streams.Held()
	d.Limits = append(d.Limits, Limit{"Open pages that follow the events", all, allStreams})
	err := w.Store.View(r.Context(), func(tx *store.Tx) error { return w.readSystem(tx, d) })
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	w.render(rw, http.StatusOK, "system", d)
}

func (w *Web) readSystem(tx *store.Tx, d *systemPage) error {
	d.Space = w.space()
	ranges, err := w.readRanges(tx)
	if err != nil {
		return err
	}
	for _, m := range ranges {
		d.Limits = append(d.Limits, Limit{"Addresses of the range on " + m.Interface, m.Used, len(m.Cells)})
	}
	errs, err := tx.Events(store.EventQuery{Kinds: []baremetal.EventKind{baremetal.EventError}, Limit: wireEvents, Last: true})
	if err != nil {
		return err
	}
	for i := len(errs) - 1; i >= 0 && len(d.Problem) < 10; i-- {
		if errs[i].Node == "" {
			d.Problem = append(d.Problem, newLine(errs[i]))
		}
	}
	if !d.Admin {
		return nil
	}
	if d.Walls, err = tx.Walls().List(store.Query{}); err != nil {
		return err
	}
	if w.FileUsers != nil {
		for _, name := range w.FileUsers() {
			d.Users = append(d.Users, userRow{name, baremetal.RoleAdmin, true, name == d.User})
		}
	}
	users, err := tx.Users().List(store.Query{})
	for _, u := range users {
		d.Users = append(d.Users, userRow{u.Name, u.Role, false, u.Name == d.User})
	}
	return err
}

// Level is the level of a line of the log, for its colour.
func (*systemPage) Level(text string) string {
	switch {
	case strings.Contains(text, "level=ERROR"):
		return "bad"
	case strings.Contains(text, "level=WARN"):
		return "warn"
	}
	return ""
}

// metricsPage is what Prometheus would get, to be looked at.
func (w *Web) metricsPage(rw http.ResponseWriter, r *http.Request) {
	if w.Metrics == nil {
		w.lost(rw, r)
		return
	}
	w.Metrics.ServeHTTP(rw, r)
}
