// Package bmctest is a BMC for tests: go-ipmi's server on the loopback, which knows
// nothing of Ironhook, with the bad manners that BMCs are reported to have.
package bmctest

import (
	"context"
	"net"
	"strings"
	"sync"
	"time"

	"ironhook/internal/limit"

	"github.com/bougou/go-ipmi/pkg/bmc"
	"github.com/bougou/go-ipmi/pkg/clock"
	"github.com/bougou/go-ipmi/pkg/hal"
	"github.com/bougou/go-ipmi/pkg/hal/mock"
	"github.com/bougou/go-ipmi/pkg/handlers"
	"github.com/bougou/go-ipmi/pkg/server"
	"github.com/bougou/go-ipmi/pkg/transport/udp"
	"github.com/bougou/go-ipmi/pkg/types"
)

// User and Password of the one user, an administrator.
const User, Password = "ADMIN", "correct horse 16"

// Quirks are bad manners. The zero value has none.
type Quirks struct {
	// Codes are the completion codes of the first calls of a command, and the last of
	// them of all further calls; 0 is to obey. The commands are "status", "on", "off",
	// "soft", "diagnostic" (the interrupt), "level" (Set Session Privilege Level), "get5" and "boot3", "boot5": Set
	// System Boot Options with this parameter.
	Codes map[string][]byte
	// Ignored is how many orders "on", "off" or "soft" are answered with 00 and have no
	// effect, each time that the power has changed.
	Ignored map[string]int
	// BadProofs is how many RAKP messages 2 carry a wrong authentication code.
	BadProofs int
	// ZeroTags makes it answer every message of session setup with the tag 0.
	ZeroTags bool
	// Late is how long each command takes.
	Late time.Duration
	// Sessions is how many there is room for; 0 is one.
	Sessions int
	Log      LogQuirks
	// Sensors are those that it has, nil for none and no records.
	Sensors Sensors
}

// BMC is a running one and its machine, which is off at first. It has room for one
// session at a time.
type BMC struct {
	Port    int
	Chassis *mock.Chassis
	Serial  *Serial // of the machine
	Log     *Log    // of events
	server  *server.Server
	cancel  context.CancelFunc
	done    chan error

	mu      sync.Mutex // guards what follows
	quirks  Quirks
	calls   map[string]int // of each command
	ignored map[string]int // orders since the power has changed
	orders  []string
}

// Start starts one that offers these cipher suites.
func Start(q Quirks, suites []types.CipherSuiteID, options ...bmc.Option) (*BMC, error) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	m := &BMC{Port: conn.LocalAddr().(*net.UDPAddr).Port, Chassis: &mock.Chassis{}, Serial: &Serial{}, Log: &Log{quirks: q.Log},
		done:   make(chan error, 1),
		quirks: q, calls: map[string]int{}, ignored: map[string]int{}}
	b := bmc.New(bmc.DeviceInfo{IPMIVersion: 0x20}, [16]byte{1, 2, 3}, hardware{mock.New(), m}, options...)
	b.Sessions = bmc.NewSessionStoreWithOptions(clock.Real, bmc.WithMaxSessions(max(1, q.Sessions)))
	u, err := b.Users.Add(2, User)
	if err != nil {
		conn.Close()
		return nil, err
	}
	u.SetPassword([]byte(Password))
	u.Enabled = true
	u.ChannelAccess[1] = bmc.UserChannelAccess{MaxPrivilege: bmc.PrivilegeLevelAdministrator, Enabled: true}
	commands := handlers.NewRegistry()
	commands.Use(m.manners)
	handlers.RegisterAllHandlers(commands)
	m.Log.register(commands)
	if q.Sensors != nil {
		q.Sensors.register(commands)
	}
	m.server = server.NewServer(b, liar{udp.Wrap(conn), m}, server.WithCipherSuites(suites), server.WithHandlerRegistry(commands))
	ctx, cancel := context.WithCancel(context.Background())
	m.cancel = cancel
	go func() { m.done <- m.server.Serve(ctx) }()
	return m, nil
}

