package agent

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"ironhook/agent/network"
)

// carrierTime is how long a cable is waited for; links of fibre take some seconds.
const carrierTime = 10 * time.Second

// connect brings all cards up and gets an address on the one that the machine has booted
// from, else on the first that a DHCP server answers on. It returns that address.
func (a *agent) connect(ctx context.Context) (netip.Addr, error) {
	names := a.cards()
	if len(names) == 0 {
		return netip.Addr{}, errors.New("the machine has no network card that its kernel has a driver for")
	}
	for _, name := range append([]string{"lo"}, names...) {
		a.note(network.Up(name))
	}
	failures := []error{}
	for _, name := range names {
		if !a.carrier(ctx, name) {
			failures = append(failures, fmt.Errorf("%s has no carrier", name))
			continue
		}
		addr, err := a.lease(ctx, name)
		if err == nil {
			a.say("%s has address %s", name, addr)
			return addr, nil
		}
		failures = append(failures, err)
	}
	return netip.Addr{}, errors.Join(failures...)
}

// cards names the network cards, that which the machine has booted from first.
func (a *agent) cards() (names []string) {
	for _, i := range a.machine.Interfaces() {
		if i.MAC == a.BootedBy {
			names = slices.Insert(names, 0, i.Name)
		} else {
			names = append(names, i.Name)
		}
	}
	return names
}

func (a *agent) carrier(ctx context.Context, name string) bool {
	end := time.Now().Add(carrierTime)
	for ctx.Err() == nil && time.Now().Before(end) {
		if network.Lit(name) {
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}

// lease gets an address by DHCP, and sets it with its route. The lease is renewed as long as the system runs.
func (a *agent) lease(ctx context.Context, name string) (netip.Addr, error) {
	given, err := network.Ask(ctx, name, 4, 3*time.Second)
	if err == nil {
		err = given.Apply()
	}
	if err != nil {
		return netip.Addr{}, err
	}
	go a.renew(ctx, given)
	return given.Prefix.Addr(), nil
}

func (a *agent) renew(ctx context.Context, given network.Address) {
	for {
		select {
		case <-time.After(max(time.Until(given.Until), 10*time.Second)):
		case <-ctx.Done():
			return
		}
		if next, err := given.Renew(ctx); err == nil {
			given = next
		} else {
			a.say("renew the address of %s: %v", given.Card, err)
		}
	}
}
