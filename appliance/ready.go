package appliance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"ironhook/api/rest"
	"ironhook/store"
)

// readyFor is how long an answer of GET /readyz is repeated. The request needs no account,
// and must cost no more than that.
const readyFor = 2 * time.Second

// readyFile is the pattern of the file that is written to try it.
const readyFile = ".ready-*"

// readiness answers GET /readyz: 200 when everything that machines and clients may ask for
// can be done now, else 503 with the causes. It is safe for concurrent use.
type readiness struct {
	checks map[string]func(context.Context) (state string, err error)

	mu     sync.Mutex // one request looks, the others wait for what it finds
	until  time.Time
	status int
	report map[string]string
}

func (a *appliance) readiness() *readiness {
	return &readiness{checks: map[string]func(context.Context) (string, error){
		"database": func(ctx context.Context) (string, error) { return "ok", a.canWrite(ctx) },
		"volumes":  func(context.Context) (string, error) { return a.aboveFloor() },
		"dhcp":     func(context.Context) (string, error) { return a.dhcpMode() },
	}}
}

// ServeHTTP answers one request.
func (d *readiness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	if now := time.Now(); now.After(d.until) {
		d.look(context.WithoutCancel(r.Context()))
		d.until = time.Now().Add(readyFor)
	}
	status, report := d.status, d.report
	d.mu.Unlock()
	word := map[bool]string{true: "ready", false: "not ready"}[status == http.StatusOK]
	rest.Reply(w, status, map[string]any{"status": word, "checks": report})
}

func (d *readiness) look(ctx context.Context) {
	d.status, d.report = http.StatusOK, map[string]string{}
	for name, check := range d.checks {
		state, err := check(ctx)
		if err != nil {
			d.status, state = http.StatusServiceUnavailable, err.Error()
		}
		d.report[name] = state
	}
}

// canWrite reads the database, and writes a page of a file beside it: a commit would wake
// all that wait for changes.
func (a *appliance) canWrite(ctx context.Context) error {
	err := a.store.View(ctx, func(tx *store.Tx) error {
		_, err := tx.Nodes().List(store.Query{Limit: 1})
		return err
	})
	if err != nil {
		a.log.Error("readiness: read the database", "error", err)
		return errors.New("the database cannot be read; the log has the cause")
	}
	f, err := os.CreateTemp(a.config.Data, readyFile)
	if err == nil {
		_, err = f.Write(make([]byte, os.Getpagesize()))
		err = errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
	}
	if err != nil {
		a.log.Error("readiness: write to the data directory", "error", err)
		return fmt.Errorf("the data directory cannot be written to: %w", cause(err))
	}
	return nil
}

// cause is the error of the system in err, without the paths around it.
func cause(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// aboveFloor reports whether volumes may still grow.
func (a *appliance) aboveFloor() (string, error) {
	free, err := a.volumes.Free()
	switch {
	case err != nil:
		a.log.Error("readiness: free space of the volumes", "error", err)
		return "", errors.New("the free space of the volumes is not known; the log has the cause")
	case free == 0:
		return "", errors.New("the disk of the volumes is full: what is left is reserved for the database")
	}
	return "ok", nil
}

// dhcpMode says how DHCP works, and that it does on each boot interface where it should.
func (a *appliance) dhcpMode() (state string, err error) {
	var places []string
	for _, n := range a.boot.Networks() {
		places = append(places, fmt.Sprintf("%s on %s", n.Mode, n.Interface))
		if n.Mode == DHCPOff && a.config.DHCP != DHCPOff {
			err = fmt.Errorf("no DHCP on %s: the interface has no address, or is gone", n.Interface)
		}
	}
	return cmp.Or(strings.Join(places, ", "), "no boot interface"), err
}
