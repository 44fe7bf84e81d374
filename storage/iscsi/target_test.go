package iscsi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ironhook/storage/iscsi"
	"ironhook/storage/iscsi/initiatortest"
	"ironhook/storage/scsi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	initiatorName = "iqn.2026-11.test:host"
	targetName    = "iqn.2026-11.test:disk"
)

// server is a target that serves one device on a port of its own.
type server struct {
	t      testing.TB
	addr   string
	target *iscsi.Target
	grant  iscsi.Grant
	stop   context.CancelFunc
	done   chan error

	mu     sync.Mutex
	events []iscsi.Event
	heard  chan iscsi.Event
}

// serve starts a target; change may alter it before.
func serve(t testing.TB, disk scsi.Disk, change func(*server)) *server {
	t.Helper()
	s := &server{t: t, done: make(chan error, 1), heard: make(chan iscsi.Event, 10000)}
	s.grant = iscsi.Grant{Device: newDevice(t, disk)}
	s.target = &iscsi.Target{
		Lookup: func(_ context.Context, _, target string) (iscsi.Grant, error) {
			if target != targetName {
				return iscsi.Grant{}, fmt.Errorf("%s: %w", target, iscsi.ErrNoTarget)
			}
			return s.grant, nil
		},
		Discover: func(context.Context, string) ([]string, error) { return []string{targetName}, nil },
		Observe: func(e iscsi.Event) {
			s.mu.Lock()
			s.events = append(s.events, e)
			s.mu.Unlock()
			s.heard <- e
		},
		Limits: iscsi.Limits{Drain: 100 * time.Millisecond},
	}
	if change != nil {
		change(s)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	go func() { s.done <- s.target.Serve(ctx, l) }()
	t.Cleanup(s.close)
	return s
}

// close stops the target and waits for its end. It may be called twice.
func (s *server) close() {
	s.stop()
	select {
	case err := <-s.done:
		if err != nil {
			s.t.Errorf("Serve: %v", err)
		}
		s.done <- nil
	case <-time.After(time.Minute):
		s.t.Error("Serve does not end")
	}
}

// dial logs in, with a minute for the whole test.
func (s *server) dial(o initiatortest.Options) (*initiatortest.Initiator, error) {
	ctx, cancel := initiatortest.Patience(context.Background())
	s.t.Cleanup(cancel)
	if o.Name == "" {
		o.Name = initiatorName
	}
	if o.Target == "" {
		o.Target = targetName
	}
	return initiatortest.Dial(ctx, s.addr, o)
}

// login logs in and clears the unit attentions.
func (s *server) login(o initiatortest.Options) *initiatortest.Initiator {
	s.t.Helper()
	i, err := s.dial(o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { i.Close() })
	if err := i.Settle(); err != nil {
		s.t.Fatal(err)
	}
	return i
}

// event waits for one of that kind.
func (s *server) event(kind iscsi.EventKind) iscsi.Event {
	s.t.Helper()
	for {
		select {
		case e := <-s.heard:
			if e.Kind == kind {
				return e
			}
		case <-time.After(30 * time.Second):
			s.t.Fatalf("no event %s", kind)
		}
	}
}

func keys(text string) (pairs []iscsi.Pair) {
	for item := range strings.FieldsSeq(text) {
		k, v, _ := strings.Cut(item, "=")
		pairs = append(pairs, iscsi.Pair{Key: k, Value: v})
	}
	return pairs
}

// ways are the ways of moving data that initiators agree upon with us.
var ways = map[string]string{
	"libiscsi":     "InitialR2T=No ImmediateData=Yes MaxBurstLength=262144 FirstBurstLength=262144 MaxRecvDataSegmentLength=262144",
	"Linux":        "InitialR2T=No ImmediateData=Yes MaxBurstLength=16776192 FirstBurstLength=262144 MaxRecvDataSegmentLength=262144 HeaderDigest=CRC32C DataDigest=CRC32C",
	"iPXE":         "InitialR2T=Yes MaxRecvDataSegmentLength=8192",
	"R2T only":     "InitialR2T=Yes ImmediateData=No MaxBurstLength=4096 MaxOutstandingR2T=4",
	"smallest":     "MaxRecvDataSegmentLength=512 MaxBurstLength=512 FirstBurstLength=512 DataDigest=CRC32C",
	"immediate":    "InitialR2T=Yes ImmediateData=Yes FirstBurstLength=1024",
	"headers only": "HeaderDigest=CRC32C",
}

// What is written is what is read, whatever was agreed upon, and wherever commands run.
func TestDataBothWays(t *testing.T) {
	const size = 4 << 20
	for name, offer := range ways {
		for _, cached := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/cached=%v", name, cached), func(t *testing.T) {
				disk := newRAM(size)
				var d scsi.Disk = disk
				if !cached {
					d = uncached{disk}
				}
				i := serve(t, d, nil).login(initiatortest.Options{Keys: keys(offer)})
				rnd := rand.New(rand.NewPCG(1, 2))
				want := make([]byte, size)
				for range 60 {
					n := 512 * (1 + rnd.IntN(1<<rnd.IntN(12)))
					off := 512 * rnd.Int64N((size-int64(n))/512+1)
					part := want[off : off+int64(n)]
					if rnd.IntN(2) == 0 {
						for k := range part {
							part[k] = byte(rnd.Uint32())
						}
						if err := i.Write(off, part); err != nil {
							t.Fatalf("Write(%d, %d bytes): %v", off, n, err)
						}
					} else if got, err := i.Read(off, n); err != nil || !bytes.Equal(got, part) {
						t.Fatalf("Read(%d, %d) differs, %v", off, n, err)
					}
				}
				err := i.Flush()
				data, syncs := disk.snapshot()
				if err != nil || syncs != 1 {
					t.Fatalf("Flush() = %v after %d syncs, want nil after 1", err, syncs)
				}
				if !bytes.Equal(data, want) {
					t.Error("the disk has other data than was written")
				}
				if err := i.Logout(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// Old iPXE asks for more at once than the MaxBurstLength it agreed to (ipxe issue 898):
// each burst ends with the F bit, and all of it comes.
func TestReadBeyondMaxBurst(t *testing.T) {
	i := serve(t, newRAM(1<<20), nil).login(initiatortest.Options{Keys: keys("MaxBurstLength=16384 MaxRecvDataSegmentLength=8192")})
	cdb := []byte{0x28, 7: 0, 8: 128, 9: 0} // READ(10) of 128 blocks
	h := i.Command(cdb, iscsi.FlagRead, 65536)
	if err := i.Send(h, nil); err != nil {
		t.Fatal(err)
	}
	for off := 0; off < 65536; off += 8192 {
		p, err := i.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if final := p.Header.Final(); final != (off%16384 == 8192) || len(p.Data) != 8192 {
			t.Errorf("%v at offset %d: F is %v", p, off, final)
		}
	}
}

func TestCHAP(t *testing.T) {
	s := serve(t, newRAM(1<<20), func(s *server) {
		s.grant.User, s.grant.Secret, s.grant.MutualUser, s.grant.MutualSecret = "alice", "wonderland12", "bob", "looking-glass"
	})
	good := initiatortest.Options{User: "alice", Secret: "wonderland12"}
	s.login(good)
	good.MutualUser, good.MutualSecret = "bob", "looking-glass"
	s.login(good)
	for name, o := range map[string]initiatortest.Options{
		"wrong secret": {User: "alice", Secret: "guess"},
		"wrong name":   {User: "eve", Secret: "wonderland12"},
		"no proof":     {},
	} {
		_, err := s.dial(o)
		var refused *initiatortest.LoginError
		if !errors.As(err, &refused) || refused.Status != 0x0201 {
			t.Errorf("%s: login = %v, want status 0201", name, err)
		}
		if e := s.event(iscsi.LoginFailed); strings.Contains(e.Reason, "wonderland") || e.Initiator != initiatorName {
			t.Errorf("%s: event %+v names a secret or the wrong initiator", name, e)
		}
	}
}

func TestDiscoveryIsPaged(t *testing.T) {
	var names []string
	for n := range 500 {
		names = append(names, fmt.Sprintf("%s-%d", targetName, n))
	}
	s := serve(t, newRAM(1<<20), func(s *server) {
		s.target.Discover = func(ctx context.Context, _ string) ([]string, error) { return names, ctx.Err() }
	})
	ctx, cancel := initiatortest.Patience(context.Background())
	defer cancel()
	i, err := initiatortest.Dial(ctx, s.addr, initiatortest.Options{Name: initiatorName, Keys: keys("MaxRecvDataSegmentLength=512")})
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	text, pages := sendTargets(t, i, "All")
	pairs := keys(strings.ReplaceAll(string(text), "\x00", " "))
	var got []string
	for n := 0; n+1 < len(pairs); n += 2 {
		if pairs[n+1].Value != s.addr+",1" {
			t.Fatalf("address of %s is %s, want %s,1", pairs[n].Value, pairs[n+1].Value, s.addr)
		}
		got = append(got, pairs[n].Value)
	}
	if !slices.Equal(got, names) || pages < len(text)/512 {
		t.Errorf("SendTargets gave %d names in %d pages, want %d names", len(got), pages, len(names))
	}
	if one, _ := sendTargets(t, i, names[7]); !bytes.Contains(one, []byte(names[7]+"\x00")) || bytes.Contains(one, []byte(names[8])) {
		t.Errorf("SendTargets=%s gave %q", names[7], one)
	}
}

// sendTargets returns the whole answer and how many PDUs it took.
func sendTargets(t *testing.T, i *initiatortest.Initiator, which string) (text []byte, pages int) {
	t.Helper()
	data, ttt := iscsi.AppendText(nil, iscsi.Pair{Key: "SendTargets", Value: which}), iscsi.NoTag
	for {
		h := i.Request(iscsi.OpTextRequest, false)
		h.PutUint32(iscsi.OffTTT, ttt)
		if err := i.Send(h, data); err != nil {
			t.Fatal(err)
		}
		p, err := i.Receive()
		if err != nil || p.Header.Opcode() != iscsi.OpTextResponse {
			t.Fatalf("text response = %v, %v", p, err)
		}
		text = append(text, p.Data...)
		pages++
		if p.Header.Final() {
			return text, pages
		}
		data, ttt = nil, p.Header.TTT()
	}
}

func TestPing(t *testing.T) {
	i := serve(t, newRAM(1<<20), nil).login(initiatortest.Options{})
	for _, n := range []int{0, 1, 511, 4096, 100000} {
		h := i.Request(iscsi.OpNopOut, true)
		h.PutUint32(iscsi.OffTTT, iscsi.NoTag)
		data := bytes.Repeat([]byte{'p'}, n)
		if err := i.Send(h, data); err != nil {
			t.Fatal(err)
		}
		p, err := i.Receive()
		if err != nil || p.Header.Opcode() != iscsi.OpNopIn || p.Header.ITT() != h.ITT() || !bytes.Equal(p.Data, data) {
			t.Fatalf("ping with %d bytes = %v, %v", n, p, err)
		}
	}
}

// Residuals come from what the CDB moves and what the initiator announced.
func TestResiduals(t *testing.T) {
	i := serve(t, newRAM(1<<20), nil).login(initiatortest.Options{})
	read := func(blocks byte) []byte { return []byte{0x28, 8: blocks, 9: 0} }
	write := func(blocks byte) []byte { return []byte{0x2a, 8: blocks, 9: 0} }
	for _, tt := range []struct {
		cdb     []byte
		out, in int
		got     int
		want    int64
	}{
		{read(2), 0, 1024, 1024, 0},
		{read(1), 0, 1024, 512, 512},
		{read(2), 0, 512, 512, -512},
		{write(2), 1024, 0, 0, 0},
		{write(1), 1024, 0, 0, 512},
		{write(2), 512, 0, 0, -512},
		{[]byte{0x12, 4: 36, 5: 0}, 0, 255, 36, 255 - 36},
	} {
		r, err := i.Do(tt.cdb, make([]byte, tt.out), tt.in)
		if err != nil || len(r.Data) != tt.got || r.Residual != tt.want {
			t.Errorf("CDB %x with %d out, %d in = %d bytes, residual %d, %v; want %d and %d", tt.cdb, tt.out, tt.in, len(r.Data), r.Residual, err, tt.got, tt.want)
		}
	}
}

// A breach of the protocol ends the connection, and nothing but that.
func TestBreaches(t *testing.T) {
	s := serve(t, newRAM(1<<20), nil)
	other := s.login(initiatortest.Options{Name: initiatorName + "-2"})
	r2t := func(t *testing.T, i *initiatortest.Initiator) iscsi.Header {
		if err := i.Send(i.Command([]byte{0x2a, 8: 16, 9: 0}, iscsi.FlagWrite, 8192), nil); err != nil {
			t.Fatal(err)
		}
		p, err := i.Receive()
		if err != nil || p.Header.Opcode() != iscsi.OpR2T {
			t.Fatalf("answer to a write = %v, %v, want an R2T", p, err)
		}
		return p.Header
	}
	for name, breach := range map[string]func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte){
		"gap in CmdSN": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			i.CmdSN++
			return i.Command(make([]byte, 6), 0, 0), nil
		},
		"data for no task": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			h := i.DataOut(r2t(t, i), 0, 0)
			h.PutUint32(iscsi.OffITT, 0x1234)
			return h, make([]byte, 8192)
		},
		"tag not given out": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			h := i.DataOut(r2t(t, i), 0, 0)
			h.PutUint32(iscsi.OffTTT, h.TTT()+1)
			return h, make([]byte, 8192)
		},
		"unsolicited": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			h := i.DataOut(r2t(t, i), 0, 0)
			h.PutUint32(iscsi.OffTTT, iscsi.NoTag)
			return h, make([]byte, 8192)
		},
		"offset": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			return i.DataOut(r2t(t, i), 0, 512), make([]byte, 7680)
		},
		"offset that wraps": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			return i.DataOut(r2t(t, i), 0, 0xfffffe00), make([]byte, 512)
		},
		"too much": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			return i.DataOut(r2t(t, i), 0, 0), make([]byte, 8704)
		},
		"final too early": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			return i.DataOut(r2t(t, i), 0, 0), make([]byte, 512)
		},
		"never final": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			h := i.DataOut(r2t(t, i), 0, 0)
			h[1] = 0
			return h, make([]byte, 8192)
		},
		"immediate data of a read": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			return i.Command([]byte{0x28, 8: 1, 9: 0}, iscsi.FlagRead, 512), make([]byte, 512)
		},
		"more data than announced": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			return i.Command([]byte{0x2a, 8: 1, 9: 0}, iscsi.FlagWrite, 512), make([]byte, 1024)
		},
		"tag of a living task": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			itt := r2t(t, i).ITT()
			h := i.Command(make([]byte, 6), 0, 0)
			h.PutUint32(iscsi.OffITT, itt)
			return h, nil
		},
		"segment too long": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			return i.Request(iscsi.OpNopOut, true), make([]byte, 256<<10+1)
		},
		"text tag not given out": func(t *testing.T, i *initiatortest.Initiator) (iscsi.Header, []byte) {
			h := i.Request(iscsi.OpTextRequest, false)
			h.PutUint32(iscsi.OffTTT, 99)
			return h, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := s.login(initiatortest.Options{Keys: keys("InitialR2T=No")})
			h, data := breach(t, i)
			i.Send(h, data) // may fail when the target closes before it has read all
			if p, err := i.Receive(); err == nil {
				t.Errorf("the connection goes on with %v", p)
			}
			if e := s.event(iscsi.Closed); !strings.Contains(e.Reason, "protocol error") {
				t.Errorf("closed because of %q, want a protocol error", e.Reason)
			}
			if _, err := other.Read(0, 512); err != nil {
				t.Errorf("another session: %v", err)
			}
		})
	}
}

