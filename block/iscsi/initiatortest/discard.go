package initiatortest

import (
	"errors"
	"fmt"
	"io"
	"syscall"

	"golang.org/x/sys/unix"

	"ironhook/block/iscsi"
)

// Discard reads n bytes from offset off as Read does, and looks at the headers only: the kernel
// throws the data away (MSG_TRUNC, tcp(7)). So a machine that makes load costs little itself. The
// session has TCP and no digests.
func (i *Initiator) Discard(off int64, n int) error {
	m := i.Command(blocks(0x88, off, n), iscsi.FlagRead, n)
	if err := i.Send(m, nil); err != nil {
		return err
	}
	h := make(iscsi.Header, iscsi.HeaderLen)
	for got := 0; ; {
		if _, err := io.ReadFull(i.Conn, h); err != nil {
			return err
		}
		p := iscsi.PDU{Header: h}
		if err := errors.Join(i.accept(p), i.skip((h.DataLen()+3)&^3)); err != nil {
			return err
		}
		if h.Opcode() != iscsi.OpDataIn || h.ITT() != m.ITT {
			return fmt.Errorf("%v in answer to a read: %w", p, ErrStatus)
		}
		in := Decode[iscsi.DataIn](p)
		if in.Offset != uint32(got) {
			return fmt.Errorf("%v is for offset %d, want %d", p, in.Offset, got)
		}
		if got += h.DataLen(); !in.HasStatus {
			continue
		}
		if in.Status != 0 || got != n {
			return fmt.Errorf("read: %w %#02x after %d of %d bytes", ErrStatus, in.Status, got, n)
		}
		return nil
	}
}

// skip drops the next n bytes of the stream.
func (i *Initiator) skip(n int) error {
	raw, err := i.Conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return err
	}
	for n > 0 {
		took, errno := 0, syscall.Errno(0)
		err := raw.Read(func(fd uintptr) bool {
			r, _, e := syscall.Syscall6(unix.SYS_RECVFROM, fd, 0, uintptr(n), unix.MSG_TRUNC, 0, 0)
			took, errno = int(r), e
			return errno != unix.EAGAIN
		})
		switch {
		case err != nil:
			return err
		case errno == unix.EINTR:
		case errno != 0:
			return errno
		case took == 0:
			return io.ErrUnexpectedEOF
		default:
			n -= took
		}
	}
	return nil
}
