package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"

	"ironhook/block/iscsi/initiatortest"
)

// booting is a boot under way.
type booting struct {
	*machine
	storm   Storm
	told    answer
	disk    disk
	session *initiatortest.Initiator
	random  *rand.Rand
	own     []byte // what the machine writes
}

// firmware gets an address and the name of the loader.
func (b *booting) firmware(ctx context.Context) (err error) {
	if b.told, err = b.ask(ctx, firmware); err != nil {
		return err
	}
	b.address = b.told.address
	return b.configure()
}

// loader loads iPXE by TFTP.
func (b *booting) loader(ctx context.Context) error {
	n, err := b.tftp(ctx, b.told.server, b.told.file)
	if err == nil && n < 50_000 {
		err = fmt.Errorf("%s has %d bytes only", b.told.file, n)
	}
	return err
}

// script asks for an address once more, now as iPXE, and fetches the script.
func (b *booting) script(ctx context.Context) error {
	told, err := b.ask(ctx, loaded)
	if err != nil {
		return err
	}
	if told.address != b.address {
		return fmt.Errorf("iPXE is given %v, the firmware had %v", told.address, b.address)
	}
	text, err := b.fetch(ctx, told.file)
	if err != nil {
		return err
	}
	b.disk, err = parse(text)
	return err
}

// disk is what a boot script says of the volume.
type disk struct {
	portal, target, initiator, user, secret string
}

var (
	uri     = regexp.MustCompile(`(?m)^sanhook.* iscsi:([^: ]+)::(\d*):0:(\S+)`)
	setting = regexp.MustCompile(`(?m)^set (username|password|initiator-iqn) (\S+)$`)
)

// parse reads the boot script. A script without a volume is returned as the error: it says
// why the machine boots nothing.
func parse(script string) (disk, error) {
	found := uri.FindStringSubmatch(script)
	if found == nil {
		return disk{}, errors.New("the script attaches no volume: " + strings.ReplaceAll(script, "\n", "; "))
	}
	port := found[2]
	if port == "" {
		port = "3260"
	}
	d := disk{portal: found[1] + ":" + port, target: found[3]}
	for _, s := range setting.FindAllStringSubmatch(script, -1) {
		switch s[1] {
		case "username":
			d.user = s[2]
		case "password":
			d.secret = s[2]
		case "initiator-iqn":
			d.initiator = s[2]
		}
	}
	return d, nil
}

// ioPatience bounds the wait for one answer of the volume, as Linux does (SCSI command
// timer, 30 s) with its retries.
const ioPatience = 2 * time.Minute

// attach logs in with CHAP.
func (b *booting) attach(ctx context.Context) error {
	begun := time.Now()
	conn, err := b.dial(ctx, "tcp", b.disk.portal)
	if err != nil {
		return err
	}
	b.patient(conn.SetDeadline)
	b.session, err = initiatortest.New(conn, initiatortest.Options{
		Name: b.disk.initiator, Target: b.disk.target, User: b.disk.user, Secret: b.disk.secret,
	})
	b.login = time.Since(begun)
	if err != nil {
		return err
	}
	b.random = rand.New(rand.NewPCG(uint64(b.address.As4()[2])<<8|uint64(b.address.As4()[3]), 1))
	return b.session.Settle()
}

func (b *booting) patient(set func(time.Time) error) { _ = set(time.Now().Add(ioPatience)) } // a closed connection fails at its next use

// chunk is the length of a request: what Linux sends at most for a sequential read.
const chunk = 128 << 10

// read reads the part of the image that every machine needs, in sequence, or a storm of
// small reads all over it. What the machine does with the data is not measured: it looks at the
// first of it only.
func (b *booting) read(ctx context.Context) error {
	b.patient(b.session.Conn.SetDeadline)
	if got, err := b.session.Read(0, chunk); err != nil || !bytes.Equal(got, beginning()) {
		return fmt.Errorf("the volume begins with other data than the image: %w", errors.Join(err, ctx.Err()))
	}
	for off := 0; off < b.storm.Read; off += b.storm.readSize() {
		at := int64(off)
		if b.storm.Random {
			at = b.random.Int64N(b.storm.Image/int64(b.storm.readSize())) * int64(b.storm.readSize())
		}
		b.patient(b.session.Conn.SetDeadline)
		if err := b.session.Discard(at, b.storm.readSize()); err != nil {
			return fmt.Errorf("at %d: %w", at, errors.Join(err, ctx.Err()))
		}
	}
	return nil
}

// write writes the machine's own part, and flushes it.
func (b *booting) write(context.Context) error {
	base := max(b.storm.Image, int64(b.storm.Read))
	b.own = make([]byte, min(chunk, b.storm.Write))
	for i := range b.own {
		b.own[i] = byte(b.random.Uint32())
	}
	for off := 0; off < b.storm.Write; off += chunk {
		b.patient(b.session.Conn.SetDeadline)
		if err := b.session.Write(base+int64(off), b.own); err != nil {
			return fmt.Errorf("at %d: %w", off, err)
		}
	}
	if b.storm.Write == 0 {
		return nil
	}
	b.patient(b.session.Conn.SetDeadline)
	return b.session.Flush()
}

// use is a desktop's work, without its pauses: two reads of the image for each write of the
// machine's own, 4 to 64 KiB each, a flush after every sixteenth write.
func (b *booting) use(ctx context.Context) error {
	own := max(b.storm.Image, int64(b.storm.Read))
	for i := range b.storm.Use {
		size := 4 << 10 << b.random.IntN(5)
		b.patient(b.session.Conn.SetDeadline)
		var err error
		switch {
		case i%3 < 2:
			err = b.session.Discard(b.random.Int64N(int64(b.storm.Read)/(64<<10))*(64<<10), size)
		case i%48 == 47:
			err = b.session.Flush()
		default:
			err = b.session.Write(own+b.random.Int64N(int64(b.storm.Write)/(64<<10))*(64<<10), b.own[:size])
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
	}
	return nil
}
