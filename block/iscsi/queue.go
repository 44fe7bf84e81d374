package iscsi

import (
	"cmp"
	"slices"
)

// queue keeps commands in the order of their task attributes (SAM-5 §8.6): an ORDERED
// command waits for all before it, and all after it wait for it. All others run as they
// come. A session without ORDERED commands pays for one comparison.
type queue struct {
	arrived uint64
	ordered int // tasks with that attribute that are not done
	held    int // tasks in state queued
}

func (q *queue) arrive(t *Task) {
	q.arrived++
	t.arrival = q.arrived
	if t.attribute == Ordered {
		q.ordered++
	}
}

func (q *queue) leave(t *Task) {
	if t.attribute == Ordered {
		q.ordered--
	}
	if t.state == queued {
		q.held--
	}
}

// mayRun reports whether a task whose data is complete has nothing to wait for.
func (q *queue) mayRun(t *Task, tasks map[uint32]*Task) bool {
	if q.ordered == 0 || t.attribute == HeadOfQueue {
		return true
	}
	for _, o := range tasks {
		earlier := !o.aborted && o.arrival < t.arrival
		if earlier && (t.attribute == Ordered || o.attribute == Ordered) {
			return false
		}
	}
	return true
}

func (q *queue) hold(t *Task) {
	t.state = queued
	q.held++
}

// released returns the queued tasks that may run now, in the order of arrival.
func (q *queue) released(tasks map[uint32]*Task) (free []*Task) {
	if q.held == 0 {
		return nil
	}
	for _, t := range tasks {
		if t.state == queued && !t.aborted && q.mayRun(t, tasks) {
			free = append(free, t)
		}
	}
	slices.SortFunc(free, func(a, b *Task) int { return cmp.Compare(a.arrival, b.arrival) })
	q.held -= len(free)
	return free
}
