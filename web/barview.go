package web

import (
	"fmt"
	"time"

	"ironhook/baremetal"
)

// barView is a boot bar as a page shows it.
type barView struct {
	Segments []segment
	Mood     string // idle, running, up, over, failed, stuck: a CSS class
	Caption  string // what goes on, in a few words
	Elapsed  string // "" for a machine that never booted
	Since    int64  // milliseconds since 1970 while the time runs on, 0 when it stands
	Problem  string // what is wrong and what to look at; "" when nothing is
	Reached  int    // of Total
	Total    int
}

// segment is one step on the bar.
type segment struct {
	Label string
	Class string // a StepState, "now" for the awaited one, "stuck" when it is overdue
	Title string
}

// newBarView draws bar as it looks at the time now, on a machine whose power is
// known to be power and whose disks are linked so.
func newBarView(bar Bar, power baremetal.PowerState, l link, now time.Time) barView {
	bar.observe(power, l)
	serving := bar.Serving(now)
	v := barView{Reached: bar.Reached(), Total: len(bar.Steps), Problem: bar.Stuck(now)}
	if bar.Reason != "" {
		v.Problem = bar.Reason
	}
	v.Mood = mood(bar, v.Problem)
	if serving {
		v.Mood, v.Problem = "up", ""
	} else if !bar.Began.IsZero() {
		v.Elapsed = elapsed(bar.Elapsed(now))
	}
	if v.Mood == "running" || v.Mood == "stuck" {
		v.Since = bar.Began.UnixMilli()
	}
	v.Caption = remark(bar, v.Mood)
	for i, s := range bar.Steps {
		v.Segments = append(v.Segments, newSegment(bar, i, s, v.Mood))
	}
	return v
}

func mood(bar Bar, problem string) string {
	switch {
	case bar.Began.IsZero():
		return "idle"
	case bar.Reason != "":
		return "failed"
	case bar.Ended:
		return "over"
	case bar.Up():
		return "up"
	case problem != "":
		return "stuck"
	}
	return "running"
}

// remark is the line under the bar.
func remark(bar Bar, mood string) string {
	next := ""
	if i := bar.Next(); i >= 0 {
		next = captions[bar.Steps[i].Kind].label
	}
	switch mood {
	case "idle":
		return "No boot seen yet"
	case "failed":
		return next + " failed"
	case "stuck":
		return "Stuck before " + next
	case "up":
		return "Up"
	case "over":
		if next == "" {
			return "Was up"
		}
		return "Ended before " + next
	}
	return "Waiting for " + next
}

func newSegment(bar Bar, i int, s Step, mood string) segment {
	c := captions[s.Kind]
	g := segment{Label: c.label, Class: string(s.State), Title: c.label + ": not yet"}
	switch {
	case s.State == StepDone:
		g.Title = fmt.Sprintf("%s after %s", c.done, elapsed(s.At.Sub(bar.Began)))
	case s.State == StepSkipped:
		g.Title = c.label + ": not seen"
	case s.State == StepFailed:
		g.Title = c.label + ": " + bar.Reason
	case i == bar.Next() && mood == "stuck":
		g.Class, g.Title = "stuck", c.label+": "+c.stuck
	case i == bar.Next() && mood == "running":
		g.Class = "now"
	}
	return g
}
