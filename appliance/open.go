package appliance

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"

	"ironhook/api/door"
	"ironhook/appliance/backup"
	"ironhook/baremetal"
	"ironhook/bootsrv"
	"ironhook/conductor"
	"ironhook/internal/timing"
	"ironhook/ipxe"
	"ironhook/power/drivers"
	"ironhook/storage"
	"ironhook/storage/cinder"
	"ironhook/store"
	"ironhook/volume"
)

// opened is everything taken from the machine: all that can fail for reasons outside the program.
type opened struct {
	store       *store.Store
	times       *timing.Set // of what all of them do
	boot        *bootsrv.Servers
	target      net.Listener // of the iSCSI target
	volumes     *volume.Dir
	exports     *storage.Exports
	types       []conductor.HardwareType
	cinder      *cinder.Client // nil without the storage interface of that name
	shelf       backup.Shelf   // of the backups by schedule, nil for none
	host        string         // name of this machine
	api         net.Listener   // of the API and the pages, with TLS where that is set
	url         string         // of the API
	certificate *tls.Config    // of the API's listener, nil for plain HTTP
	users       *door.Users    // nil without authentication
	socket      net.Listener   // for the commands on this machine; nil where its path is too long
}

// open opens everything, in the order of the code: a step takes what an earlier one has
// opened as an argument. The boot servers come before the other listeners, because the
// search for another DHCP server takes seconds. The first password comes after all
// listeners but the local socket, so that a start that fails leaves none behind.
func open(ctx context.Context, c Config, p Program, out io.Writer, log *slog.Logger, all *stack) (o opened, err error) {
	if o.store, err = openStore(ctx, c.Data, p.Schema, log, all); err != nil {
		return o, err
	}
	o.times = timing.New()
	o.store.Times = o.times
	if o.boot, err = openBoot(ctx, c, o.store, func() uint16 { return portOf(o.api) }, log); err != nil {
		return o, err
	}
	all.push(o.boot.Close)
	if o.target, err = listen(ctx, ISCSI, c.ISCSI); err != nil {
		return o, err
	}
	all.push(o.target.Close)
	if o.volumes, err = volume.Open(filepath.Join(c.Data, "volumes")); err != nil {
		return o, &Fault{Setting: Data, Value: c.Data, Err: err}
	}
	all.push(o.volumes.Close)
	o.exports = storage.NewExports(o.store, o.volumes, log)
	table := drivers.Table(drivers.Config{Log: log, MACs: macsOf(o.store), Session: o.exports.Connected, Tell: tellOf(o.store, log)})
	if o.types, err = conductor.Enable(table, c.HardwareTypes, c.StorageInterfaces); err != nil {
		return o, &Fault{Setting: HardwareTypes, Err: err}
	}
	if o.shelf, err = openShelf(c.Backups); err != nil {
		return o, err
	}
	if o.cinder, err = openCinder(c, log); err != nil {
		return o, err
	}
	if o.host, err = os.Hostname(); err != nil {
		return o, fmt.Errorf("name of this machine: %w", err)
	}
	if o.api, o.url, o.certificate, err = openAPI(ctx, c, log, all); err != nil {
		return o, err
	}
	if o.users, err = openUsers(c, o.store, out); err != nil {
		return o, err
	}
	o.socket, err = openSocket(ctx, c.Data, log, all)
	return o, err
}

// databaseFile is the name of the database in the data directory.
const databaseFile = "ironhook.db"

// openCinder makes the client of the Cinder that the file names. It sends nothing: Cinder
// may start later.
func openCinder(c Config, log *slog.Logger) (*cinder.Client, error) {
	if c.Cinder == "" {
		return nil, nil
	}
	config, err := cinder.Read(c.Cinder)
	if err == nil {
		var client *cinder.Client
		if client, err = cinder.New(config, log); err == nil {
			return client, nil
		}
	}
	return nil, &Fault{Setting: Cinder, Value: c.Cinder, Err: err}
}

// openStore takes the data directory for this process and opens the database in it.
func openStore(ctx context.Context, data, schema string, log *slog.Logger, all *stack) (*store.Store, error) {
	if err := closeModes(data, log); err != nil {
		return nil, err
	}
	lock, err := lockData(data)
	if err != nil {
		return nil, err
	}
	all.push(lock.Close)
	if err := removeLeftovers(data); err != nil {
		return nil, err
	}
	if err := refuseEmptied(data); err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, filepath.Join(data, databaseFile), schema)
	if err != nil {
		return nil, err
	}
	all.push(s.Close)
	return s, nil
}

// errEmptied is the cause of a Fault of Data: what was in the database is lost.
var errEmptied = errors.New("the database is empty, and there are volumes")

