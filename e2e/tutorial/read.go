package main

import (
	"regexp"
	"strings"
)

// step is one thing that the tutorial has its reader do, or see.
type step struct {
	heading string // above it
	kind    string // console: lines with their answers; sh: lines without; text: what a terminal shows
	text    string
}

var (
	block   = regexp.MustCompile("(?ms)^```(console|sh|text)\n(.*?)^```$")
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// read returns the steps in order.
func read(page string) (all []step) {
	for _, at := range block.FindAllStringSubmatchIndex(page, -1) {
		s := step{kind: page[at[2]:at[3]], text: strings.TrimSuffix(page[at[4]:at[5]], "\n")}
		for _, h := range heading.FindAllStringSubmatch(page[:at[0]], -1) {
			s.heading = h[1]
		}
		all = append(all, s)
	}
	return all
}

// typed is a line with the answer that the tutorial shows.
type typed struct{ line, answer string }

// lines are those of a console.
func (s step) lines() (all []typed) {
	for one := range strings.SplitSeq(strings.TrimPrefix(s.text, "$ "), "\n$ ") {
		line, answer, _ := strings.Cut(one, "\n")
		all = append(all, typed{line, answer})
	}
	return all
}

// fits reports whether an answer is as the tutorial has it, where … stands for anything.
func fits(want, got string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(want), "…", "(?s:.*)")
	return regexp.MustCompile("^" + pattern + "$").MatchString(got)
}
