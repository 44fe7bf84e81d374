package iscsi_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"ironhook/block/iscsi/initiatortest"
	"ironhook/internal/asked"
)

// killRounds is how often the server is killed; $IRONHOOK_KILL_ROUNDS says otherwise.
const killRounds = 500

// The server is killed at random moments while four initiators write and flush. What it
// had answered is there when it is started again: not only what was flushed, since the
// kernel outlives the process.
func TestKill(t *testing.T) {
	needsPeers(t, nil)
	t.Parallel()
	const region, sessions = 1 << 20, 4
	file := diskImage(t, sessions*region)
	var recorders []*initiatortest.Recorder
	for n := range sessions {
		r := initiatortest.NewRecorder(int64(n)*region, region, uint64(n))
		r.Writes = true
		recorders = append(recorders, r)
	}
	rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	total := asked.Number(t, asked.KillRounds, killRounds)
	for round := range total {
		if err := killOnce(t, export(t, file), recorders, rnd.Int64N(40)); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	written, flushes := 0, 0
	for _, r := range recorders {
		written, flushes = written+r.Written, flushes+r.Flushes
	}
	t.Logf("%d rounds, %d writes and %d flushes were answered, none of them lost", total, written, flushes)
	if written < total || flushes < total/4 {
		t.Errorf("too little was written to tell: %d writes, %d flushes", written, flushes)
	}
}

// killOnce checks what is there, lets the recorders go on, and kills the server after
// some milliseconds.
func killOnce(t *testing.T, e *exporter, recorders []*initiatortest.Recorder, ms int64) error {
	ctx, cancel := initiatortest.Patience(t.Context())
	defer cancel()
	errs := make([]error, len(recorders))
	var checked, wg sync.WaitGroup
	checked.Add(len(recorders))
	for n, r := range recorders {
		wg.Go(func() {
			i, err := open(ctx, e, fmt.Sprintf("iqn.2026-11.test:killed-%d", n))
			if err == nil {
				defer i.Close()
				err = r.Check(i)
			}
			errs[n] = err
			checked.Done()
			if err == nil {
				r.Run(i) // until the connection breaks
			}
		})
	}
	checked.Wait()
	pause := time.NewTimer(time.Duration(ms) * time.Millisecond)
	defer pause.Stop()
	<-pause.C
	e.kill()
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// open logs in to an export and clears the unit attentions.
func open(ctx context.Context, e *exporter, name string) (*initiatortest.Initiator, error) {
	i, err := initiatortest.Dial(ctx, e.portal, initiatortest.Options{Name: name, Target: e.target})
	if err != nil {
		return nil, fmt.Errorf("log in: %w", err)
	}
	if err := i.Settle(); err != nil {
		i.Close()
		return nil, fmt.Errorf("settle: %w", err)
	}
	return i, nil
}

// What an initiator reserved for longer than the server lives stays reserved when the
// server is killed (APTPL).
func TestReservationsOutliveAKill(t *testing.T) {
	needsPeers(t, nil)
	t.Parallel()
	ctx, cancel := initiatortest.Patience(t.Context())
	defer cancel()
	file := diskImage(t, 1<<20)
	e := export(t, file)
	owner, err := open(ctx, e, "iqn.2026-11.test:owner")
	if err != nil {
		t.Fatal(err)
	}
	list := append(make([]byte, 15), 7, 0, 0, 0, 0, 1, 0, 0, 0)                       // key 7, APTPL
	for _, cdb := range [][]byte{{0x5f, 6, 8: 24, 9: 0}, {0x5f, 1, 3, 8: 24, 9: 0}} { // register, reserve exclusively
		if r, err := owner.Do(cdb, list, 0); err != nil || r.Status != 0 {
			t.Fatalf("PERSISTENT RESERVE OUT %x: status %#02x, sense %x, %v", cdb, r.Status, r.Sense, err)
		}
		copy(list, list[8:16]) // from now on with the key
	}
	owner.Close()
	e.kill()
	e = export(t, file)
	for name, want := range map[string]bool{"iqn.2026-11.test:owner": true, "iqn.2026-11.test:stranger": false} {
		i, err := open(ctx, e, name)
		if err != nil {
			t.Fatal(err)
		}
		defer i.Close()
		if _, err := i.Read(0, 512); (err == nil) != want {
			t.Errorf("%s reads after the kill: %v, want success to be %v", name, err, want)
		}
	}
}
