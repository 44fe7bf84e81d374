package iscsi_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"ironhook/block/iscsi"
	"ironhook/block/iscsi/initiatortest"
)

// Whoever waits keeps no turn from the others, however many they are: initiators whose writes
// the disk holds up, and initiators that do not read their answers.
func TestWaitersKeepNoTurn(t *testing.T) {
	disk := newRAM(1 << 20)
	s := serve(t, disk, func(s *server) { s.target.Limits.PerInitiator = 1000 })
	good := s.login(initiatortest.Options{})
	crowd := make([]*initiatortest.Initiator, 10*runtime.GOMAXPROCS(0)) // more than there are turns
	for n := range crowd {
		crowd[n] = s.login(initiatortest.Options{Name: fmt.Sprintf("%s-%d", initiatorName, n)})
	}
	for _, c := range []struct {
		name string
		wait func(*initiatortest.Initiator)
	}{
		{"of the disk", func(i *initiatortest.Initiator) {
			if err := i.Send(i.Command([]byte{0x2a, 8: 1, 9: 0}, iscsi.FlagWrite, 512), make([]byte, 512)); err != nil {
				t.Error(err)
			}
			<-disk.entered
		}},
		{"of the peer", func(i *initiatortest.Initiator) {
			i.Conn.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
			for range 160 { // 10 MiB: more than sockets and outbox hold
				if i.Send(i.Command([]byte{0x28, 8: 128, 9: 0}, iscsi.FlagRead, 64<<10), nil) != nil {
					return // it is no longer read
				}
			}
		}},
	} {
		if c.name == "of the disk" {
			disk.gate.Lock()
		}
		for _, i := range crowd {
			c.wait(i)
		}
		if _, err := good.Read(0, 512); err != nil {
			t.Errorf("among %d that wait %s: %v", len(crowd), c.name, err)
		}
		if c.name == "of the disk" {
			disk.gate.Unlock()
		}
	}
}
