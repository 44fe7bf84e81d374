package agent

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"time"
)

// maxLog is how much of its log an agent keeps, in bytes: the beginning goes first.
const maxLog = 256 << 10

// journal shows what happens on the consoles, a line a step, and keeps it.
type journal struct {
	mu    sync.Mutex
	out   *os.File // /dev/kmsg, by which a line comes to every console; nil for none
	text  bytes.Buffer
	began time.Time
}

// say shows one line. The kernel shows what is more serious than its loglevel, with which the
// agent is booted so that the drivers' chatter is not shown.
func (j *journal) say(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	line := fmt.Sprintf(format, args...)
	fmt.Fprintf(&j.text, "%8.3f %s\n", time.Since(j.began).Seconds(), line)
	if over := j.text.Len() - maxLog; over > 0 {
		j.text.Next(over)
	}
	if j.out != nil {
		fmt.Fprintf(j.out, "<3>agent: %.900s\n", line) //nolint:errcheck // nobody is left to tell
	}
}

// log is what was said so far.
func (j *journal) log() []byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	return bytes.Clone(j.text.Bytes())
}
