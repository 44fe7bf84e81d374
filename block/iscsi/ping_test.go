package iscsi_test

import (
	"bytes"
	"testing"

	"ironhook/block/iscsi"
	"ironhook/block/iscsi/initiatortest"
)

func TestPing(t *testing.T) {
	i := serve(t, newRAM(1<<20), nil).login(initiatortest.Options{})
	for _, n := range []int{0, 1, 511, 4096, 100000} {
		m := i.Ping(iscsi.NoTag)
		data := bytes.Repeat([]byte{'p'}, n)
		if err := i.Send(m, data); err != nil {
			t.Fatal(err)
		}
		p, err := i.Receive()
		if err != nil || p.Header.Opcode() != iscsi.OpNopIn || p.Header.ITT() != m.ITT || !bytes.Equal(p.Data, data) {
			t.Fatalf("ping with %d bytes = %v, %v", n, p, err)
		}
	}
}

// The answer to our ping may itself be a ping (RFC 7143 §11.18).
func TestPingThatIsAnAnswer(t *testing.T) {
	i := serve(t, newRAM(1<<20), nil).login(initiatortest.Options{})
	m := i.Ping(1)
	if err := i.Send(m, []byte("both")); err != nil {
		t.Fatal(err)
	}
	if p, err := i.Receive(); err != nil || p.Header.Opcode() != iscsi.OpNopIn || p.Header.ITT() != m.ITT || string(p.Data) != "both" {
		t.Errorf("%v, %v, want its data back", p, err)
	}
}
