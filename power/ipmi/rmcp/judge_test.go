package rmcp

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/bougou/go-ipmi/pkg/bmc"
	"github.com/bougou/go-ipmi/pkg/clock"
	"github.com/bougou/go-ipmi/pkg/hal/mock"
	"github.com/bougou/go-ipmi/pkg/server"
	"github.com/bougou/go-ipmi/pkg/transport/udp"
	"github.com/bougou/go-ipmi/pkg/types"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const user, password, guess = "ADMIN", "correct horse 16", "hunter2"

var (
	kg    = []byte("a key of 20 bytes...")
	both  = []types.CipherSuiteID{types.CipherSuiteID3, types.CipherSuiteID17}
	quick = []time.Duration{100 * time.Millisecond, time.Second, 5 * time.Second}
)

// startBMC starts a third party's BMC on loopback and returns its address.
func startBMC(t *testing.T, suites []types.CipherSuiteID, options ...bmc.Option) string {
	t.Helper()
	machine := mock.New()
	machine.SetConsole(&mock.Console{Conn: &mock.FakeConsoleConn{}})
	b := bmc.New(bmc.DeviceInfo{IPMIVersion: 0x20}, [16]byte{1, 2, 3}, machine, options...)
	b.Sessions = bmc.NewSessionStoreWithOptions(clock.Real, bmc.WithMaxSessions(1))
	for id, name := range map[uint8]string{2: user, 3: "guest"} {
		u, err := b.Users.Add(id, name)
		if err != nil {
			t.Fatal(err)
		}
		u.SetPassword([]byte(password))
		u.Enabled = true
		level := bmc.PrivilegeLevelAdministrator
		if name == "guest" {
			level = bmc.PrivilegeLevelUser
		}
		u.ChannelAccess[1] = bmc.UserChannelAccess{MaxPrivilege: level, Enabled: true}
	}
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	srv := server.NewServer(b, udp.Wrap(conn), server.WithCipherSuites(suites))
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- srv.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		srv.Close()
		<-done
	})
	return conn.LocalAddr().String()
}

func at(address string, suite byte) Config {
	return Config{Address: address, Username: user, Password: password, Level: Administrator, Suite: suite, Waits: quick}
}

// talk opens a session, asks n times for the chassis status and closes it.
func talk(ctx context.Context, c Config, n int) error {
	s, err := Dial(ctx, c)
	if err != nil {
		return err
	}
	for range n {
		data, err := s.Do(ctx, NetFnChassis, 0x01)
		if err == nil && len(data) < 3 {
			err = errors.New("short chassis status")
		}
		if err != nil {
			return errors.Join(err, s.Close(ctx))
		}
	}
	return s.Close(ctx)
}

// kinds is every way to open a session.
var kinds = map[string]struct {
	suite   byte
	kg      []byte
	options []bmc.Option
}{
	"suite 17":    {suite: 17},
	"suite 3":     {suite: 3},
	"suite 17 Kg": {suite: 17, kg: kg, options: []bmc.Option{bmc.WithKG(kg)}},
	"suite 3 Kg":  {suite: 3, kg: kg, options: []bmc.Option{bmc.WithKG(kg)}},
	"IPMI 1.5":    {suite: 0},
}

