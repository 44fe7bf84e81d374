package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ironhook/api"
	"ironhook/api/door"
	"ironhook/baremetal"
	"ironhook/bootsrv"
	"ironhook/conductor"
	"ironhook/ipxe"
	"ironhook/power/ipmi"
	"ironhook/power/manual"
	"ironhook/storage"
	"ironhook/storage/pool"
	"ironhook/store"
	"ironhook/volume"
	"ironhook/web"
)

// appliance is everything that serves, opened and introduced to one another.
type appliance struct {
	config  *Config
	log     *slog.Logger
	closers []func() error // run backwards
	tasks   []task
	places  []string // where each server listens, for the ready line

	store     *store.Store
	boot      *bootsrv.Servers
	conductor *conductor.Conductor
	volumes   *volume.Dir
	pool      *pool.Pool
	exports   *storage.Exports
	listening netip.AddrPort // of the iSCSI target
	url       string         // of the API
}

// task is one member of the run group; it ends when its context does.
type task struct {
	name string
	run  func(context.Context) error
}

// open makes an appliance, or leaves nothing open.
func open(ctx context.Context, c *Config, version Version, schema string, out io.Writer, log *slog.Logger) (*appliance, error) {
	a := &appliance{config: c, log: log}
	for _, step := range []func() error{
		func() error { return a.openStore(ctx, schema) },
		func() error { return a.openBoot(ctx) },
		func() error { return a.openStorage(ctx) },
		func() error { return a.openAPI(ctx, version, out) },
		func() error { return a.recover(ctx) },
	} {
		if err := step(); err != nil {
			a.close()
			return nil, c.explain(err)
		}
	}
	return a, nil
}

// recover finishes or undoes what the last end cut short, once nothing can keep this
// start from serving.
func (a *appliance) recover(ctx context.Context) error {
	if err := a.pool.Recover(ctx); err != nil {
		return err
	}
	return a.conductor.Recover(ctx)
}

// onClose registers what close has to undo.
func (a *appliance) onClose(f func() error) { a.closers = append(a.closers, f) }

func (a *appliance) close() {
	for i := len(a.closers) - 1; i >= 0; i-- {
		if err := a.closers[i](); err != nil && !errors.Is(err, net.ErrClosed) {
			a.log.Error("close", "error", err)
		}
	}
}

func (a *appliance) serveAt(name, place string, run func(context.Context) error) {
	a.tasks = append(a.tasks, task{name, run})
	a.places = append(a.places, name+" "+place)
}

func (a *appliance) summary() string { return strings.Join(a.places, ", ") }

func (a *appliance) openStore(ctx context.Context, schema string) error {
	lock, err := openData(a.config.Data)
	if err != nil {
		return err
	}
	a.onClose(lock.Close)
	if a.store, err = store.Open(ctx, filepath.Join(a.config.Data, "ironhook.db"), schema); err != nil {
		return err
	}
	a.onClose(a.store.Close)
	return nil
}

func (a *appliance) openBoot(ctx context.Context) error {
	binaries := ipxe.Embedded()
	if a.config.IPXEDir != "" {
		binaries = ipxe.Binaries(os.DirFS(a.config.IPXEDir))
	}
	boot, err := bootsrv.Open(ctx, bootsrv.Config{
		Interfaces: a.config.BootInterfaces,
		DHCP:       a.config.DHCP,
		Range:      a.config.Range,
		HTTP:       a.config.HTTP,
		TFTP:       a.config.TFTP,
		Binaries:   binaries,
		Store:      a.store,
		Log:        a.log,
	})
	if err != nil {
		return misuse("%w", err)
	}
	a.boot = boot
	a.onClose(boot.Close)
	a.serveAt("boot", boot.String(), boot.Serve)
	return nil
}

// openStorage opens the iSCSI target and the storage interfaces above it.
func (a *appliance) openStorage(ctx context.Context) error {
	l, err := listen(ctx, "--iscsi", a.config.ISCSI)
	if err != nil {
		return err
	}
	a.onClose(l.Close)
	volumes, err := volume.Open(filepath.Join(a.config.Data, "volumes"))
	if err != nil {
		return misuse("--data %s: %w", a.config.Data, err)
	}
	a.onClose(volumes.Close)
	a.openPool(volumes, l.Addr().(*net.TCPAddr).AddrPort())
	portal := func(ctx context.Context, n *baremetal.Node) (netip.AddrPort, error) {
		return a.portal(ctx, n, a.listening)
	}
	a.exports = storage.NewExports(a.store, volumes, a.log)
	a.serveAt("iscsi", l.Addr().String(), func(ctx context.Context) error { return a.exports.Serve(ctx, l) })
	return a.openConductor(map[string]conductor.Storage{
		"noop":     storage.Noop{},
		"external": storage.External{},
		"iscsi":    storage.NewManaged(a.store, a.pool, volumes, portal, a.exports.Withdraw),
	})
}

