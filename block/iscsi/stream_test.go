package iscsi

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// somePDUs makes PDUs of all kinds of lengths, with and without additional headers.
func somePDUs(n int) (pdus []PDU) {
	rnd, chacha := rand.New(rand.NewPCG(3, 4)), rand.NewChaCha8([32]byte{5})
	lengths := []int{0, 1, 2, 3, 4, 47, 512, 513, 4096, 8191, 65536, maxRecvData}
	for i := range n {
		p := PDU{Header: make(Header, HeaderLen), AHS: make([]byte, 4*(i%3)), Data: make([]byte, lengths[rnd.IntN(len(lengths))])}
		chacha.Read(p.Header)
		chacha.Read(p.AHS)
		chacha.Read(p.Data)
		p.Header[4] = byte(len(p.AHS) / 4)
		p.Header.setDataLen(len(p.Data))
		pdus = append(pdus, p)
	}
	return pdus
}

var allDigests = []Digests{{}, {Header: true}, {Data: true}, {Header: true, Data: true}}

// The outbox writes the same bytes as AppendPDU, and releases all memory.
func TestOutbox(t *testing.T) {
	for _, d := range allDigests {
		memory := newBuffers(1 << 30)
		o, sending := outbox{memory: memory, digests: d}, outbox{}
		var want []byte
		for _, p := range somePDUs(200) {
			p.AHS, p.Header[4] = nil, 0 // a target sends none
			want = AppendPDU(want, p, d)
			data := memory.get(len(p.Data) + 1)
			copy(data.B, p.Data)
			p.Data = data.B[:len(p.Data)]
			o.add(p, data)
		}
		if o.bytes != len(want) {
			t.Errorf("%+v: %d bytes gathered, want %d", d, o.bytes, len(want))
		}
		o.take(&sending)
		ours, theirs := net.Pipe()
		go func() {
			sending.send(ours)
			ours.Close()
		}()
		if got, err := io.ReadAll(theirs); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%+v: %d bytes written, %v, want other %d", d, len(got), err, len(want))
		}
		if used := memory.used.Load(); used != 0 {
			t.Errorf("%+v: %d bytes not released", d, used)
		}
	}
}

// The reader cuts a stream into its PDUs, however it is fragmented, from a socket and from
// other streams.
func TestReader(t *testing.T) {
	pdus := somePDUs(60)
	for _, d := range allDigests {
		var wire []byte
		for _, p := range pdus {
			wire = AppendPDU(wire, p, d)
		}
		for name, connect := range map[string]func(testing.TB) (net.Conn, net.Conn){"pipe": pipe, "socket": socket} {
			from, to := connect(t)
			go func() {
				rnd := rand.New(rand.NewPCG(1, 2))
				for rest := wire; len(rest) > 0; {
					n := min(1+rnd.IntN(1<<rnd.IntN(20)), len(rest))
					from.Write(rest[:n])
					rest = rest[n:]
				}
				from.Close()
			}()
			parked := 0
			r := newReader(to, func() error { parked++; return nil }, func() {}, func() {})
			r.digests = d
			for i, want := range pdus {
				p, err := r.next()
				if err != nil || !bytes.Equal(p.Data, want.Data) || !bytes.Equal(p.AHS, want.AHS) || !bytes.Equal(p.Header, want.Header) {
					t.Fatalf("%s %+v: PDU %d is %v, %v, want %v", name, d, i, p, err, want)
				}
			}
			if _, err := r.next(); err != io.EOF || r.r != r.w {
				t.Errorf("%s %+v: after the last PDU %v and %d bytes, want EOF", name, d, err, r.w-r.r)
			}
			r.giveBack()
			to.Close()
			if parked == 0 {
				t.Errorf("%s %+v: the reader never said that it waits", name, d)
			}
		}
	}
}

func pipe(testing.TB) (net.Conn, net.Conn) { return net.Pipe() }

func socket(t testing.TB) (from, to net.Conn) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if from, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if to, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return from, to
}

// At the second limit readers wait until there is memory or their connection has ended.
func TestWaitMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newBuffers(4 << 10)
		s := newBudget(p, &budget{}, Params{})
		held := s.get(8 << 10)
		var gone atomic.Bool
		back := make(chan string, 2)
		go func() {
			s.waitMemory(func() bool { return false })
			back <- "memory"
		}()
		go func() {
			s.waitMemory(gone.Load)
			back <- "gone"
		}()
		synctest.Wait()
		gone.Store(true)
		p.wakeWaiters()
		synctest.Wait()
		if len(back) != 1 || <-back != "gone" {
			t.Error("the reader of a connection that ended still waits, or the other does not")
		}
		held.release()
		if who := <-back; who != "memory" {
			t.Errorf("%s is back, want memory", who)
		}
	})
}

// While a connection waits to write, it holds no buffer for reading: half a MiB of each of a
// thousand initiators that are slow to take their answers would be half a GiB.
func TestNoReadBufferWhileWriting(t *testing.T) {
	from, to := socket(t)
	defer to.Close()
	var r *reader
	parked := 0
	r = newReader(to, func() error {
		if parked++; r.r == r.w && r.buf != nil {
			t.Error("the reader parks with a buffer that has nothing in it")
		}
		return nil
	}, func() {}, func() {})
	for range 3 {
		p := PDU{Header: make(Header, HeaderLen), Data: make([]byte, 1000)}
		p.Header.setDataLen(len(p.Data))
		if _, err := from.Write(AppendPDU(nil, p, Digests{})); err != nil {
			t.Fatal(err)
		}
		if _, err := r.next(); err != nil {
			t.Fatal(err)
		}
	}
	from.Close()
	if _, err := r.next(); err != io.EOF || parked < 4 {
		t.Errorf("at the end %v, parked %d times", err, parked)
	}
}

// The buffer for reading grows with what comes and shrinks again.
func TestReadBufferFollowsTheStream(t *testing.T) {
	from, to := socket(t)
	defer to.Close()
	var sizes []int
	var r *reader
	r = newReader(to, func() error { return nil }, func() {}, func() { sizes = append(sizes, len(*r.buf)) })
	for _, c := range []struct{ data, most int }{{0, minReadBuffer}, {128 << 10, 256 << 10}, {128 << 10, 256 << 10}, {0, 256 << 10},
		{0, minReadBuffer}, {maxRecvData, 2 * maxRecvData}} {
		p := PDU{Header: make(Header, HeaderLen), Data: make([]byte, c.data)}
		p.Header.setDataLen(len(p.Data))
		go from.Write(AppendPDU(nil, p, Digests{}))
		sizes = nil
		if got, err := r.next(); err != nil || len(got.Data) != c.data {
			t.Fatalf("%d bytes: %v", len(got.Data), err)
		}
		if last := sizes[len(sizes)-1]; last > c.most || last < c.data {
			t.Errorf("a PDU of %d bytes was read into buffers of %v, want %d at most", c.data, sizes, c.most)
		}
	}
	from.Close()
}
