package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"ironhook/baremetal"
)

// gather starts one Update for each f while another holds the session, in order, and
// lets them go when all of them wait. It returns what each of them answered, a panic
// as an error, whether the session was released in the end, and how many commits there were.
func gather(t *testing.T, s *Store, contexts map[int]context.Context, works ...func(tx *Tx) error) (answers []error, commits int) {
	t.Helper()
	var count atomic.Int32
	announce := s.writer.committed
	s.writer.committed = func() { count.Add(1); announce() }
	answers = make([]error, len(works)+1)
	var g sync.WaitGroup
	answers[len(works)] = s.Update(t.Context(), func(*Tx) error {
		for i, f := range works {
			ctx := contexts[i]
			if ctx == nil {
				ctx = t.Context()
			}
			g.Go(func() {
				defer func() {
					if p := recover(); p != nil {
						answers[i] = fmt.Errorf("panic: %v", p)
					}
				}()
				answers[i] = s.Update(ctx, f)
			})
			s.waiting(i + 1)
		}
		return nil
	})
	g.Wait()
	return answers, int(count.Load())
}

// waiting returns when n are in the queue.
func (s *Store) waiting(n int) {
	for {
		s.writer.mu.Lock()
		length := len(s.writer.queue)
		s.writer.mu.Unlock()
		if length == n {
			return
		}
		runtime.Gosched()
	}
}

func insert(n int) func(tx *Tx) error {
	return func(tx *Tx) error { return tx.Nodes().Insert(node(n)) }
}

// there lists the numbers of the nodes that are in the file.
func there(t *testing.T, s *Store) (list []string) {
	t.Helper()
	err := s.View(t.Context(), func(tx *Tx) error {
		rows, err := tx.Nodes().List(Query{})
		for _, n := range rows {
			list = append(list, strings.TrimLeft(n.UUID[24:], "0"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestWritersThatMeetShareACommit(t *testing.T) {
	s := open(t)
	var works []func(tx *Tx) error
	for i := range maxMembers + 10 {
		works = append(works, insert(i+1))
	}
	answers, commits := gather(t, s, nil, works...)
	if err := errors.Join(answers...); err != nil {
		t.Error(err)
	}
	if commits != 2 { // for no batch is without end
		t.Errorf("%d transactions took %d commits, want 2", len(works)+1, commits)
	}
	if got := len(there(t, s)); got != len(works) {
		t.Errorf("%d nodes are there, want %d", got, len(works))
	}
}

func TestAFailureTakesBackItsOwnWorkOnly(t *testing.T) {
	s := open(t)
	gone, cancel := context.WithCancel(t.Context())
	boom := errors.New("boom")
	answers, commits := gather(t, s, map[int]context.Context{5: gone},
		insert(1),
		func(tx *Tx) error { return errors.Join(insert(2)(tx), boom) },
		insert(1), // a conflict
		func(tx *Tx) error { _ = insert(4)(tx); panic("no") },
		func(tx *Tx) error { cancel(); return insert(5)(tx) },
		insert(6), // whose client has gone meanwhile
		func(tx *Tx) error { _ = insert(1)(tx); return insert(7)(tx) }, // one that lives with a conflict
		insert(8),
	)
	for i, want := range []error{nil, boom, baremetal.ErrConflict, nil, nil, context.Canceled, nil, nil} {
		if i == 3 {
			if answers[i] == nil || answers[i].Error() != "panic: no" {
				t.Errorf("answer 3 = %v, want the panic", answers[i])
			}
		} else if !errors.Is(answers[i], want) {
			t.Errorf("answer %d = %v, want %v", i, answers[i], want)
		}
	}
	if got := fmt.Sprint(there(t, s)); got != "[1 5 7 8]" || commits != 1 {
		t.Errorf("%s are there after %d commits, want [1 5 7 8] after 1", got, commits)
	}
}

// TestALostTransactionFailsEverybodyInIt: SQLite ends a transaction by itself when
// the disk is full, and then none of its members may report success.
func TestALostTransactionFailsEverybodyInIt(t *testing.T) {
	s := open(t)
	answers, _ := gather(t, s, nil,
		insert(1),
		func(tx *Tx) error { _, err := tx.exec("ROLLBACK"); return err },
		insert(3),
	)
	if answers[0] == nil || answers[1] == nil || answers[2] != nil {
		t.Errorf("answers = %v, want two failures and a success", answers)
	}
	if got := fmt.Sprint(there(t, s)); got != "[3]" {
		t.Errorf("%s are there, want [3]", got)
	}
}

func TestABrokenTransactionRunsNothingMore(t *testing.T) {
	s := open(t)
	err := s.Update(t.Context(), func(tx *Tx) error {
		if _, err := tx.exec("SELECT json('{')"); err == nil {
			t.Error("a statement that cannot run did")
		}
		return insert(1)(tx)
	})
	if err == nil || !strings.Contains(err.Error(), "malformed JSON") {
		t.Errorf("Update = %v, want the failure that broke it", err)
	}
	if err := s.Update(t.Context(), insert(2)); err != nil {
		t.Error(err)
	}
	if got := fmt.Sprint(there(t, s)); got != "[2]" {
		t.Errorf("%s are there, want [2]", got)
	}
}

func TestCloseWaitsForTheQueue(t *testing.T) {
	s := open(t)
	closed := make(chan error)
	answers, _ := gather(t, s, nil, insert(1), func(tx *Tx) error {
		go func() { closed <- s.Close() }()
		return insert(2)(tx)
	}, insert(3))
	if err := errors.Join(append(answers, <-closed)...); err != nil {
		t.Error(err)
	}
}

// BenchmarkUpdate is a small durable transaction, from one client and from eight.
func BenchmarkUpdate(b *testing.B) {
	for _, clients := range []int{1, 8} {
		b.Run(fmt.Sprint(clients), func(b *testing.B) {
			s := reopen(b, b.TempDir()+"/ironhook.db")
			var next atomic.Int64
			b.SetParallelism(clients)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := s.Update(b.Context(), insert(int(next.Add(1)))); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
