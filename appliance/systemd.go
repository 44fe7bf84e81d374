package appliance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"ironhook/store"
)

// The protocol of sd_notify(3): datagrams to the socket that the environment names. Without
// one nothing is sent.

// notify sends a state to the service manager.
func notify(ctx context.Context, state string) error {
	path := os.Getenv("NOTIFY_SOCKET") // one that begins with @ is abstract, as for net
	if path == "" {
		return nil
	}
	c, err := new(net.Dialer).DialContext(ctx, "unixgram", path)
	if err != nil {
		return fmt.Errorf("notify the service manager: %w", err)
	}
	_, err = c.Write([]byte(state))
	return errors.Join(err, c.Close())
}

// watchdogInterval is half of the time after which the service manager restarts a service that
// is silent; 0 without a watchdog (sd_watchdog_enabled(3)).
func watchdogInterval() time.Duration {
	micros, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if pid := os.Getenv("WATCHDOG_PID"); err != nil || micros <= 0 || pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0
	}
	return time.Duration(micros) * time.Microsecond / 2
}

// keepAlive reports to the watchdog for as long as the database answers.
func (a *appliance) keepAlive(ctx context.Context) error {
	every := watchdogInterval()
	if every == 0 {
		return nil
	}
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for {
		err := a.store.View(ctx, func(tx *store.Tx) error { _, err := tx.ApplianceID(); return err })
		if err == nil {
			err = notify(ctx, "WATCHDOG=1")
		}
		if err != nil && ctx.Err() == nil {
			a.log.Warn("watchdog", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
	}
}
