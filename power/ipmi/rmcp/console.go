package rmcp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Payload commands (sections 24.1 and 24.2), and the one by which a quiet session shows life.
const (
	cmdActivatePayload   = 0x48
	cmdDeactivatePayload = 0x49
	cmdDeviceID          = 0x01

	solInstance  = 1
	solProtected = encrypted | authenticated // of the auxiliary data: characters only inside of the seal
)

// The completion codes of Activate Payload (table 24-2).
const (
	payloadActive    CompletionError = 0x80
	payloadDisabled  CompletionError = 0x81
	payloadsTooMany  CompletionError = 0x82
	payloadNoSeal    CompletionError = 0x83
	payloadNakedOnly CompletionError = 0x84
)

const (
	solRetry   = 500 * time.Millisecond // until a packet is sent again
	solTries   = 20                     // of one packet; with solRetry 10 s
	solSilence = 3                      // signs of life without an answer, after which the BMC counts as gone
	solSize    = 128                    // the most characters in a packet of ours, if the BMC takes them
)

// Console is the serial console of a machine over the session that it was opened on, which it
// owns. Read, Write and Close may be called at once, each by one goroutine.
type Console struct {
	s    *Session
	size int // characters in a packet to the BMC

	// Of the goroutine of run.
	line        line
	last, shown time.Time // something was heard of the BMC; it was asked for a sign of life
	tries       int       // of the packet that is on its way

	typed   chan []byte
	breaks  chan struct{}
	packets chan solPacket
	heard   chan struct{} // something came that is no characters
	out     *io.PipeReader
	in      *io.PipeWriter
	stop    context.CancelFunc
	over    chan struct{} // closed when both goroutines have ended
	close   sync.Once
	closed  error
}

