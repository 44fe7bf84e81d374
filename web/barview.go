package web

import (
	"cmp"
	"fmt"

	"ironhook/boot"
)

// barView is a boot bar as a page shows it.
type barView struct {
	Segments []segment
	Mood     string // a boot.State: a CSS class
	Caption  string // the state in a few words
	Elapsed  string // "" when no boot was seen
	Since    int64  // milliseconds since 1970 while the time is running, 0 when it is not
	Problem  string // what is wrong and what to look at; "" when nothing is
	Chore    string // what a person has to do before the boot can go on
	Reached  int    // of Total
	Total    int
}

// segment is one step on the bar.
type segment struct {
	Label string
	Class string // a boot.StepState, "now" for the awaited one, "stuck" when it is overdue
	Title string
}

// newBarView draws a boot with its status.
func newBarView(b *boot.Boot, s boot.Status) barView {
	v := barView{
		Mood: string(s.State), Caption: remark(b, s.State), Problem: s.Problem, Chore: s.Chore,
		Reached: b.Reached(), Total: len(b.Steps),
	}
	if s.Seen {
		v.Elapsed = elapsed(s.Elapsed)
	}
	if s.State == boot.StateRunning || s.State == boot.StateStuck {
		v.Since = b.Began.UnixMilli()
	}
	for i := range b.Steps {
		v.Segments = append(v.Segments, newSegment(b, i, s.State))
	}
	return v
}

// remark is the line under the bar.
func remark(b *boot.Boot, state boot.State) string {
	next := ""
	if i := b.Awaited(); i >= 0 {
		next = captions[b.Steps[i].Kind].label
	}
	switch state {
	case boot.StateIdle:
		return "No boot seen yet"
	case boot.StateFailed:
		return cmp.Or(causes[b.Cause], next) + " failed"
	case boot.StateStuck:
		return "Stuck before " + next
	case boot.StateUp:
		return "Up"
	case boot.StateOver:
		if next == "" {
			return "Was up"
		}
		return "Ended before " + next
	}
	return "Waiting for " + next
}

func newSegment(b *boot.Boot, i int, state boot.State) segment {
	s := b.Steps[i]
	c := captions[s.Kind]
	g := segment{Label: c.label, Class: string(s.State), Title: c.label + ": not yet"}
	switch {
	case s.State == boot.StepDone:
		g.Title = fmt.Sprintf("%s after %s", c.done, elapsed(s.At.Sub(b.Began)))
	case s.State == boot.StepSkipped:
		g.Title = c.label + ": not seen"
	case s.State == boot.StepFailed:
		g.Title = cmp.Or(causes[b.Cause], c.label) + ": " + b.Reason
	case i == b.Awaited() && state == boot.StateStuck:
		g.Class, g.Title = "stuck", c.label+": "+boot.Remedy(s.Kind)
	case i == b.Awaited() && state == boot.StateRunning:
		g.Class = "now"
	}
	return g
}
