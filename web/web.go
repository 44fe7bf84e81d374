package web

import (
	"context"
	"html/template"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"ironhook/baremetal"
	"ironhook/internal/limit"
	"ironhook/store"
)

// Config is the configuration of a [Web].
type Config struct {
	Store *store.Store
	// Sessions returns the present sessions of an iSCSI target, by its name. It must not
	// ask the store. nil: the pages do not show them.
	Sessions func(target string) []Session
	// Open returns the names of the iSCSI targets that have a session now. It must not
	// ask the store. nil: only the events say which machines are up.
	Open func() map[string]bool
	// Progress returns in words the progress of an image that is being made, "" for any
	// other. It must not ask the store. nil: the pages do not show it.
	Progress func(image string) string
	// Users returns, by the UUID of the volume, the names of the nodes and hosts that have
	// it, on or off. nil: the pages do not show them.
	Users func(*store.Tx) (map[string][]string, error)
	// Login reports whether a password is right, in a time that does not depend on
	// whether the user exists. nil switches authentication off: every client that
	// reaches the listener sees the pages.
	Login func(user, password string) bool
	// Proof returns a fingerprint of the account, which changes with its password; "" for
	// a user who does not exist. nil: nothing but time and signing out ends a login.
	Proof func(user string) string
	// Role returns the role of a user. nil: all are administrators.
	Role func(user string) baremetal.Role
	// Files lists the files in the directory of the volumes that no volume is registered
	// for; Space is that on their disk. nil: the pages do not show them.
	Files func() ([]File, error)
	Space func() (Space, error)
	// Networks returns the boot interfaces as they are now. It must not ask the store. nil:
	// the pages do not show them.
	Networks func() []Network
	// Stick is that the appliance runs from a stick, which can be upgraded.
	Stick bool
	// Export sends a disk, GET .../disks/{id}/file?format=F, and the text of a console, GET .../nodes/{node}/console?from=0,
	// below /ironhook/v1. nil: none are sent.
	Export http.Handler
	// Script returns the boot script that a node would get now, with masked secrets.
	Script func(tx *store.Tx, node string) (string, error)
	// Consoles returns the serial console of the node with this UUID. nil: the pages have none.
	Consoles func(node string) (Console, error)
	// HardwareLog asks the BMC of a node for its event log, and Sensors for what it measures. nil: the pages have neither.
	HardwareLog func(ctx context.Context, node string) (baremetal.HardwareLog, error)
	Sensors     func(ctx context.Context, node string) ([]baremetal.Reading, error)
	// Welcome is the link of the first start. nil: there is none.
	Welcome Welcome
	// System returns the appliance itself, as it is now. It must not ask the store. nil: the
	// pages do not show it.
	System func() System
	// FileUsers names the accounts that are in a file. nil: there are none.
	FileUsers func() []string
	// Metrics answers with the metrics. nil: there are none.
	Metrics http.Handler
	// Drivers are the hardware types that a machine may have.
	Drivers []string
	Log     *slog.Logger
	Version string // of the product, for the foot of the page
}

// Web serves the pages under /ui/ and the manual under /docs/. Its methods are safe for concurrent use.
type Web struct {
	Config
	mux      *http.ServeMux
	pages    *template.Template
	foreign  *http.CrossOriginProtection
	sessions sessions
	tries    *limit.Attempts[guess]      // of one user
	sprays   *limit.Attempts[netip.Addr] // of any
	checks   chan struct{}               // passwords being checked
	streams  *limit.Share[*session]
	manual   *manual
	walls    *session // what the streams of all walls count as

	now       func() time.Time
	pace      time.Duration // between two messages of a stream
	lull      time.Duration // from a commit without an event to a look at everything
	heartbeat time.Duration // between two signs of life of a stream

	closing chan struct{}
	close   sync.Once
}

// New returns the pages over c.Store. Nothing runs until a request comes.
func New(c Config) *Web {
	if c.Proof == nil {
		c.Proof = func(string) string { return "" }
	}
	if c.Role == nil {
		c.Role = func(string) baremetal.Role { return baremetal.RoleAdmin }
	}
	w := &Web{
		Config:   c,
		mux:      http.NewServeMux(),
		pages:    parse(),
		foreign:  http.NewCrossOriginProtection(),
		sessions: sessions{store: c.Store, log: c.Log, proof: c.Proof, live: make(map[string]*session)},
		tries:    limit.NewAttempts[guess](guessing),
		sprays:   limit.NewAttempts[netip.Addr](spraying),
		checks:   make(chan struct{}, allChecks),
		streams:  limit.NewShare[*session](perSession, allStreams, limit.PageStreams),
		manual:   newManual(),
		walls:    new(session),

		now:       time.Now,
		pace:      100 * time.Millisecond,
		lull:      time.Second,
		heartbeat: 15 * time.Second,
		closing:   make(chan struct{}),
	}
	w.routes()
	return w
}

