package stick_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
)

// The numbers of the NBD protocol (doc/proto.md of the reference implementation): fixed newstyle
// negotiation and simple replies.
const (
	nbdMagic        = 0x4e42444d41474943 // "NBDMAGIC"
	nbdOption       = 0x49484156454f5054 // "IHAVEOPT"
	nbdOptionReply  = 0x3e889045565a9
	nbdRequest      = 0x25609513
	nbdReply        = 0x67446698
	nbdNewstyle     = 1 | 2 // fixed newstyle, no zeroes
	nbdGo           = 7
	nbdAck          = 1
	nbdInfo         = 3
	nbdUnsupported  = 1<<31 | 1
	nbdHasFlush     = 1 | 4
	nbdRead         = 0
	nbdWrite        = 1
	nbdDisconnect   = 2
	nbdFlush        = 3
	nbdInputOutput  = 5
	nbdRequestLimit = 64 << 20
)

// serve answers requests one after another until the peer goes or the plug is pulled.
func (f *flash) serve(c net.Conn) error {
	if err := f.negotiate(c); err != nil {
		return err
	}
	for {
		r, data, err := request(c)
		if err != nil || r.Type == nbdDisconnect {
			return err
		}
		code := uint32(0)
		switch err := f.do(r.Type, data, int64(r.Offset)); {
		case errors.Is(err, errUnplugged):
			return err // without a reply
		case err != nil:
			code = nbdInputOutput
		}
		if r.Type != nbdRead || code != 0 {
			data = nil
		}
		if err := send(c, uint32(nbdReply), code, r.Cookie, data); err != nil {
			return err
		}
	}
}

type nbdHeader struct {
	Magic          uint32
	Flags, Type    uint16
	Cookie, Offset uint64
	Length         uint32
}

// request takes a request, with what it writes or room for what it reads.
func request(c io.Reader) (r nbdHeader, data []byte, err error) {
	if err := binary.Read(c, binary.BigEndian, &r); err != nil {
		return r, nil, err
	}
	if r.Magic != nbdRequest || r.Length > nbdRequestLimit {
		return r, nil, errors.New("no request of NBD")
	}
	if r.Type == nbdRead || r.Type == nbdWrite {
		data = make([]byte, r.Length)
	}
	if r.Type == nbdWrite {
		_, err = io.ReadFull(c, data)
	}
	return r, data, err
}

func (f *flash) do(request uint16, data []byte, off int64) error {
	switch request {
	case nbdRead:
		return f.readAt(data, off)
	case nbdWrite:
		return f.writeAt(data, off)
	case nbdFlush:
		return f.flush()
	}
	return errors.ErrUnsupported
}

// negotiate offers the one export that there is, and knows no option but the one that takes it.
func (f *flash) negotiate(c net.Conn) error {
	size, err := f.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if err := send(c, uint64(nbdMagic), uint64(nbdOption), uint16(nbdNewstyle)); err != nil {
		return err
	}
	var flags uint32
	if err := binary.Read(c, binary.BigEndian, &flags); err != nil {
		return err
	}
	for {
		var o struct {
			Magic          uint64
			Option, Length uint32
		}
		if err := binary.Read(c, binary.BigEndian, &o); err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, c, int64(o.Length)); err != nil {
			return err
		}
		if o.Option != nbdGo {
			if err := send(c, uint64(nbdOptionReply), o.Option, uint32(nbdUnsupported), uint32(0)); err != nil {
				return err
			}
			continue
		}
		return send(c, uint64(nbdOptionReply), o.Option, uint32(nbdInfo), uint32(12), uint16(0), uint64(size), uint16(nbdHasFlush),
			uint64(nbdOptionReply), o.Option, uint32(nbdAck), uint32(0))
	}
}

// send writes these values, big endian, in one piece.
func send(w io.Writer, values ...any) error {
	var b bytes.Buffer
	for _, v := range values {
		if err := binary.Write(&b, binary.BigEndian, v); err != nil {
			return err
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}
