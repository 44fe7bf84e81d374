package attack_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"ironhook/block/iscsi"
	"ironhook/block/iscsi/initiatortest"
	"ironhook/e2e/lab"
)

// disk is an exported volume.
type disk struct {
	portal string
	login  initiatortest.Options
}

// export makes a volume for an initiator.
func (v *victim) export(name string) disk {
	v.Helper()
	initiator := "iqn.2026-11.test:" + name
	_, text := v.do("", "POST", "/volume/v3/volumes", asJSON, `{"volume": {"size": 1, "name": "`+name+`"}}`)
	var made struct{ Volume struct{ ID string } }
	if err := json.Unmarshal([]byte(text), &made); err != nil {
		v.Fatalf("%v: %s", err, text)
	}
	v.wait("/volume/v3/volumes/"+made.Volume.ID, `"available"`)
	_, text = v.do("", "POST", "/volume/v3/volumes/"+made.Volume.ID+"/action", asJSON,
		`{"os-initialize_connection": {"connector": {"initiator": "`+initiator+`"}}}`)
	var reply lab.Connection
	if err := json.Unmarshal([]byte(text), &reply); err != nil {
		v.Fatalf("%v: %s", err, text)
	}
	return disk{reply.Portal(), reply.Options(initiator)}
}

// login opens a session.
func (v *victim) login(d disk, n byte) *initiatortest.Initiator {
	v.Helper()
	login := d.login
	login.ISID = iscsi.ISID{n}
	i, err := initiatortest.Dial(v.Context(), d.portal, login)
	if err != nil {
		v.Fatal(err)
	}
	v.Cleanup(func() { i.Close() })
	if err := i.Conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		v.Fatal(err)
	}
	if err := i.Settle(); err != nil {
		v.Fatal(err)
	}
	return i
}

// TestTricklers has the sessions of one machine take what memory there is for writes, and
// not finish. Another machine's writes of every size go on.
func TestTricklers(t *testing.T) {
	const size = 16 << 20
	write := []byte{0x8a, 10: 0, 11: 0, 12: size >> 9 >> 8 & 0xff, 13: 0, 15: 0}
	for name, hold := range map[string]func(i *initiatortest.Initiator) error{
		"no data": func(i *initiatortest.Initiator) error {
			for range 4 {
				if err := i.Send(i.Command(write, iscsi.FlagWrite, size), nil); err != nil {
					return err
				}
			}
			return nil
		},
		"unsolicited data that never comes": func(i *initiatortest.Initiator) error {
			for range 8 {
				m := i.Command([]byte{0x2a, 8: 0x80, 9: 0}, iscsi.FlagWrite, 64<<10)
				m.Final = false
				if err := i.Send(m, nil); err != nil {
					return err
				}
			}
			return nil
		},
		"one sector at a time": func(i *initiatortest.Initiator) error {
			if err := i.Send(i.Command(write, iscsi.FlagWrite, size), nil); err != nil {
				return err
			}
			p, err := i.Receive()
			if err != nil || p.Header.Opcode() != iscsi.OpR2T {
				return fmt.Errorf("%v where an R2T was due: %w", p, err)
			}
			r2t := initiatortest.Decode[iscsi.R2T](p)
			m := i.DataOut(r2t, 0, int(r2t.Offset))
			m.Final = false
			return i.Send(m, make([]byte, 512))
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := start(t, t.TempDir(), "--auth", "none")
			greedy, modest := v.export("greedy"), v.export("modest")
			for n := range byte(16) {
				if err := hold(v.login(greedy, n)); err != nil {
					t.Fatal(err)
				}
			}
			honest := v.login(modest, 1)
			for _, length := range []int{512, 64 << 10, 128 << 10, 256 << 10, 1 << 20, 4 << 20} {
				want := bytes.Repeat([]byte{byte(length >> 9)}, length)
				begun := time.Now()
				if err := honest.Write(0, want); err != nil {
					t.Fatalf("a write of %d bytes after %v: %v", length, time.Since(begun), err)
				}
				if took := time.Since(begun); took > 5*time.Second {
					t.Errorf("a write of %d bytes took %v", length, took)
				}
				if got, err := honest.Read(0, length); err != nil || !bytes.Equal(got, want) {
					t.Fatalf("a read of %d bytes: %v", length, err)
				}
			}
		})
	}
}
