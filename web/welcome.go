package web

import (
	"errors"
	"net/http"

	"ironhook/baremetal"
)

// Welcome is the link of the first start, with which the first user chooses a password.
type Welcome interface {
	// Opens reports whether the link lives and key is its.
	Opens(key string) bool
	// Set sets the password and ends the link. It returns the user's name, "" when key opens
	// nothing. An error of kind [baremetal.ErrInvalid] is about the password, for its reader.
	Set(key, password string) (user string, err error)
	// Over ends the link: somebody has signed in.
	Over() error
}

// welcomePage is the content of the page behind the link.
type welcomePage struct {
	page
	Key, Problem string
}

const staleLink = "This link was used, or it is older than a day. Sign in with the password that the first start printed, or with the " +
	"one that was chosen."

func (w *Web) welcomePage(rw http.ResponseWriter, r *http.Request) {
	key := r.URL.Query().Get("key")
	if w.Welcome == nil || w.Login == nil || !w.Welcome.Opens(key) {
		w.render(rw, http.StatusNotFound, "problem", problem{w.page("Not found"), staleLink})
		return
	}
	w.render(rw, http.StatusOK, "welcome", welcomePage{page: w.page("Welcome"), Key: key})
}

func (w *Web) welcome(rw http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(rw, r.Body, 4<<10)
	if w.Welcome == nil || w.Login == nil || w.foreign.Check(r) != nil {
		w.render(rw, http.StatusForbidden, "problem",
			problem{w.page("Not allowed"), "This form was sent from another site. Open the link of the first start instead."})
		return
	}
	d := welcomePage{page: w.page("Welcome"), Key: r.PostFormValue("key")}
	password := r.PostFormValue("password")
	if !w.Welcome.Opens(d.Key) { // before any hashing, which costs
		w.render(rw, http.StatusNotFound, "problem", problem{w.page("Not found"), staleLink})
		return
	}
	user := ""
	var err error
	if password != r.PostFormValue("again") {
		d.Problem = "The two passwords differ. Type the same one twice."
	} else if user, err = w.Welcome.Set(d.Key, password); errors.Is(err, baremetal.ErrInvalid) {
		d.Problem = err.Error()
	} else if err != nil {
		w.Log.Error("set the first password", "error", err)
		d.Problem = "The password could not be kept; the log says why."
	}
	switch {
	case d.Problem != "":
		w.render(rw, http.StatusBadRequest, "welcome", d)
	case user == "":
		w.render(rw, http.StatusNotFound, "problem", problem{w.page("Not found"), staleLink})
	default:
		w.Log.Info("first password chosen", "user", user)
		w.sessions.close(r)
		http.SetCookie(rw, w.cookie(r, w.sessions.open(user, false, w.now()), life(false)))
		http.Redirect(rw, r, "/ui/start", http.StatusSeeOther)
	}
}

// firstRunIsOver ends the link, for somebody has the password.
func (w *Web) firstRunIsOver() {
	if w.Welcome == nil {
		return
	}
	if err := w.Welcome.Over(); err != nil {
		w.Log.Warn("end the link of the first start", "error", err)
	}
}