// Console activates the payload of serial over LAN on the session, which must be one of IPMI 2.0.
// A console that another session holds, such as one of a program that was killed, is taken from
// it. The console owns the session from then on; an error leaves it with the caller.
func (s *Session) Console(ctx context.Context) (*Console, error) {
	if _, ok := s.envelope.(*sealed); !ok {
		return nil, fmt.Errorf("%w: it needs IPMI 2.0, remove ipmi_protocol_version", ErrNoConsole)
	}
	b, err := s.activate20(ctx)
	if errors.Is(err, payloadActive) {
		if _, err := s.Do(ctx, netFnApp, cmdDeactivatePayload, byte(sol), solInstance, 0, 0, 0, 0); err != nil {
			return nil, fmt.Errorf("%w: another session holds it: %w", ErrBusy, err)
		}
		b, err = s.activate20(ctx)
	}
	if err != nil {
		return nil, ofPayload(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	c := &Console{s: s, size: sizeOf(b), stop: stop, typed: make(chan []byte), breaks: make(chan struct{}),
		packets: make(chan solPacket), heard: make(chan struct{}, 1), over: make(chan struct{})}
	c.out, c.in = io.Pipe()
	var both sync.WaitGroup
	both.Go(func() { c.in.CloseWithError(c.run(ctx)); c.stop() })
	both.Go(func() { c.listen(ctx) })
	go func() { both.Wait(); close(c.over) }()
	return c, nil
}

func (s *Session) activate20(ctx context.Context) ([]byte, error) {
	return s.Do(ctx, netFnApp, cmdActivatePayload, byte(sol), solInstance, solProtected, 0, 0, 0)
}

// ofPayload says in words what the completion codes of Activate Payload mean.
func ofPayload(err error) error {
	words := map[error]string{
		payloadDisabled:  "it is disabled",
		payloadNoSeal:    "it works without encryption only",
		payloadNakedOnly: "it works without encryption only",
	}
	code := CompletionError(0)
	switch {
	case !errors.As(err, &code):
		return err
	case code == payloadsTooMany:
		return fmt.Errorf("%w: no free console", ErrBusy)
	case words[code] != "":
		return fmt.Errorf("%w: %s", ErrNoConsole, words[code])
	}
	return fmt.Errorf("%w: %w", ErrNoConsole, err)
}

// sizeOf is how many characters fit into a packet to the BMC, by its answer to Activate Payload:
// auxiliary data, then the inbound and outbound sizes. The port that follows is not looked at: BMCs
// are known that answer with its bytes swapped, and none that wants another than the session's.
func sizeOf(b []byte) int {
	if len(b) < 6 {
		return 1
	}
	return min(max(int(binary.LittleEndian.Uint16(b[4:]))-solHeader, 1), solSize)
}

// Read returns what the machine has written. Its error is io.EOF after Close, else what ended the console.
func (c *Console) Read(p []byte) (int, error) { return c.out.Read(p) }

// Write types characters; it returns when they are on their way.
func (c *Console) Write(p []byte) (int, error) {
	for n := 0; n < len(p); {
		part := p[n:min(n+c.size, len(p))]
		select {
		case c.typed <- append([]byte(nil), part...):
			n += len(part)
		case <-c.over:
			return n, ErrEnded
		}
	}
	return len(p), nil
}

// Break holds the serial line low for a moment.
func (c *Console) Break() error {
	select {
	case c.breaks <- struct{}{}:
		return nil
	case <-c.over:
		return ErrEnded
	}
}

// Close gives the console and its session back to the BMC.
func (c *Console) Close() error {
	c.close.Do(func() {
		c.stop()
		c.in.CloseWithError(io.EOF)
		<-c.over
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		// An error leaves the payload to the end of its session.
		_, _ = c.s.Do(ctx, netFnApp, cmdDeactivatePayload, byte(sol), solInstance, 0, 0, 0, 0)
		c.closed = c.s.Close(ctx)
	})
	return c.closed
}

// listen reads packets until ctx ends. A packet that is older than the last one is dropped: it is
// late, and the BMC sends its characters again, or somebody else has recorded and repeats it.
func (c *Console) listen(ctx context.Context) {
	if err := c.s.conn.SetReadDeadline(time.Time{}); err != nil {
		return
	}
	stop := context.AfterFunc(ctx, func() { c.s.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	buf := make([]byte, 1500)
	var newest uint32
	for ctx.Err() == nil {
		n, err := c.s.conn.Read(buf)
		if err != nil {
			// A closed port is an error of every read; the silence that follows ends the console.
			select {
			case <-ctx.Done():
			case <-time.After(solRetry):
			}
			continue
		}
		kind, body, err := c.s.envelope.open(buf[:n])
		if err != nil {
			continue
		}
		number := binary.LittleEndian.Uint32(buf[10:])
		if newest != 0 && int32(number-newest) <= 0 {
			continue
		}
		newest = number
		c.deliver(ctx, kind, body)
	}
}

func (c *Console) deliver(ctx context.Context, kind payload, body []byte) {
	p, err := parseSOL(body)
	if kind != sol || err != nil {
		select {
		case c.heard <- struct{}{}:
		default:
		}
		return
	}
	p.data = append([]byte(nil), p.data...)
	select {
	case c.packets <- p:
	case <-ctx.Done():
	}
}

// run moves characters until ctx or the console ends.
func (c *Console) run(ctx context.Context) error {
	ticks := time.NewTicker(solRetry)
	defer ticks.Stop()
	c.last = time.Now()
	for {
		typed := c.typed
		if !c.line.idle() {
			typed = nil
		}
		var err error
		select {
		case <-ctx.Done():
			return io.EOF
		case <-c.heard:
			c.last = time.Now()
		case b := <-typed:
			c.line.queue = b
			c.sendNext()
		case <-c.breaks:
			c.tries = 0
			c.write(c.line.hold())
		case p := <-c.packets:
			c.last = time.Now()
			err = c.take(p)
		case now := <-ticks.C:
			err = c.tick(now)
		}
		if err != nil {
			return err
		}
	}
}

// take is what a packet of the BMC leads to.
func (c *Console) take(p solPacket) error {
	written, answer, err := c.line.receive(p)
	if err != nil {
		return err
	}
	c.write(answer)
	if p.flags&solNACK == 0 {
		c.sendNext()
	}
	if len(written) > 0 {
		_, err = c.in.Write(written)
	}
	return err
}

// tick sends again what is not acknowledged, and asks a quiet BMC for a sign of life.
func (c *Console) tick(now time.Time) error {
	switch {
	case now.Sub(c.last) >= solSilence*c.s.alive:
		return fmt.Errorf("%w for %s", ErrNoAnswer, solSilence*c.s.alive)
	case c.line.onWay == nil:
		c.sendNext() // what the BMC has refused a moment ago
	case c.tries >= solTries:
		return fmt.Errorf("%w to what was typed", ErrNoAnswer)
	default:
		c.tries++
		c.write(c.line.onWay)
	}
	if now.Sub(c.shown) >= c.s.alive {
		c.shown = now
		c.s.seq = (c.s.seq + 1) & 0x3f
		c.put(ipmiMessage, appendRequest(nil, netFnApp, cmdDeviceID, c.s.seq, nil))
	}
	return nil
}

// sendNext sends the next characters, if none are on their way.
func (c *Console) sendNext() {
	if p := c.line.send(c.size); p != nil {
		c.tries = 0
		c.write(p)
	}
}

func (c *Console) write(p *solPacket) {
	if p != nil {
		c.put(sol, p.bytes())
	}
}

// put sends a packet. An error of the network is like a packet that is lost on its way.
func (c *Console) put(kind payload, body []byte) {
	_, _ = c.s.conn.Write(c.s.envelope.seal(kind, body))
}