// A corrupt digest ends the connection; nothing of the PDU takes effect.
func TestCorruptDigest(t *testing.T) {
	disk := newRAM(1 << 20)
	s := serve(t, disk, nil)
	for _, at := range []int{20, 48, 60, 48 + 4 + 512} { // header, its digest, data, its digest
		i := s.login(initiatortest.Options{Keys: keys("HeaderDigest=CRC32C DataDigest=CRC32C")})
		h := i.Command([]byte{0x2a, 8: 1, 9: 0}, iscsi.FlagWrite, 512)
		wire := iscsi.AppendPDU(nil, iscsi.PDU{Header: h, Data: bytes.Repeat([]byte{1}, 512)}, i.Digests)
		wire[at] ^= 0x10
		if _, err := i.Conn.Write(wire); err != nil {
			t.Fatal(err)
		}
		if p, err := i.Receive(); err == nil {
			t.Errorf("bit wrong at %d: the connection goes on with %v", at, p)
		}
		if e := s.event(iscsi.Closed); !strings.Contains(e.Reason, "digest") {
			t.Errorf("bit wrong at %d: closed because of %q", at, e.Reason)
		}
	}
	if data, _ := disk.snapshot(); bytes.Contains(data, []byte{1}) {
		t.Error("corrupt data was written")
	}
}

