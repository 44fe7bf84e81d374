package rmcp

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/bougou/go-ipmi/pkg/bmc"
	"github.com/bougou/go-ipmi/pkg/hal/mock"
	"github.com/bougou/go-ipmi/pkg/server"
	"github.com/bougou/go-ipmi/pkg/transport/udp"
	"github.com/bougou/go-ipmi/pkg/types"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const user, password = "ADMIN", "correct horse 16"

// startBMC starts somebody else's BMC on loopback and returns its address.
func startBMC(t *testing.T, suites []types.CipherSuiteID, options ...bmc.Option) string {
	t.Helper()
	b := bmc.New(bmc.DeviceInfo{IPMIVersion: 0x20}, [16]byte{1, 2, 3}, mock.New(), options...)
	u, err := b.Users.Add(2, user)
	if err != nil {
		t.Fatal(err)
	}
	u.SetPassword([]byte(password))
	u.Enabled = true
	u.ChannelAccess[1] = bmc.UserChannelAccess{MaxPrivilege: bmc.PrivilegeLevelAdministrator, Enabled: true}
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

var both = []types.CipherSuiteID{types.CipherSuiteID3, types.CipherSuiteID17}

var quick = []time.Duration{500 * time.Millisecond, time.Second}

func TestAgainstAnotherImplementation(t *testing.T) {
	kg := []byte("a key of 20 bytes...")
	for name, c := range map[string]struct {
		suite   byte
		kg      []byte
		options []bmc.Option
	}{
		"suite 17":    {suite: 17},
		"suite 3":     {suite: 3},
		"suite 17 Kg": {suite: 17, kg: kg, options: []bmc.Option{bmc.WithKG(kg)}},
		"suite 3 Kg":  {suite: 3, kg: kg, options: []bmc.Option{bmc.WithKG(kg)}},
		"IPMI 1.5":    {suite: 0},
	} {
		t.Run(name, func(t *testing.T) {
			at := startBMC(t, both, c.options...)
			s, err := Dial(t.Context(), Config{Address: at, Username: user, Password: password, KG: c.kg, Level: Administrator, Suite: c.suite, Waits: quick})
			if err != nil {
				t.Fatal(err)
			}
			for range 70 { // the request sequence number wraps
				if data, err := s.Do(t.Context(), NetFnChassis, 0x01); err != nil || len(data) < 3 {
					t.Fatalf("chassis status = %x, %v", data, err)
				}
			}
			if err := s.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
