package image

import (
	"bufio"
	"context"
	"io"

	"ironhook/volume"
)

// unpacker writes the one disk that a file contains.
type unpacker struct {
	ctx  context.Context
	b    *volume.Builder
	said Format // of the disk
	most int64  // bytes of the disk
	in   *intake
	// decide is called when it is known whether the file is the disk byte for byte.
	decide func(isDisk bool) error

	format Format // which it was
	hint   string
}

// unpack writes the disk contained in in. It returns the format, and a warning if machines
// will not boot from the disk.
func unpack(ctx context.Context, b *volume.Builder, in *intake, said Format, most int64) (f Format, hint string, err error) {
	u := &unpacker{ctx: ctx, b: b, said: said, most: most, in: in, decide: in.decide}
	err = u.file(in)
	return u.format, u.hint, err
}

// archives maps the kinds of archives to their readers.
var archives = map[string]func(*unpacker, io.Reader) error{"tar": (*unpacker).untar, "zip": (*unpacker).unzip}

// file reads a disk, or an archive that contains one, compressed or not.
func (u *unpacker) file(r io.Reader) error {
	plain, done, err := decompress(r, "the file")
	if err != nil {
		return err
	}
	defer done()
	_, compressed := plain.(*undone)
	if compressed {
		plain = measured{plain, u.in}
	}
	head, first, err := u.peek(plain)
	if err != nil {
		return err
	}
	k, _ := Sniff(first)
	open := archives[k.archive]
	format, wrong := choose(u.said, first)
	if err := u.decide(!compressed && open == nil && wrong == nil && format == Raw); err != nil {
		return err
	}
	if open != nil {
		return open(u, head)
	}
	return u.disk(head, first)
}

// member reads a disk in an archive, compressed or not.
func (u *unpacker) member(r io.Reader, name string) error {
	plain, done, err := decompress(r, name)
	if err != nil {
		return err
	}
	defer done()
	head, first, err := u.peek(measured{plain, u.in})
	if err != nil {
		return err
	}
	return u.disk(head, first)
}

func (u *unpacker) peek(plain io.Reader) (head *bufio.Reader, first []byte, err error) {
	head = bufio.NewReaderSize(reader{u.ctx, plain}, 64<<10)
	first, err = head.Peek(SniffLength)
	if err != nil && err != io.EOF {
		return nil, nil, readFailure(err)
	}
	return head, first, nil
}

// disk reads a disk that begins with first.
func (u *unpacker) disk(r io.Reader, first []byte) (err error) {
	if u.format, err = choose(u.said, first); err != nil {
		return err
	}
	if u.format == Raw || u.format == VHD && !begins(first, vhdMagic) {
		return u.plainDisk(r)
	}
	if err := decoders[u.format](u.ctx, u.b, r, u.most); err != nil {
		return err
	}
	return u.look()
}

// decoders maps each format except raw to its decoder.
var decoders = map[Format]func(context.Context, *volume.Builder, io.Reader, int64) error{
	Qcow2: spooled(decodeQcow2),
	VMDK:  spooled(byQemu(qemuFormat{name: "vmdk", check: checkVMDK})),
	VHD:   spooled(byQemu(qemuFormat{name: "vpc", options: "force_size_calc=current_size"})),
	VHDX:  spooled(decodeVHDX),
	VDI:   spooled(byQemu(qemuFormat{name: "vdi"})),
}
