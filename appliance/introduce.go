package appliance

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"ironhook/api/door"
	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/bootsrv"
	"ironhook/conductor"
	"ironhook/console"
	"ironhook/herald"
	"ironhook/storage"
	"ironhook/storage/pool"
	"ironhook/traces"
	"ironhook/web"
)

// appliance is everything that serves, introduced to one another.
type appliance struct {
	opened
	config    Config
	version   string // of the program
	log       *slog.Logger
	tail      *logTail
	started   time.Time
	pool      *pool.Pool
	conductor *conductor.Conductor
	herald    *herald.Herald
	consoles  *console.Hub
	pages     *web.Web
	passwords *passwords
	welcome   *welcome
	measured  http.Handler // GET /metrics
	tally     tally        // of events
	shelved   shelved      // backups
	tasks     []task       // in the order of the ready line
}

// powerInterval is how often machines are asked whether they are on.
const powerInterval = 30 * time.Second

// introduce makes every package and connects it to the others.
func introduce(c Config, p Program, o opened, tail *logTail, all *stack) *appliance {
	log := slog.New(tail)
	a := &appliance{opened: o, config: c, version: p.Version, log: log, tail: tail, started: time.Now()}
	a.pool = pool.New(pool.Config{Store: o.store, Volumes: o.volumes, Log: log, Files: c.ImageFiles, From: c.ImportFrom})
	all.push(a.pool.Close)
	a.exports.Advertise(a.portal())
	a.conductor = a.newConductor()
	a.herald = herald.New(o.store, c.WebhookTo, log)
	a.consoles = console.New(console.Config{Store: o.store, Dir: filepath.Join(c.Data, "consoles"), Open: a.conductor.OpenConsole, Log: log})
	all.push(func() error {
		patience, cancel := context.WithTimeout(context.Background(), drainTime)
		defer cancel()
		a.conductor.Close(patience)
		return nil
	})
	a.passwords = &passwords{data: c.Data, users: o.users}
	a.welcome = newWelcome(a.passwords, time.Now())
	a.measured = a.metrics()
	own := a.ownAPI()
	a.pages = a.newPages(p, own)
	handler := a.door(rest.Published(a.config.PublicURL, a.routes(a.pages, own)))
	farewell := func() { a.pages.Close(); own.Close() }
	a.tasks = []task{
		{"boot", o.boot.String(), o.boot.Serve},
		{"volumes", "", a.pool.Run},
		{"iscsi", o.target.Addr().String(), func(ctx context.Context) error { return a.exports.Serve(ctx, o.target) }},
		{"conductor", "", a.conductor.Run},
		{"webhooks", "", a.herald.Run},
		{"consoles", "", a.consoles.Run},
		{"watchdog", "", a.keepAlive},
		{"limits", "", a.watchLimits},
		{"api", a.reachable(), func(ctx context.Context) error { return serveHTTP(ctx, o.api, handler, log, farewell) }},
	}
	if c.OTLP != "" {
		t := &traces.Tracer{Store: o.store, URL: strings.TrimSuffix(c.OTLP, "/"), Version: p.Version, Host: o.host, Log: log}
		a.tasks = append(a.tasks, task{"traces", "", t.Run})
	}
	if o.shelf != nil {
		a.tasks = append(a.tasks, task{"backups", "", a.keepBackups})
	}
	if o.socket != nil {
		a.tasks = append(a.tasks, task{"local socket", "", func(ctx context.Context) error {
			return serveHTTP(ctx, limited(o.socket), trusted(handler), log, farewell)
		}})
	}
	return a
}

// door guards everything on the API's listener against foreign pages. Without a
// password only the host name distinguishes our pages from foreign ones.
func (a *appliance) door(h http.Handler) http.Handler {
	short, _, _ := strings.Cut(a.host, ".")
	_, public, _ := strings.Cut(a.config.PublicURL, "://")
	return door.Behind(a.config.Proxies, door.New(door.Config{
		Local:   isLocal,
		AnyHost: a.config.Auth != NoAuth && len(a.config.Hosts) == 0,
		Hosts:   append([]string{a.host, short, public}, a.config.Hosts...),
	}, h))
}