// A data PDU that got lost fails its command; the session goes on, and takes what else
// comes for that command.
func TestLostDataPDU(t *testing.T) {
	i := serve(t, newRAM(1<<20), nil).login(initiatortest.Options{Keys: keys("ImmediateData=No InitialR2T=Yes")})
	if err := i.Send(i.Command([]byte{0x2a, 8: 4, 9: 0}, iscsi.FlagWrite, 2048), nil); err != nil {
		t.Fatal(err)
	}
	p, err := i.Receive()
	if err != nil {
		t.Fatal(err)
	}
	r2t := p.Header
	h := i.DataOut(r2t, 7, 0)
	h[1] = 0 // not the last
	if err := i.Send(h, make([]byte, 512)); err != nil {
		t.Fatal(err)
	}
	p, err = i.Receive()
	if err != nil || p.Header.Opcode() != iscsi.OpSCSIResponse || p.Header[3] != 2 || p.Data[2+2] != 0x0b {
		t.Fatalf("write with a lost PDU = %v, %v, want ABORTED COMMAND", p, err)
	}
	if err := i.Send(i.DataOut(r2t, 8, 512), make([]byte, 1536)); err != nil {
		t.Fatal(err)
	}
	if _, err := i.Read(0, 512); err != nil {
		t.Errorf("the session after it: %v", err)
	}
}

