package iscsi_test

import (
	"io"
	"net"
	"testing"

	"ironhook/block/iscsi"
	"ironhook/block/iscsi/initiatortest"
)

// leaver is a peer that closes after a number of reads instead of reading the answer.
type leaver struct {
	net.Conn
	reads int
}

func (l *leaver) Read(b []byte) (int, error) {
	if l.reads--; l.reads < 0 {
		l.Conn.Close()
		return 0, io.EOF
	}
	return l.Conn.Read(b)
}

// A login whose last answer cannot be sent does not affect other sessions.
func TestLostLoginLeavesThePoolToOthers(t *testing.T) {
	inTime(t, func(t *testing.T, dial func() net.Conn, heard func() iscsi.Event) {
		a := loginOver(t, dial())
		for reads := range 6 {
			_, _ = initiatortest.New(&leaver{dial(), reads}, initiatortest.Options{Name: initiatorName + "-b", Target: targetName})
		}
		if err := a.Settle(); err != nil {
			t.Fatal(err)
		}
		if err := a.Flush(); err != nil {
			t.Error(err)
		}
		a.Close()
	})
}
