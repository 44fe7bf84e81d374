package lab

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestLogLines(t *testing.T) {
	for _, test := range []struct {
		in   string
		want []string
	}{
		{"one\r\ntwo\n", []string{"one", "two"}},
		{"no end", []string{"no end"}},
		{"\x1b[2J\x1b[01;01HBIOS\x1b[0m text", []string{"BIOS text"}},
		{"first\x1b[5;1Hsecond\n", []string{"first", "second"}},
		{"\n\n  \n", nil},
		{strings.Repeat("x", 5000), []string{strings.Repeat("x", maxLine), strings.Repeat("x", 5000-maxLine)}},
	} {
		log := newLog(nil)
		for _, b := range []byte(test.in) { // a serial line brings byte after byte
			log.Write([]byte{b})
		}
		log.end()
		var got []string
		for _, line := range log.Lines() {
			got = append(got, line.Text)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("lines of %.40q = %.80q, want %.80q", test.in, got, test.want)
		}
	}
}

func TestLogWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newLog(nil)
		log.Write([]byte("early\n"))
		if line, err := log.Wait(t.Context(), regexp.MustCompile("early")); err != nil || line.Text != "early" {
			t.Errorf("Wait for a line already there = %q, %v", line.Text, err)
		}
		go func() {
			time.Sleep(time.Minute)
			log.Write([]byte("late\nbad\n"))
		}()
		if line, err := log.Wait(t.Context(), regexp.MustCompile("late")); err != nil || line.At.Sub(log.Start()) != time.Minute {
			t.Errorf("Wait for a line to come = after %v, %v, want after 1m", line.At.Sub(log.Start()), err)
		}
		if _, err := log.Wait(t.Context(), regexp.MustCompile("good"), regexp.MustCompile("bad")); err == nil {
			t.Error("Wait past a sign of trouble = nil, want an error")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err := log.Wait(ctx, regexp.MustCompile("never")); err == nil {
			t.Error("Wait past the deadline = nil, want an error")
		}
	})
}