// Close ends the BMC and waits for it.
func (m *BMC) Close() {
	m.cancel()
	m.server.Close()
	<-m.done
}

// Orders are the power orders that were given, in their order: on, off, soft.
func (m *BMC) Orders() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Join(m.orders, " ")
}

// Calls is how often a command was given.
func (m *BMC) Calls(command string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls[command]
}

// controls are the chassis control orders (table 28-4) that have a name here.
var controls = map[byte]string{0: "off", 1: "on", 4: "diagnostic", 5: "soft"}

// name is what Quirks call a request, "" for one that they do not name.
func name(netFn types.NetFn, cmd byte, data []byte) string {
	switch {
	case netFn == types.NetFnChassisRequest && cmd == 0x01:
		return "status"
	case netFn == types.NetFnChassisRequest && cmd == 0x02 && len(data) > 0:
		return controls[data[0]&0x0f]
	case netFn == types.NetFnChassisRequest && cmd == 0x08 && len(data) > 0:
		return "boot" + string('0'+rune(data[0]&0x7f))
	case netFn == types.NetFnChassisRequest && cmd == 0x09 && len(data) > 0:
		return "get" + string('0'+rune(data[0]&0x7f))
	case netFn == types.NetFnAppRequest && cmd == 0x3b:
		return "level"
	}
	return ""
}

// manners answers in the place of the commands, where a quirk says so.
func (m *BMC) manners(next handlers.Handler) handlers.Handler {
	return handlers.HandlerFunc(func(ctx context.Context, h *handlers.HandlerContext, data []byte) ([]byte, types.CompletionCode, error) {
		if err := limit.Pause(ctx, m.quirks.Late); err != nil {
			return nil, 0, err
		}
		code, obeys := m.decide(name(h.Command.NetFn, h.Command.ID, data))
		if !obeys {
			return nil, types.CompletionCode(code), nil
		}
		return next.Handle(ctx, h, data)
	})
}

func (m *BMC) decide(command string) (code byte, obeys bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	call := m.calls[command]
	m.calls[command]++
	power := command == "on" || command == "off" || command == "soft"
	if power {
		m.orders = append(m.orders, command)
	}
	if codes := m.quirks.Codes[command]; len(codes) > 0 {
		if code := codes[min(call, len(codes)-1)]; code != 0 {
			return code, false
		}
	}
	if m.ignored[command] < m.quirks.Ignored[command] {
		m.ignored[command]++
		return 0, false
	}
	if power {
		clear(m.ignored)
	}
	return 0, true
}

// hardware is the machine as the BMC reaches it. "Soft" is a machine whose operating
// system obeys at once.
type hardware struct {
	*mock.HAL
	m *BMC
}

func (h hardware) Chassis() hal.ChassisHAL { return chassis{h.m.Chassis} }

// Console is the machine's serial line, for serial over LAN.
func (h hardware) Console() hal.ConsoleHAL { return h.m.Serial }

type chassis struct{ *mock.Chassis }

func (c chassis) WarmReset(ctx context.Context) error { return c.SetPower(ctx, false) }

// liar spoils proofs on their way out.
type liar struct {
	*udp.Conn
	m *BMC
}

// WriteTo sends a packet: RMCP header of 4 bytes, authentication type, payload type,
// whose RAKP message 2 (0x13) ends with the authentication code.
func (l liar) WriteTo(b []byte, to net.Addr) (int, error) {
	l.m.mu.Lock()
	lies := len(b) > 40 && b[5] == 0x13 && l.m.quirks.BadProofs > 0
	if lies {
		l.m.quirks.BadProofs--
	}
	if l.m.quirks.ZeroTags && len(b) > 24 && (b[5] == 0x11 || b[5] == 0x13 || b[5] == 0x15) {
		b[16] = 0
	}
	l.m.mu.Unlock()
	if lies {
		b[len(b)-1] ^= 1
	}
	return l.Conn.WriteTo(b, to)
}
