package stick

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"golang.org/x/sys/unix"

	"ironhook/agent/network"
)

// do has run do f, and waits for it.
func (t *stick) do(f func()) {
	done := make(chan struct{})
	t.act <- func() { f(); close(done) }
	<-done
}

// network keeps the stick on the network, and the appliance with it.
func (t *stick) network(ctx context.Context) {
	for ctx.Err() == nil {
		a, err := t.locate(ctx)
		if err != nil {
			t.update(func(v *view) { v.Network = err.Error() })
			pause(ctx, 2*time.Second, t.devices.changed)
			continue
		}
		t.do(func() { t.take(ctx, a) })
		if a.Until.IsZero() {
			pause(ctx, time.Hour, nil)
			continue
		}
		pause(ctx, time.Until(a.Until), nil)
	}
}

// pause waits, less if something comes from early.
func pause(ctx context.Context, d time.Duration, early <-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-early:
	case <-time.After(d):
	}
}

var errNoCable = errors.New("no network card with a cable; plug one in")

// tries is how often the wire is asked before the stick gives addresses itself, and wait how long the first time.
const (
	tries = 3
	wait  = 2 * time.Second
)

// locate decides how the stick is on the network: as it was told, by DHCP, or, where
// nobody has ever answered, with an address of its own.
func (t *stick) locate(ctx context.Context) (address, error) {
	list, err := up()
	if err != nil {
		return address{}, err
	}
	if len(list) == 0 {
		return address{}, errNoCable
	}
	var s settings
	t.do(func() { s = t.settings })
	if s.Address.IsValid() {
		return address{Address: network.Address{Card: list[0], Prefix: s.Address, Gateway: s.Gateway}}, nil
	}
	for _, card := range list {
		t.update(func(v *view) { v.Network = "asking for an address on " + card })
		a, err := network.Ask(ctx, card, tries, wait, dhcpv4.WithOption(dhcpv4.OptHostName("ironhook")))
		if err == nil {
			return address{Address: a}, nil
		}
		t.console.log("network: " + err.Error())
	}
	if s.Leased {
		return address{}, fmt.Errorf("%w, and one has before: asking on. n and Enter chooses another way", network.ErrNoAnswer)
	}
	return own(list[0]), nil
}

// up switches all cards on and returns those with a cable.
func up() (list []string, err error) {
	all, err := network.Cards()
	if err != nil {
		return nil, err
	}
	for _, card := range append(all, "lo") { // which every system has
		if err := network.Up(card); err != nil {
			return nil, err
		}
	}
	for end := time.Now().Add(4 * time.Second); ; time.Sleep(50 * time.Millisecond) { // a cable takes up to seconds to be noticed
		for _, card := range all {
			if network.Lit(card) {
				list = append(list, card)
			}
		}
		if len(list) > 0 || time.Now().After(end) {
			return list, nil
		}
	}
}

// take puts the stick on the network, and starts the appliance anew if that changes anything.
func (t *stick) take(ctx context.Context, a address) {
	if err := a.Apply(); err != nil {
		t.trouble(err)
		return
	}
	if a.Server != "" && !t.settings.Leased {
		s := t.settings
		s.Leased = true
		t.save(s)
	}
	t.update(func(v *view) {
		v.Page, v.Network = "http://"+a.Prefix.Addr().String()+":6385/ui/", describe(a)
	})
	same := a.Card == t.address.Card && a.Prefix == t.address.Prefix && a.Range == t.address.Range
	t.address = a
	if t.server == nil || !same {
		t.restartServing(nil)
	}
}

// describe says how the stick is on the network.
func describe(a address) string {
	switch {
	case a.Server != "":
		return fmt.Sprintf("%s has %s by DHCP from %s", a.Card, a.Prefix, a.Server)
	case a.Range != "":
		return fmt.Sprintf("%s has %s; nobody else gives addresses, so the stick gives %s", a.Card, a.Prefix, a.Range)
	}
	return fmt.Sprintf("%s has %s as set", a.Card, a.Prefix)
}

// restartServing starts the appliance anew; between does what it must not see.
func (t *stick) restartServing(between func() error) {
	if t.server != nil {
		t.server.stop()
	}
	if between != nil {
		if err := between(); err != nil {
			t.trouble(err)
			return
		}
	}
	t.update(func(v *view) { v.State, v.Link = "starting", "" })
	s, err := serve(context.Background(), t.address, lines(t.hear))
	if err != nil {
		t.trouble(err)
		return
	}
	t.server = s
	go t.attend(s)
}

// hear takes a line that the appliance prints: the first password and the link are for the
// screen only.
func (t *stick) hear(line string) {
	if m := password.FindStringSubmatch(line); m != nil {
		t.update(func(v *view) { v.Password = m[1] })
		return
	}
	if m := link.FindStringSubmatch(line); m != nil {
		t.update(func(v *view) { v.Link = m[1] })
		return
	}
	t.console.log(line)
}

// attend waits until the appliance serves, then until it ends, and starts it again if
// nobody has asked for its end.
func (t *stick) attend(s *server) {
	select {
	case <-s.ready:
		t.update(func(v *view) { v.State, v.Link = "ready", cmp.Or(v.Link, v.Page) })
		t.prove(context.Background(), s)
		<-s.done
	case <-s.done:
	}
	t.act <- func() {
		if t.server != s {
			return // another has taken its place
		}
		t.server = nil
		t.update(func(v *view) { v.State = fmt.Sprintf("the appliance has ended (%v) and starts again", s.err) })
		time.AfterFunc(2*time.Second, func() { t.act <- func() { t.restartUnless() } })
	}
}

func (t *stick) restartUnless() {
	if t.server == nil {
		t.restartServing(nil)
	}
}

// renetwork finds the network anew after the settings have changed.
func (t *stick) renetwork() { t.end(restart) }

func forgetPassword() error { return os.Remove(filepath.Join(home, "htpasswd")) }

// machines asks the appliance for its nodes.
func machines(ctx context.Context, c *http.Client) ([]machine, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet,
		"http://localhost/v1/nodes?limit=100&fields=name,uuid,provision_state,power_state,last_error", nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("X-OpenStack-Ironic-API-Version", "1.52")
	answer, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	var list struct{ Nodes []machine }
	return list.Nodes, json.NewDecoder(answer.Body).Decode(&list)
}

// How a stick ends.
const (
	powerOff = unix.LINUX_REBOOT_CMD_POWER_OFF
	restart  = unix.LINUX_REBOOT_CMD_RESTART
)

// end stops serving, writes all that is to be written, and leaves.
func (t *stick) end(how int) {
	t.update(func(v *view) { v.State = "ending" })
	t.draw()
	if t.server != nil {
		t.server.stop()
	}
	t.leave(how)
}

// leave ends the machine's run; the data partition is whole at any moment, and unmounted
// if nothing holds it.
func (t *stick) leave(how int) int {
	unix.Sync()
	_ = unix.Unmount(home+"/volumes", 0) // absent without a disk for images
	_ = unix.Unmount(dataMount, 0)       // one that is busy is mended by its journal
	unix.Sync()
	if err := unix.Reboot(how); err != nil {
		t.trouble(err)
	}
	select {}
}
