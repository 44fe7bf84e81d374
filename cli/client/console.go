package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/coder/websocket"
	"golang.org/x/term"
)

// consoleOptions say what a console is opened for.
var consoleOptions = []option{
	{name: "read", kind: yes, field: "-", usage: "only read, while another types"},
	{name: "take", kind: yes, field: "-", usage: "take the right to type from the user who has it"},
	{name: "log", kind: yes, field: "-", usage: "print what is kept of the console, and end"},
}

// mostShown limits one message of the appliance.
const mostShown = 1 << 20

// escapeHelp is what ~? shows.
const escapeHelp = "\r\n~. leave the console\r\n~b send a break\r\n~~ type one ~\r\nEach at the beginning of a line.\r\n"

// openConsole joins the serial console of a node until the user types ~. or the standard input ends.
func openConsole(c *call) error {
	path := "/ironhook/v1/nodes/" + url.PathEscape(c.args[0]) + "/console"
	if c.has("log") {
		return c.printText(path)
	}
	states, err := c.get(c.ctx, "/v1/nodes/"+url.PathEscape(c.args[0])+"/states/console")
	if err != nil {
		return err
	}
	if states["console_enabled"] != true {
		return fmt.Errorf("the console of %[1]s is not enabled; with node set %[1]s --console-interface ipmitool-socat and "+
			"node console enable %[1]s it is, and --log shows what is kept", c.args[0])
	}
	ctx, leave := context.WithCancel(c.ctx)
	defer leave()
	conn, err := c.dial(ctx, path)
	if err != nil {
		return err
	}
	defer conn.CloseNow() //nolint:errcheck // it may be closed
	j := &joined{call: c, conn: conn, ready: make(chan error, 1)}
	shown := make(chan error, 1)
	go func() { shown <- j.show(ctx) }()
	if !c.has("read") {
		if err := j.claim(ctx, c.has("take"), shown); err != nil {
			return err
		}
		back := raw(c.in)
		defer back()
		go func() {
			j.typeAll(ctx)
			leave()
		}()
	}
	err = <-shown
	if ctx.Err() != nil { // the user left
		return nil
	}
	return err
}

// dial opens a WebSocket to the appliance.
func (s *server) dial(ctx context.Context, path string) (*websocket.Conn, error) {
	header := http.Header{}
	if s.user != "" {
		r := http.Request{Header: header}
		r.SetBasicAuth(s.user, s.password)
	}
	conn, answer, err := websocket.Dial(ctx, s.base+path, &websocket.DialOptions{HTTPClient: s.http, HTTPHeader: header})
	switch {
	case err == nil:
		conn.SetReadLimit(mostShown)
		return conn, nil
	case answer != nil && answer.StatusCode >= http.StatusBadRequest:
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
		return nil, refused(answer, text)
	}
	return nil, s.unreached(err)
}

// joined is a console that this command has joined.
type joined struct {
	*call
	conn  *websocket.Conn
	ready chan error // nil when this client may type, else why not
}

// claim asks for the right to type, and waits for the answer and for the line to the machine.
func (j *joined) claim(ctx context.Context, take bool, shown <-chan error) error {
	word := map[bool]string{true: "take", false: "write"}[take]
	if err := j.conn.Write(ctx, websocket.MessageText, []byte(word)); err != nil {
		return j.unreached(err)
	}
	select {
	case err := <-j.ready:
		if err != nil {
			return fmt.Errorf("%w (--read only reads, --take takes the console)", err)
		}
		fmt.Fprint(j.errs, "Console of ", j.args[0], ". ~. leaves it, ~? shows the other escapes.\r\n")
		return nil
	case err := <-shown:
		return err
	}
}

// show prints what the machine writes, and on the standard error what the appliance says.
func (j *joined) show(ctx context.Context) error {
	var before string
	for {
		kind, b, err := j.conn.Read(ctx)
		if err != nil {
			return fmt.Errorf("the console has ended: %w", j.unreached(err))
		}
		if kind == websocket.MessageBinary {
			if _, err := j.out.Write(b); err != nil {
				return err
			}
			continue
		}
		var said struct {
			Status struct {
				Connected       bool
				Problem, Writer string
			}
			Typing bool
			Error  string
		}
		if err := json.Unmarshal(b, &said); err != nil {
			return fmt.Errorf("the appliance said what this program does not know: %w", err)
		}
		words := ""
		switch {
		case said.Error != "":
			words = said.Error
			j.tell(errors.New(said.Error))
		case !said.Status.Connected:
			words = "not connected: " + said.Status.Problem
		}
		if said.Typing && said.Status.Connected { // what is typed before goes nowhere
			j.tell(nil)
		}
		if words != "" && words != before {
			fmt.Fprint(j.errs, "[", oneLine(words), "]\r\n")
		}
		before = words
	}
}

func (j *joined) tell(err error) {
	select {
	case j.ready <- err:
	default:
	}
}

// typeAll sends what is typed until the input ends or the user leaves.
func (j *joined) typeAll(ctx context.Context) {
	e := escapes{begin: true}
	buf := make([]byte, 1024)
	for {
		n, err := j.in.Read(buf)
		typed, words := e.read(buf[:n])
		if len(typed) > 0 && j.conn.Write(ctx, websocket.MessageBinary, typed) != nil {
			return
		}
		for _, w := range words {
			switch w {
			case '.':
				return
			case 'b':
				if j.conn.Write(ctx, websocket.MessageText, []byte("break")) != nil {
					return
				}
			case '?':
				fmt.Fprint(j.errs, escapeHelp)
			}
		}
		if err != nil {
			return
		}
	}
}

// escapes finds ~ and the character after it at the beginning of a line, as ssh does.
type escapes struct {
	begin bool // nothing was typed on this line
	tilde bool // a ~ was, and it is held back
}

// read returns what goes to the machine, and the escapes: '.', 'b' or '?'. After '.' the rest is dropped.
func (e *escapes) read(b []byte) (typed []byte, words []byte) {
	for _, c := range b {
		held := e.tilde
		e.tilde = false
		switch {
		case held && strings.ContainsRune(".bB?", rune(c)):
			e.begin = true
			words = append(words, strings.ToLower(string(c))[0])
			if c == '.' {
				return typed, words
			}
			continue
		case held && c != '~':
			typed = append(typed, '~')
		case !held && e.begin && c == '~':
			e.tilde = true
			continue
		}
		typed = append(typed, c)
		e.begin = c == '\r' || c == '\n'
	}
	return typed, words
}

// raw takes a terminal's line editing and echo away, which are the machine's, and returns what gives
// them back.
func raw(in io.Reader) (back func()) {
	f, ok := in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return func() {}
	}
	before, err := term.MakeRaw(int(f.Fd()))
	if err != nil {
		return func() {}
	}
	return func() { _ = term.Restore(int(f.Fd()), before) }
}
