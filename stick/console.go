package stick

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// terminal is a screen with a keyboard, or a serial line.
type terminal struct {
	io.ReadWriter
	clears bool // a new page replaces the old one
}

// terminals opens those of this machine, nodes in the directory dev: the screen and serial lines that the kernel has as its consoles, such
// as ttyS0 on PCs and ttyAMA0 on ARM. active is their names (Linux, Documentation/ABI/testing/sysfs-tty).
func terminals(dev, active string) (list []terminal) {
	for name := range strings.FieldsSeq(active) {
		screen := name == "tty0" // the one that is shown, of which the first is ours
		if screen {
			name = "tty1"
		}
		if f, err := os.OpenFile(filepath.Join(dev, name), os.O_RDWR, 0); err == nil {
			list = append(list, terminal{f, screen})
		}
	}
	return list
}

// console is all terminals. It is safe for concurrent use.
type console struct {
	terminals []terminal
	answers   chan string // lines that a person has typed

	mu    sync.Mutex
	page  string // that is shown
	asked bool   // a question is open: the page waits
}

func newConsole(list []terminal) *console {
	c := &console{terminals: list, answers: make(chan string)}
	for _, t := range list {
		go func() {
			for in := bufio.NewScanner(t); in.Scan(); {
				c.answers <- strings.TrimSpace(in.Text())
			}
		}()
	}
	return c
}

// show replaces the page, if it differs from the one that is there.
func (c *console) show(page string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked || page == c.page {
		return
	}
	c.page = page
	c.write(page, true)
}

// forget has the next page shown though it is the one that is there.
func (c *console) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.page = ""
}

// patience is how long a question stays open: meanwhile nothing else is done.
const patience = 2 * time.Minute

// ask asks one question, on a line of its own, and waits for the answer, "" if none comes.
func (c *console) ask(format string, args ...any) string {
	c.mu.Lock()
	c.asked = true
	c.write("\n"+fmt.Sprintf(format, args...)+"\n> ", false)
	c.mu.Unlock()
	answer := ""
	select {
	case answer = <-c.answers:
	case <-time.After(patience):
	}
	c.mu.Lock()
	c.asked, c.page = false, ""
	c.mu.Unlock()
	return answer
}

// log writes a line to the serial line, where there is one.
func (c *console) log(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.terminals {
		if !t.clears {
			fmt.Fprintf(t, "%s\r\n", line) //nolint:errcheck // a terminal that is gone
		}
	}
}

// write writes to all terminals; c.mu is held.
func (c *console) write(text string, page bool) {
	for _, t := range c.terminals {
		begin := ""
		if page && t.clears {
			begin = "\x1b[H\x1b[2J\x1b[3J"
		}
		io.WriteString(t, begin+strings.ReplaceAll(text, "\n", "\r\n")) //nolint:errcheck // a terminal that is gone
	}
}
