package rmcp

import (
	"bytes"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func containsAny(s string, parts ...string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// wire is a network between us and a BMC that does what a test wants with every
// packet: change maps it to the packets that arrive in its place.
type wire struct {
	console *net.UDPConn // our side
	bmc     *net.UDPConn // connected to the BMC
	mu      sync.Mutex
	peer    *net.UDPAddr // who talks to us
}

func startWire(t *testing.T, bmc string, toBMC, toConsole func([]byte) [][]byte) string {
	t.Helper()
	console, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("udp", bmc)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{console: console, bmc: c.(*net.UDPConn)}
	var wg sync.WaitGroup
	wg.Go(func() { w.forth(toBMC) })
	wg.Go(func() { w.back(toConsole) })
	t.Cleanup(func() { w.console.Close(); w.bmc.Close(); wg.Wait() })
	return console.LocalAddr().String()
}

func (w *wire) forth(change func([]byte) [][]byte) {
	buf := make([]byte, 2000)
	for {
		n, from, err := w.console.ReadFromUDP(buf)
		if err != nil {
			return
		}
		w.mu.Lock()
		w.peer = from
		w.mu.Unlock()
		for _, p := range change(bytes.Clone(buf[:n])) {
			w.bmc.Write(p)
		}
	}
}

func (w *wire) back(change func([]byte) [][]byte) {
	buf := make([]byte, 2000)
	for {
		n, err := w.bmc.Read(buf)
		if err != nil {
			return
		}
		w.mu.Lock()
		peer := w.peer
		w.mu.Unlock()
		for _, p := range change(bytes.Clone(buf[:n])) {
			w.console.WriteToUDP(p, peer)
		}
	}
}

func asIs(p []byte) [][]byte { return [][]byte{p} }

func TestLostAndDoubledPackets(t *testing.T) {
	everySecond := func() func([]byte) [][]byte {
		var n atomic.Int32
		return func(p []byte) [][]byte {
			if n.Add(1)%2 == 1 {
				return nil
			}
			return [][]byte{p}
		}
	}
	double := func(p []byte) [][]byte { return [][]byte{p, p} }
	for name, make := range map[string]func() (toBMC, toConsole func([]byte) [][]byte){
		"requests lost":   func() (toBMC, toConsole func([]byte) [][]byte) { return everySecond(), asIs },
		"answers doubled": func() (toBMC, toConsole func([]byte) [][]byte) { return asIs, double },
	} {
		for kind, k := range kinds {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				toBMC, toConsole := make()
				c := at(startWire(t, startBMC(t, both, k.options...), toBMC, toConsole), k.suite)
				c.KG = k.kg
				if err := talk(t.Context(), c, 3); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// The answer to a command is lost: the BMC must not take the repetition for a
// replay.
func TestLostAnswers(t *testing.T) {
	for _, suite := range []byte{17, 3} {
		var sessionPackets atomic.Int32
		lose := func(p []byte) [][]byte {
			if len(p) > 5 && p[5] == encrypted|authenticated && sessionPackets.Add(1)%2 == 1 {
				return nil
			}
			return [][]byte{p}
		}
		c := at(startWire(t, startBMC(t, both), asIs, lose), suite)
		if err := talk(t.Context(), c, 3); err != nil {
			t.Errorf("suite %d: %v", suite, err)
		}
	}
}

// Another host on the network answers too, and sooner: the true answer with one bit
// changed, cut short, without its seal, and plain rubbish. None of it is believed,
// none of it does harm.
func TestForgedPackets(t *testing.T) {
	forge := func(p []byte) [][]byte {
		if len(p) < 6 || p[4] == authPlus && p[5] != encrypted|authenticated {
			return [][]byte{p} // session setup proves itself by what it leads to
		}
		var all [][]byte
		for i := range p {
			q := bytes.Clone(p)
			q[i] ^= 0x10
			all = append(all, q, p[:i])
		}
		naked := append([]byte{}, p...)
		naked[5] = 0
		all = append(all, naked, []byte("rubbish"),
			append(header(), authPlus, encrypted|authenticated, 1, 2, 3, 4, 1, 0, 0, 0, 5, 0, 1, 2, 3, 4, 5))
		return append(all, p)
	}
	for kind, k := range kinds {
		if k.suite == 0 {
			continue // before an IPMI 1.5 session nothing is sealed
		}
		t.Run(kind, func(t *testing.T) {
			c := at(startWire(t, startBMC(t, both, k.options...), asIs, forge), k.suite)
			c.KG = k.kg
			if err := talk(t.Context(), c, 5); err != nil {
				t.Error(err)
			}
		})
	}
}
