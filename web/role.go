package web

import (
	"net/http"

	"ironhook/baremetal"
)

// role is that of the user of a session, who is an administrator without authentication.
// It asks the store.
func (w *Web) role(one *session) baremetal.Role {
	switch {
	case w.Login == nil:
		return baremetal.RoleAdmin
	case one == nil:
		return ""
	}
	return w.Role(one.User)
}

// needs is private, for users of at least this role.
func (w *Web) needs(least baremetal.Role, next http.HandlerFunc) http.HandlerFunc {
	return w.private(func(rw http.ResponseWriter, r *http.Request) {
		if role := w.role(w.sessions.find(r, w.now())); !role.Allows(least) {
			w.render(rw, http.StatusForbidden, "problem", problem{w.page("Not allowed"), "This page needs the role " + string(least) + "."})
			return
		}
		next(rw, r)
	})
}

// The elements that ask for what only an operator, or an administrator, may do.
const (
	ofOperators = "[data-method],#select,#many-bar,#save-view,#drop-view,#console-acts"
	ofAdmins    = `[data-method=DELETE]:not([data-path*="/maintenance"]),[data-do],[data-disk],a[href="/ui/enrol"],a[href$="/edit"],` +
		`a[href*="/ui/disks/"]`
	hidden = "{display:none!important}"
)

// roleStyle hides, on every page, what the role of its user does not allow. The APIs
// refuse it besides.
func (w *Web) roleStyle(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Content-Type", "text/css; charset=utf-8")
	role, style := w.role(w.sessions.find(r, w.now())), ""
	if !role.Allows(baremetal.RoleAdmin) {
		style = ofAdmins + hidden
	}
	if !role.Allows(baremetal.RoleOperator) {
		style = ofOperators + "," + style
	}
	_, _ = rw.Write([]byte(style)) // the client is gone when this fails
}
