package drivers

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/conductor"
	"ironhook/power/ipmi/bmctest"
	"ironhook/store"
	"ironhook/store/storetest"

	"github.com/bougou/go-ipmi/pkg/types"
)

// room is machines with a BMC each that speaks IPMI. All are on; they are recorded as off. Of twenty
// BMCs one is dead and one takes two seconds for each command.
type room struct {
	store *store.Store
	conns []net.PacketConn // of the dead
	bmcs  []*bmctest.BMC
}

func openRoom(t testing.TB, machines int) *room {
	t.Helper()
	r := &room{store: storetest.Open(t)}
	t.Cleanup(r.close)
	for i := range machines {
		port, err := r.bmc(i % 20)
		if err != nil {
			t.Fatal(err)
		}
		err = r.store.Update(t.Context(), func(tx *store.Tx) error {
			return tx.Nodes().Insert(&baremetal.Node{
				UUID: fmt.Sprintf("00000000-0000-4000-8000-%012d", i), Driver: "ipmi", ProvisionState: baremetal.Available,
				PowerState: baremetal.PowerOff,
				Interfaces: baremetal.Interfaces{"power": "ipmitool", "management": "ipmitool", "storage": "noop"},
				DriverInfo: baremetal.Object{"ipmi_address": "127.0.0.1", "ipmi_port": port, "ipmi_username": bmctest.User,
					"ipmi_password": bmctest.Password},
			})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// bmc starts a BMC and returns its port.
func (r *room) bmc(kind int) (port int, err error) {
	if kind == 0 {
		conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		r.conns = append(r.conns, conn)
		return conn.LocalAddr().(*net.UDPAddr).Port, nil
	}
	q := bmctest.Quirks{Sensors: bmctest.Sensors{{Name: "CPU Temp", Celsius: 41}, {Name: "Inlet", Celsius: 23}}}
	if kind == 1 {
		q.Late = 2 * time.Second
	}
	b, err := bmctest.Start(q, []types.CipherSuiteID{17})
	if err != nil {
		return 0, err
	}
	r.bmcs = append(r.bmcs, b)
	return b.Port, b.Chassis.SetPower(context.Background(), true)
}

func (r *room) close() {
	for _, c := range r.conns {
		c.Close()
	}
	for _, b := range r.bmcs {
		b.Close()
	}
}

// conduct runs a conductor that looks after the machines, until the returned function is called.
func (r *room) conduct(t testing.TB, power, sensors time.Duration) (*conductor.Conductor, func()) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	types, err := conductor.Enable(Table(Config{Log: log}), []string{"ipmi"}, []string{"noop"})
	if err != nil {
		t.Fatal(err)
	}
	c := conductor.New(conductor.Config{Store: r.store, Host: "here", HardwareTypes: types, Log: log, PowerInterval: power,
		SensorInterval: sensors})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	return c, func() {
		cancel()
		<-done
		c.Close(ctx)
	}
}

// synced waits until every machine whose BMC answers is recorded as on.
func (r *room) synced(t testing.TB) {
	t.Helper()
	deadline := time.After(time.Minute)
	for changed := r.store.Changed(); r.on(t) < len(r.bmcs); changed = r.store.Changed() {
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("after a minute %d machines of %d are seen as on", r.on(t), len(r.bmcs))
		}
	}
}

// sensed waits until the sensors of so many machines are read, and each says what it should.
func sensed(t testing.TB, c *conductor.Conductor, machines int) {
	t.Helper()
	look, deadline := time.NewTicker(50*time.Millisecond), time.After(time.Minute)
	defer look.Stop()
	for read := 0; read < machines; {
		select {
		case <-look.C:
			list, _ := c.Readings(time.Now())
			read = len(list)
			for _, m := range list {
				if fmt.Sprint(m.Readings) != "[{CPU Temp 41 Cel OK} {Inlet 23 Cel OK}]" {
					t.Fatalf("readings of %s = %v", m.Node, m.Readings)
				}
			}
		case <-deadline:
			t.Fatalf("after a minute the sensors of %d machines are read", read)
		}
	}
}

func (r *room) on(t testing.TB) (on int) {
	err := r.store.View(t.Context(), func(tx *store.Tx) error {
		nodes, err := tx.Nodes().List(store.Where("power_state", string(baremetal.PowerOn)))
		on = len(nodes)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return on
}

// TestPowerSync: one BMC of twenty is dead, one slow, and none delays another; nor do their sensors, which are read meanwhile.
func TestPowerSync(t *testing.T) {
	for name, sensors := range map[string]time.Duration{"alone": 0, "with sensors": 10 * time.Second} {
		t.Run(name, func(t *testing.T) {
			r := openRoom(t, 100)
			begun := time.Now()
			_, end := r.conduct(t, time.Second, sensors)
			defer end()
			r.synced(t)
			t.Logf("%v", time.Since(begun).Round(time.Millisecond))
		})
	}
}

// TestSensorRound reads the sensors of the same room: of every machine whose BMC is neither dead nor slow, while these are
// waited for.
func TestSensorRound(t *testing.T) {
	const machines = 100
	c, end := openRoom(t, machines).conduct(t, 0, time.Minute)
	defer end()
	sensed(t, c, machines-2*machines/20)
}

// BenchmarkPowerSync is the same with 1,000, at the interval of the product: alone, and while the sensors of each are read as
// often. sensors-s is how long it takes until those of the 900 that are neither dead nor slow are read.
func BenchmarkPowerSync(b *testing.B) {
	const machines, interval = 1000, 30 * time.Second
	for name, sensors := range map[string]time.Duration{"alone": 0, "sensors": interval} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				r := openRoom(b, machines)
				begun := time.Now()
				c, end := r.conduct(b, interval, sensors)
				b.StartTimer()
				r.synced(b)
				b.StopTimer()
				if sensors > 0 {
					sensed(b, c, machines-2*machines/20)
					b.ReportMetric(time.Since(begun).Seconds(), "sensors-s")
				}
				end()
				b.StartTimer()
			}
		})
	}
}