func (w *Web) routes() {
	w.mux.HandleFunc("GET /ui/static/{name}", compressed(w.static))
	w.mux.HandleFunc("GET /ui/role.css", w.roleStyle)
	w.mux.HandleFunc("GET /ui/login", w.loginPage)
	w.mux.HandleFunc("POST /ui/login", w.login)
	w.mux.HandleFunc("POST /ui/logout", w.logout)
	w.mux.HandleFunc("GET /ui/welcome", w.welcomePage)
	w.mux.HandleFunc("POST /ui/welcome", w.welcome)
	w.mux.HandleFunc("GET /ui/wall/{token}", compressed(w.wallPage))
	w.mux.HandleFunc("GET /ui/events", w.events)
	w.mux.HandleFunc("HEAD /ui/events", w.private(w.lost)) // GET would take it for a stream
	w.mux.HandleFunc("GET /ui/machines/{node}", w.private(compressed(w.machinePage)))
	w.mux.HandleFunc("GET /ui/machines/{node}/io", w.private(w.machineIO))
	w.mux.HandleFunc("GET /ui/machines/{node}/script", w.private(w.scriptPage))
	w.mux.HandleFunc("GET /ui/machines/{node}/console", w.private(compressed(w.consolePage)))
	w.mux.HandleFunc("GET /ui/machines/{node}/console/text", w.private(w.consoleText))
	w.mux.HandleFunc("GET /ui/machines/{node}/sel", w.private(compressed(w.selPage)))
	w.mux.HandleFunc("GET /ui/machines/{node}/sensors", w.private(compressed(w.sensorsPage)))
	w.mux.HandleFunc("GET /ui/machines/{node}/edit", w.needs(baremetal.RoleAdmin, compressed(w.editPage)))
	w.mux.HandleFunc("GET /ui/enrol", w.needs(baremetal.RoleAdmin, compressed(w.enrolPage)))
	w.mux.HandleFunc("GET /ui/start", w.private(compressed(w.startPage)))
	w.mux.HandleFunc("GET /ui/boots", w.private(compressed(w.bootsPage)))
	w.mux.HandleFunc("GET /ui/system", w.private(compressed(w.systemPage)))
	w.mux.HandleFunc("GET /ui/metrics", w.private(w.metricsPage))
	w.mux.HandleFunc("GET /ui/network", w.private(compressed(w.networkPage)))
	w.mux.HandleFunc("GET /ui/disks/{id}/file", w.needs(baremetal.RoleAdmin, w.exportDisk))
	w.mux.HandleFunc("GET /ui/volumes", w.private(compressed(w.inventoryPage)))
	w.mux.HandleFunc("GET /ui/{$}", w.private(compressed(w.dashboardPage)))
	w.mux.HandleFunc("GET /docs/{path...}", compressed(w.docs))
	w.mux.HandleFunc("GET /docs", redirect("/docs/"))
	w.mux.HandleFunc("GET /ui", redirect("/ui/"))
	w.mux.HandleFunc("/ui/", w.private(w.lost))
}

// Close ends all streams, so that a server that waits for its requests can stop.
// Hand it to http.Server.RegisterOnShutdown.
func (w *Web) Close() { w.close.Do(func() { close(w.closing) }) }

// ServeHTTP serves everything under /ui and /docs.
func (w *Web) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	for key, value := range headers {
		rw.Header().Set(key, value)
	}
	w.mux.ServeHTTP(rw, r)
}

// headers go with every answer. Scripts and styles come from our own files only.
// The referrer stays within the site instead of away altogether, because a form
// sent without one carries "Origin: null".
var headers = map[string]string{
	"Content-Security-Policy":    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
	"X-Content-Type-Options":     "nosniff",
	"X-Frame-Options":            "DENY",
	"Referrer-Policy":            "same-origin",
	"Cross-Origin-Opener-Policy": "same-origin",
	"Cache-Control":              "no-store",
}

func redirect(to string) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, to, http.StatusSeeOther) }
}
