package dhcp

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"ironhook/store/storetest"
)

// childEnv makes TestKilledServer's child of this program: a server over the database
// of that name, asked on its standard input and answering on its standard output.
const childEnv = "DHCP_TEST_DATABASE"

// TestServerChild is that child; it does nothing in the parent.
func TestServerChild(t *testing.T) {
	path := os.Getenv(childEnv)
	if path == "" {
		return
	}
	n := newNetworkAt(t, storetest.OpenAt(t, path), wide)
	for questions := bufio.NewScanner(os.Stdin); questions.Scan(); {
		b, err := hex.DecodeString(questions.Text())
		if err != nil {
			t.Fatal(err)
		}
		p, err := dhcpv4.FromBytes(b)
		if err != nil {
			t.Fatal(err)
		}
		if r := n.ask(p); r != nil {
			fmt.Printf("answer %x\n", r.Packet.ToBytes())
		} else {
			fmt.Println("answer")
		}
	}
}

func wide(c *Config) { c.Range.Last = netip.MustParseAddr("10.77.0.240") }

// TestKilledServer kills a server with SIGKILL in the midst of its work, over and over.
// Every offer and lease sent by then is in the database, and no address is leased twice.
func TestKilledServer(t *testing.T) {
	if testing.Short() {
		t.Skip("starts and kills processes")
	}
	path := filepath.Join(t.TempDir(), "ironhook.db")
	random := rand.New(rand.NewPCG(1, 2))
	promised := map[string]*dhcpv4.DHCPv4{} // by MAC, the last answer
	for round := range 25 {
		life := time.Duration(random.IntN(40)) * time.Millisecond
		for _, answer := range interrogate(t, path, round, life) {
			promised[answer.ClientHWAddr.String()] = answer
		}
		n := newNetworkAt(t, storetest.OpenAt(t, path), wide)
		owner := map[netip.Addr]string{}
		for mac, answer := range promised {
			a, l := addr(answer.YourIPAddr), n.lease(mac)
			if l == nil || l.Address != a {
				t.Fatalf("round %d: %s was promised %s in a %s, the database has %+v", round, mac, a, answer.MessageType(), l)
			}
			if answer.MessageType() == dhcpv4.MessageTypeAck && time.Until(l.Expires) < leaseTime-5*time.Minute {
				t.Errorf("round %d: the lease of %s ends at %v, which is sooner than it was told", round, mac, l.Expires)
			}
			if other, twice := owner[a]; twice {
				t.Errorf("round %d: %s was promised to %s and %s", round, a, other, mac)
			}
			owner[a] = mac
		}
		if err := n.store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(promised) < 20 {
		t.Errorf("only %d machines were promised anything: the test kills too soon", len(promised))
	}
}

// interrogate runs a server on the database and sends it requests as fast as it answers
// until it is killed, some time after its first answer. It returns the answers that were
// sent.
func interrogate(t *testing.T, path string, round int, life time.Duration) (answers []*dhcpv4.DHCPv4) {
	t.Helper()
	child := exec.Command("/proc/self/exe", "-test.run=^TestServerChild$")
	child.Env = append(os.Environ(), childEnv+"="+path)
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var killer *time.Timer
	replies := bufio.NewScanner(out)
	for i := 0; ; i++ {
		mac := fmt.Sprintf("52:54:03:00:%02x:%02x", round, i/2)
		question := build(t, mac, discover, asPXE)
		if i%2 == 1 && len(answers) > 0 {
			question = build(t, mac, request, asPXE, from("10.77.0.1"), wants(answers[len(answers)-1].YourIPAddr.String()))
		}
		if _, err := fmt.Fprintf(in, "%x\n", question.ToBytes()); err != nil || !replies.Scan() {
			break
		}
		var b []byte
		if _, err := fmt.Sscanf(replies.Text(), "answer %x", &b); err == nil {
			if p, err := dhcpv4.FromBytes(b); err == nil && p.MessageType() != dhcpv4.MessageTypeNak {
				answers = append(answers, p)
			}
		}
		if killer == nil {
			killer = time.AfterFunc(life, func() { _ = child.Process.Kill() })
		}
	}
	_ = child.Process.Kill()
	_ = child.Wait()
	return answers
}
