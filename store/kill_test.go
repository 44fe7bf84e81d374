package store

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// killedStore names the database of the process that TestWhatWasAnsweredSurvivesAKill
// starts of this test's own program, to kill it.
const killedStore = "IRONHOOK_KILLED_STORE"

// TestWhatWasAnsweredSurvivesAKill starts a process whose sixteen writers print each
// change as soon as it is answered, kills it, and looks for all of them.
func TestWhatWasAnsweredSurvivesAKill(t *testing.T) {
	if path := os.Getenv(killedStore); path != "" {
		writeUntilKilled(t, path)
		return
	}
	path := t.TempDir() + "/ironhook.db"
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-test.run", "^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), killedStore+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var answered []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if n, ok := strings.CutPrefix(lines.Text(), "answered "); ok {
			answered = append(answered, n)
		}
		if len(answered) == 500 {
			if err := cmd.Process.Kill(); err != nil { // what it still says is read to the end
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || len(answered) < 500 {
		t.Fatalf("the process ended by itself (%v) after %d answers", err, len(answered))
	}
	kept := there(t, reopen(t, path))
	for _, n := range answered {
		if !slices.Contains(kept, n) {
			t.Errorf("node %s was answered and is not there", n)
		}
	}
}

func writeUntilKilled(t *testing.T, path string) {
	s := reopen(t, path)
	var next atomic.Int64
	var g sync.WaitGroup
	for range 16 {
		g.Go(func() {
			for t.Context().Err() == nil {
				n := int(next.Add(1))
				if err := s.Update(t.Context(), insert(n)); err != nil {
					t.Error(err)
					return
				}
				fmt.Println("answered", n)
			}
		})
	}
	g.Wait()
}
