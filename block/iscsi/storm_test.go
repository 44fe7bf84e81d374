package iscsi_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ironhook/block/iscsi"
	"ironhook/block/iscsi/initiatortest"
)

// Initiators write and flush while another resets the unit and the target and clears their
// tasks, and the target is withdrawn and comes back: commands vanish, sessions end, logins
// replace each other. No answered write is lost, no aborted write arrives later, and in the
// end nothing is in flight.
func TestStorm(t *testing.T) {
	const region, workers, disturbances = 128 << 10, 6, 150
	disk := newRAM(workers * region)
	s := serve(t, uncached{disk}, nil) // reads go to the pool too
	var calm atomic.Bool
	var wg sync.WaitGroup
	recorders := make([]*initiatortest.Recorder, workers)
	for n := range recorders {
		r := initiatortest.NewRecorder(int64(n)*region, region, uint64(n))
		r.Writes = true
		recorders[n] = r
		wg.Go(func() {
			for !calm.Load() {
				if err := s.weather(r, fmt.Sprintf("%s-%d", initiatorName, n)); err != nil {
					t.Errorf("initiator %d: %v", n, err)
					return
				}
			}
		})
	}
	rnd := rand.New(rand.NewPCG(3, 3))
	functions := []iscsi.Function{iscsi.ClearTaskSet, iscsi.ResetLUN, iscsi.WarmReset, iscsi.AbortTaskSet, iscsi.ColdReset}
	for range disturbances {
		i, err := s.dial(initiatortest.Options{})
		if err != nil {
			t.Fatal(err)
		}
		disk.catchOne()
		if rnd.IntN(20) == 0 {
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				s.target.End(targetName)
			}()
			disk.gate.Unlock()
			<-ended
		} else {
			itt := manage(t, i, functions[rnd.IntN(len(functions))], 0)
			disk.gate.Unlock()
			managed(t, i, itt, 0)
		}
		i.Close()
	}
	calm.Store(true)
	wg.Wait()
	written := 0
	for n, r := range recorders {
		if err := r.Check(s.login(initiatortest.Options{Name: fmt.Sprintf("%s-%d", initiatorName, n)})); err != nil {
			t.Errorf("initiator %d, at the end: %v", n, err)
		}
		written += r.Written
	}
	t.Logf("%d writes were answered", written)
	if written == 0 {
		t.Error("no write was answered: this tells nothing")
	}
}

// catchOne shuts the gate and waits until a command is caught there, or for a while.
func (r *ram) catchOne() {
	r.gate.Lock()
	for len(r.entered) > 0 {
		<-r.entered // came before
	}
	select {
	case <-r.entered:
	case <-time.After(20 * time.Millisecond):
	}
}

// weather is one session that checks the disk and writes until the session is disturbed. A
// missing answer is an aborted command.
func (s *server) weather(r *initiatortest.Recorder, name string) error {
	i, err := s.dial(initiatortest.Options{Name: name})
	if err != nil {
		return nil // the target was being withdrawn
	}
	defer i.Close()
	for {
		i.Conn.SetDeadline(time.Now().Add(500 * time.Millisecond))
		if err := i.Settle(); err != nil {
			return nil
		}
		err := r.Check(i)
		if err == nil {
			err = r.Run(i)
		}
		var lost *initiatortest.LostError
		if errors.As(err, &lost) {
			return err
		}
		if !errors.Is(err, initiatortest.ErrStatus) {
			return nil
		}
	}
}