func TestAgainstAnotherImplementation(t *testing.T) {
	for name, k := range kinds {
		t.Run(name, func(t *testing.T) {
			c := at(startBMC(t, both, k.options...), k.suite)
			c.KG = k.kg
			if err := talk(t.Context(), c, 70); err != nil { // the request sequence number wraps at 64
				t.Fatal(err)
			}
			// The BMC has room for one session: Close gave it back.
			if err := talk(t.Context(), c, 1); err != nil {
				t.Fatalf("second session: %v", err)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	twoKeys := []bmc.Option{bmc.WithKG(kg)}
	for name, c := range map[string]struct {
		change  func(*Config)
		suites  []types.CipherSuiteID
		options []bmc.Option
		want    error
	}{
		"wrong password":       {func(c *Config) { c.Password = guess }, both, nil, ErrCredentials},
		"wrong password, 1.5":  {func(c *Config) { c.Password, c.Suite, c.Waits = guess, 0, quick[:1] }, both, nil, ErrCredentials},
		"no such user":         {func(c *Config) { c.Username = "nobody" }, both, nil, ErrCredentials},
		"no such user, 1.5":    {func(c *Config) { c.Username, c.Suite = "nobody", 0 }, both, nil, ErrCredentials},
		"level too high":       {func(c *Config) { c.Username = "guest" }, both, nil, ErrLevel},
		"level too high, 1.5":  {func(c *Config) { c.Username, c.Suite = "guest", 0 }, both, nil, ErrLevel},
		"Kg key not given":     {func(c *Config) {}, both, twoKeys, ErrCredentials},
		"wrong Kg key":         {func(c *Config) { c.KG = []byte(guess) }, both, twoKeys, ErrCredentials},
		"suite not offered":    {func(c *Config) {}, both[:1], nil, ErrSuite},
		"suite we do not know": {func(c *Config) { c.Suite = 8 }, both, nil, ErrSuite},
	} {
		t.Run(name, func(t *testing.T) {
			config := at(startBMC(t, c.suites, c.options...), 17)
			c.change(&config)
			err := talk(t.Context(), config, 1)
			if !errors.Is(err, c.want) {
				t.Errorf("error = %v, want %v", err, c.want)
			}
			leaksNothing(t, err)
		})
	}
}

func leaksNothing(t *testing.T, err error) {
	t.Helper()
	if err != nil && containsAny(err.Error(), password, guess, string(kg)) {
		t.Errorf("a secret stands in %q", err)
	}
}

func TestNoFreeSession(t *testing.T) {
	address := startBMC(t, both)
	first, err := Dial(t.Context(), at(address, 17))
	if err != nil {
		t.Fatal(err)
	}
	if err := talk(t.Context(), at(address, 17), 1); !errors.Is(err, ErrBusy) {
		t.Errorf("second session = %v, want %v", err, ErrBusy)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestCompletionCodes(t *testing.T) {
	s, err := Dial(t.Context(), at(startBMC(t, both), 17))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(t.Context())
	var code CompletionError
	if _, err := s.Do(t.Context(), NetFnChassis, 0xfe); !errors.As(err, &code) || code != InvalidCommand {
		t.Errorf("unknown command = %v, want %v", err, InvalidCommand)
	}
	for code, kind := range map[CompletionError]error{0xc0: ErrBusy, 0xd2: ErrBusy, InsufficientPrivilege: ErrLevel} {
		if !errors.Is(code, kind) {
			t.Errorf("%v is not %v", code, kind)
		}
	}
	if errors.Is(InvalidCommand, ErrBusy) {
		t.Errorf("%v passes with time?", InvalidCommand)
	}
}

// No BMC there, in two ways: a port that is closed, and one that does not answer.
func TestNobodyThere(t *testing.T) {
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := silent.LocalAddr().String()
	c := at(address, 17)
	c.Waits = []time.Duration{10 * time.Millisecond, 10 * time.Millisecond}
	if err := talk(t.Context(), c, 1); !errors.Is(err, ErrNoAnswer) {
		t.Errorf("silence = %v, want %v", err, ErrNoAnswer)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	c.Waits = []time.Duration{time.Hour}
	start := time.Now()
	if err := talk(ctx, c, 1); !errors.Is(err, ErrNoAnswer) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("silence until the deadline = %v, want %v and %v", err, ErrNoAnswer, context.DeadlineExceeded)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %s to notice the deadline", took)
	}
	if err := silent.Close(); err != nil {
		t.Fatal(err)
	}
	if err := talk(t.Context(), c, 1); !errors.Is(err, ErrNoAnswer) {
		t.Errorf("closed port = %v, want %v", err, ErrNoAnswer)
	}
}