func (a *appliance) newConductor() *conductor.Conductor {
	interfaces := map[string]conductor.Storage{
		baremetal.StorageNoop:     storage.Noop{},
		baremetal.StorageExternal: storage.External{},
		baremetal.StorageISCSI:    storage.NewManaged(a.store, a.pool, a.volumes, a.portalOfNode, a.exports.Withdraw),
	}
	if a.cinder != nil {
		interfaces[baremetal.StorageCinder] = storage.NewCinder(a.store, a.cinder, a.log)
	}
	return conductor.New(conductor.Config{
		Store: a.store, Host: a.host, HardwareTypes: a.types, Times: a.times, Log: a.log, PowerInterval: powerInterval, Storage: interfaces,
		SensorInterval: a.config.SensorsEvery,
		Images:         a.newAgentImages(), Fetch: a.pool.Get, Agent: a.config.AgentDir != "", Discovery: conductor.Discovery(a.config.Discovery),
	})
}

// newPages makes the pages; own sends disks.
func (a *appliance) newPages(p Program, own http.Handler) *web.Web {
	return web.New(web.Config{
		Store: a.store, Sessions: a.sessions, Open: a.open, Progress: a.progress, Users: pool.UserNames, Script: bootsrv.Preview,
		Consoles: a.consoleOfPage, Networks: a.networks, Files: a.files, Space: a.space, Export: own, Drivers: a.config.HardwareTypes,
		Login: login(a.users), Proof: proof(a.users), Role: a.roleOf, Log: a.log, Version: p.Version, Stick: isStick(),
		HardwareLog: a.conductor.HardwareLog, Sensors: a.conductor.Sensors,
		Welcome: a.welcome, System: a.system, FileUsers: a.accounts().Names, Metrics: a.measured,
	})
}

// consolePageText is how much of a console its page shows as text.
const consolePageText = 64 << 10

// consoleOfPage is the console of a node for its page.
func (a *appliance) consoleOfPage(node string) (web.Console, error) {
	s := a.consoles.Status(node)
	c := web.Console{Enabled: s.Enabled, Connected: s.Connected, Problem: s.Problem, Writer: s.Writer}
	end, err := a.consoles.End(node)
	for from := max(0, end-consolePageText); err == nil && from < end; {
		var b []byte
		if from, b, err = a.consoles.Read(context.Background(), node, from, consolePageText, false); len(b) == 0 {
			break
		}
		c.Text, from = append(c.Text, b...), from+int64(len(b))
	}
	return c, err
}

// guard makes the guard of all APIs. A request needs no password if it came through the
// local socket or from a page of a user who has signed in.
func (a *appliance) guard(pages *web.Web) *door.Guard {
	return door.NewGuard(door.Accounts{Users: a.users, Log: a.log, Trusted: func(r *http.Request) (door.Who, bool) {
		if isLocal(r) {
			return door.Who{User: door.LocalSocket, Role: baremetal.RoleAdmin}, true
		}
		user, ok := pages.Signed(r)
		return door.Who{User: user, Role: a.roleOf(user)}, ok
	}})
}

// roleOf is the role of a user who is signed in to the pages; without authentication
// everybody is an administrator.
func (a *appliance) roleOf(user string) baremetal.Role {
	if a.users == nil {
		return baremetal.RoleAdmin
	}
	role, err := a.users.Role(context.Background(), user)
	if err != nil {
		a.log.Error("read the role of a user", "error", err)
	}
	return role
}

// accountRole is the role of a user of an account as it is now; others have no account that changes.
func (a *appliance) accountRole(user string) (baremetal.Role, bool) {
	return a.roleOf(user), a.users != nil && user != "" && user != door.LocalSocket
}

// proof is how the pages notice that an account has changed, nil without authentication.
func proof(users *door.Users) func(user string) string {
	if users == nil {
		return nil
	}
	return func(user string) string { return users.Proof(context.Background(), user) }
}

// login is how the pages check a password, nil without authentication.
func login(users *door.Users) func(user, password string) bool {
	if users == nil {
		return nil
	}
	return func(user, password string) bool { return users.Verify(context.Background(), user, password) }
}