// portal is where a node reaches the target: its configured address, else the
// address of the boot interface the node is on.
func (a *appliance) portal(ctx context.Context, n *baremetal.Node, listening netip.AddrPort) (netip.AddrPort, error) {
	if !listening.Addr().Unmap().IsUnspecified() {
		return listening, nil
	}
	address, err := a.boot.Portal(ctx, n)
	return netip.AddrPortFrom(address, listening.Port()), err
}

// powerInterval is how often machines are asked whether they are on.
const powerInterval = 30 * time.Second

func (a *appliance) openConductor(storages map[string]conductor.Storage) error {
	types, err := conductor.HardwareTypes(a.config.HardwareTypes, a.config.StorageInterfaces)
	if err != nil {
		return misuse("--hardware-types: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("name of this machine: %w", err)
	}
	a.conductor = conductor.New(conductor.Config{
		Store: a.store, Host: host, HardwareTypes: types, Storage: storages, Log: a.log, PowerInterval: powerInterval,
		Power: map[string]conductor.Power{
			"ipmitool": ipmi.New(ipmi.Config{}),
			"fake":     manual.Power{Log: a.log},
			"noop":     manual.Management{Power: manual.Power{Log: a.log}},
		},
	})
	a.onClose(func() error {
		patience, cancel := context.WithTimeout(context.Background(), drainTime)
		defer cancel()
		a.conductor.Close(patience)
		return nil
	})
	a.tasks = append(a.tasks, task{"conductor", a.conductor.Run})
	return nil
}

// drainTime is what running requests and tasks get to finish in after SIGTERM.
const drainTime = 10 * time.Second

// openAPI opens the listener of the API and the pages.
func (a *appliance) openAPI(ctx context.Context, version Version, out io.Writer) error {
	l, err := listen(ctx, "--api", a.config.API)
	if err != nil {
		return err
	}
	a.onClose(l.Close)
	l, a.url, err = a.secure(limited(l))
	if err != nil {
		return err
	}
	users, err := a.users(out)
	if err != nil {
		return err
	}
	pages := web.New(web.Config{Store: a.store, Sessions: a.sessions, Open: a.open, Progress: a.progress, Users: pool.UserNames, Login: login(users), Log: a.log, Version: string(version)})
	proved := func(r *http.Request) bool { return isLocal(r) || pages.Signed(r) }
	rest := api.New(api.Config{Store: a.store, Conductor: a.conductor, Auth: api.Auth{Users: users, Trusted: proved}, Log: a.log})
	mux := http.NewServeMux()
	mux.Handle("/ui/", pages)
	mux.Handle("/", rest)
	if err := a.mountVolumes(mux, rest); err != nil {
		return err
	}
	a.mountWatch(mux, rest)
	h, err := a.door(mux)
	if err != nil {
		return err
	}
	a.serveAt("api", a.url, func(ctx context.Context) error { return serveHTTP(ctx, l, h, a.log, pages.Close) })
	return a.openSocket(ctx, h)
}

// door guards everything on the API's listener against foreign pages. Without a
// password the host name is what tells our pages from a foreign one.
func (a *appliance) door(h http.Handler) (http.Handler, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("name of this machine: %w", err)
	}
	short, _, _ := strings.Cut(host, ".")
	return door.New(door.Config{
		Local:   isLocal,
		AnyHost: a.config.Auth != "none" && len(a.config.Hosts) == 0,
		Hosts:   append([]string{host, short}, a.config.Hosts...),
	}, h), nil
}

// users reads the accounts; with --auth none there are none and everybody may in.
func (a *appliance) users(out io.Writer) (*api.Users, error) {
	if a.config.Auth == "none" {
		return nil, nil
	}
	path := filepath.Join(a.config.Data, "htpasswd")
	if err := makePassword(path, out); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	users, err := api.ReadUsers(f)
	if err != nil {
		return nil, misuse("%s: %w", path, err)
	}
	return users, nil
}

func login(users *api.Users) func(user, password string) bool {
	if users == nil {
		return nil
	}
	return users.Verify
}