// What lies outside of the window is ignored, without an answer.
func TestWindow(t *testing.T) {
	i := serve(t, newRAM(1<<20), func(s *server) { s.target.Limits.QueueDepth = 8 }).login(initiatortest.Options{})
	if got := i.MaxCmdSN - i.ExpCmdSN + 1; got != 8 {
		t.Errorf("window of %d commands, want 8", got)
	}
	for _, sn := range []uint32{i.MaxCmdSN + 1, i.ExpCmdSN - 1, i.ExpCmdSN + 1<<31} {
		h := i.Command(make([]byte, 6), 0, 0)
		i.CmdSN--
		h.PutUint32(iscsi.OffCmdSN, sn)
		if err := i.Send(h, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := i.Read(0, 512); err != nil { // its answer is the first that comes
		t.Error(err)
	}
}

// CmdSN wraps.
func TestCmdSNWraps(t *testing.T) {
	s := serve(t, newRAM(1<<20), nil)
	i, err := s.dial(initiatortest.Options{CmdSN: 0xfffffff0})
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	for range 40 {
		if _, err := i.Do(make([]byte, 6), nil, 0); err != nil {
			t.Fatal(err)
		}
	}
	if i.CmdSN != 24 {
		t.Errorf("CmdSN %#x after 40 commands", i.CmdSN)
	}
}

func TestUnknownRequests(t *testing.T) {
	i := serve(t, newRAM(1<<20), nil).login(initiatortest.Options{})
	for op, reason := range map[iscsi.Opcode]byte{iscsi.OpSNACK: 3, 0x1c: 5, iscsi.OpLoginRequest: 5} {
		h := i.Request(op, true)
		if err := i.Send(h, nil); err != nil {
			t.Fatal(err)
		}
		p, err := i.Receive()
		if err != nil || p.Header.Opcode() != iscsi.OpReject || p.Header[2] != reason || !bytes.Equal(p.Data[:20], h[:20]) {
			t.Errorf("request %#02x = %v, %v, want a Reject with reason %d", byte(op), p, err, reason)
		}
	}
	if _, err := i.Read(0, 512); err != nil {
		t.Error(err)
	}
}

// A flush that fails is not answered with GOOD.
func TestFailedFlush(t *testing.T) {
	disk := newRAM(1 << 20)
	disk.syncErr = errors.New("medium is gone")
	i := serve(t, disk, nil).login(initiatortest.Options{})
	if err := i.Flush(); !errors.Is(err, initiatortest.ErrStatus) {
		t.Errorf("Flush() = %v, want a status other than GOOD", err)
	}
}

func TestEventsAndCounters(t *testing.T) {
	s := serve(t, newRAM(1<<20), nil)
	i := s.login(initiatortest.Options{ISID: iscsi.ISID{0x80, 1, 2, 3, 4, 5}})
	for range 3 {
		if err := i.Write(0, make([]byte, 1024)); err != nil {
			t.Fatal(err)
		}
		if _, err := i.Read(0, 512); err != nil {
			t.Fatal(err)
		}
	}
	all := s.target.Sessions()
	if len(all) != 1 || len(all[0].LUNs) != 1 {
		t.Fatalf("Sessions() = %+v, want one with one LUN", all)
	}
	info, lun := all[0], all[0].LUNs[0]
	if info.Initiator != initiatorName || info.Target != targetName || info.ISID != (iscsi.ISID{0x80, 1, 2, 3, 4, 5}) || !info.Remote.IsValid() {
		t.Errorf("session %+v", info)
	}
	var timed uint64
	for _, n := range lun.Latency {
		timed += n
	}
	if lun.Reads != 3 || lun.Writes != 3 || lun.ReadBytes != 1536 || lun.WrittenBytes != 3072 || timed != lun.Reads+lun.Writes+lun.Others {
		t.Errorf("counters %+v, %d in the histogram", lun, timed)
	}
	if err := i.Logout(); err != nil {
		t.Fatal(err)
	}
	s.event(iscsi.Logout)
	var got []string
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		got = append(got, string(e.Kind))
	}
	if want := "login first-write first-read logout"; strings.Join(got, " ") != want {
		t.Errorf("events %q, want %q", strings.Join(got, " "), want)
	}
}

// A connection that the initiator closes in the middle of a PDU leaves nothing behind.
func TestTornPDU(t *testing.T) {
	s := serve(t, newRAM(1<<20), nil)
	i := s.login(initiatortest.Options{})
	wire := iscsi.AppendPDU(nil, iscsi.PDU{Header: i.Command([]byte{0x2a, 8: 1, 9: 0}, iscsi.FlagWrite, 512), Data: make([]byte, 512)}, i.Digests)
	i.Conn.Write(wire[:100])
	i.Close()
	if e := s.event(iscsi.Closed); !strings.Contains(e.Reason, io.ErrUnexpectedEOF.Error()) {
		t.Errorf("closed because of %q", e.Reason)
	}
	if n := len(s.target.Sessions()); n != 0 {
		t.Errorf("%d sessions left", n)
	}
}