// refuseEmptied refuses a database of no bytes beside volumes, as a copy to a full disk leaves it: a new appliance would take its
// place in silence. One that was moved away is none that is empty.
func refuseEmptied(data string) error {
	info, err := os.Stat(filepath.Join(data, databaseFile))
	if err != nil || info.Size() > 0 {
		return nil // store.Open says what is wrong
	}
	volumes, err := fs.Glob(os.DirFS(data), "volumes/*.json")
	if err != nil || len(volumes) == 0 {
		return err
	}
	return &Fault{Setting: Data, Value: data, Err: errEmptied, Remedy: store.RestoreRemedy}
}

// macsOf reads the addresses of a node's ports.
func macsOf(s *store.Store) func(ctx context.Context, node string) ([]string, error) {
	return func(ctx context.Context, node string) (macs []string, err error) {
		err = s.View(ctx, func(tx *store.Tx) error {
			ports, err := tx.Ports().List(store.Where("node_uuid", node))
			for _, p := range ports {
				macs = append(macs, p.Address)
			}
			return err
		})
		return macs, err
	}
}

// tellOf appends an event of a node.
func tellOf(s *store.Store, log *slog.Logger) func(ctx context.Context, node, detail string) {
	return func(ctx context.Context, node, detail string) {
		err := s.Update(ctx, func(tx *store.Tx) error {
			return tx.Append(baremetal.Event{Node: node, Kind: baremetal.EventNode, Detail: detail})
		})
		if err != nil {
			log.ErrorContext(ctx, "append an event", "node", node, "detail", detail, "error", err)
		}
	}
}

// portOf is the port of a listener.
func portOf(l net.Listener) uint16 { return l.Addr().(*net.TCPAddr).AddrPort().Port() }

// agentFiles is the agent that machines boot, and what it is told of the API, at the port that
// is known when a machine asks.
func agentFiles(c Config, port func() uint16) (bootsrv.Agent, error) {
	a := bootsrv.Agent{API: bootsrv.API{Scheme: "http", Port: port}}
	t, err := tlsConfig(c)
	if err != nil {
		return a, err
	}
	if t != nil {
		a.API.Scheme, a.API.Pin = "https", fingerprint(t)
	}
	if c.AgentDir != "" {
		a.Files, a.Unknown = os.DirFS(c.AgentDir), c.Discovery != string(conductor.DiscoverOff) && c.Unknown == nil
	}
	return a, nil
}

// openBoot opens the sockets of the boot servers. apiPort is asked when all listeners are open.
func openBoot(ctx context.Context, c Config, s *store.Store, apiPort func() uint16, log *slog.Logger) (*bootsrv.Servers, error) {
	if len(c.BootInterfaces) > 0 {
		if err := warnCrowded(ctx, s, log); err != nil {
			return nil, err
		}
	}
	binaries := ipxe.Embedded()
	if c.IPXEDir != "" {
		binaries = ipxe.Binaries(os.DirFS(c.IPXEDir))
	}
	agent, err := agentFiles(c, apiPort)
	if err != nil {
		return nil, err
	}
	var signed fs.FS
	if c.SecureDir != "" {
		signed = os.DirFS(c.SecureDir)
	}
	boot, err := bootsrv.Open(ctx, bootsrv.Config{
		Interfaces: c.BootInterfaces, DHCP: c.DHCP, Range: c.Range, Relays: c.Relays, DHCP6: c.DHCP6, HTTP: c.HTTP, TFTP: c.TFTP,
		Binaries: binaries, Agent: agent, Secure: signed, Unknown: c.Unknown, Store: s, Times: s.Times, Log: log,
	})
	if err != nil {
		return nil, bootFault(err)
	}
	return boot, nil
}

// openAPI opens the listener of the API and the pages.
func openAPI(ctx context.Context, c Config, log *slog.Logger, all *stack) (net.Listener, string, *tls.Config, error) {
	l, err := listen(ctx, API, c.API)
	if err != nil {
		return nil, "", nil, err
	}
	all.push(l.Close)
	return secure(limited(l), c, log)
}

// listen opens a TCP listener for the setting.
func listen(ctx context.Context, s Setting, address string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, &Fault{Setting: s, Value: address, Err: err}
	}
	return l, nil
}

// openUsers reads the accounts, and makes the first at the first start. Without
// authentication it returns nil.
func openUsers(c Config, s *store.Store, out io.Writer) (*door.Users, error) {
	if c.Auth == NoAuth {
		return nil, nil
	}
	path := filepath.Join(c.Data, passwordFile)
	if err := makePassword(path, out); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	users, err := door.ReadUsers(f)
	if err != nil {
		return nil, &Fault{Setting: Users, Value: path, Err: err}
	}
	users.Stored = func(ctx context.Context, name string) (u *baremetal.User, err error) {
		err = s.View(ctx, func(tx *store.Tx) error {
			u, err = tx.Users().Find(name)
			return err
		})
		return u, err
	}
	return users, nil
}
