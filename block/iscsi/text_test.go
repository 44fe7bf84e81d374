package iscsi_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"ironhook/block/iscsi"
	"ironhook/block/iscsi/initiatortest"
)

func TestDiscoveryIsPaged(t *testing.T) {
	var names []string
	for n := range 500 {
		names = append(names, fmt.Sprintf("%s-%d", targetName, n))
	}
	s := serve(t, newRAM(1<<20), func(s *server) {
		s.target.Discover = func(ctx context.Context, _ string) ([]string, error) { return names, ctx.Err() }
	})
	ctx, cancel := initiatortest.Patience(context.Background())
	defer cancel()
	i, err := initiatortest.Dial(ctx, s.addr, initiatortest.Options{Name: initiatorName, Keys: keys("MaxRecvDataSegmentLength=512")})
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	text, pages := sendTargets(t, i, "All")
	pairs := keys(strings.ReplaceAll(string(text), "\x00", " "))
	var got []string
	for n := 0; n+1 < len(pairs); n += 2 {
		if pairs[n+1].Value != s.addr+",1" {
			t.Fatalf("address of %s is %s, want %s,1", pairs[n].Value, pairs[n+1].Value, s.addr)
		}
		got = append(got, pairs[n].Value)
	}
	if !slices.Equal(got, names) || pages < len(text)/512 {
		t.Errorf("SendTargets gave %d names in %d pages, want %d names", len(got), pages, len(names))
	}
	if one, _ := sendTargets(t, i, names[7]); !bytes.Contains(one, []byte(names[7]+"\x00")) || bytes.Contains(one, []byte(names[8])) {
		t.Errorf("SendTargets=%s gave %q", names[7], one)
	}
}

// sendTargets returns the whole answer and how many PDUs it took.
func sendTargets(t *testing.T, i *initiatortest.Initiator, which string) (text []byte, pages int) {
	t.Helper()
	data, ttt := iscsi.AppendText(nil, iscsi.Pair{Key: "SendTargets", Value: which}), iscsi.NoTag
	for {
		m := iscsi.TextRequest{RequestFields: i.Fields(false), Final: true, TTT: ttt}
		if err := i.Send(m, data); err != nil {
			t.Fatal(err)
		}
		p, err := i.Receive()
		if err != nil || p.Header.Opcode() != iscsi.OpTextResponse {
			t.Fatalf("text response = %v, %v", p, err)
		}
		text = append(text, p.Data...)
		pages++
		if p.Header.Final() {
			return text, pages
		}
		data, ttt = nil, initiatortest.Decode[iscsi.TextResponse](p).TTT
	}
}

// A text may come in pieces; keys settled at login cannot be changed; and a request gets
// the list of targets once.
func TestText(t *testing.T) {
	for name, tt := range map[string]struct {
		pieces []string
		want   string // "" : the connection ends
	}{
		"in one piece":       {[]string{"SendTargets=\x00"}, "TargetName=" + targetName + "\x00TargetAddress=ADDRESS,1\x00"},
		"in three":           {[]string{"SendTar", "gets=", "\x00"}, "TargetName=" + targetName + "\x00TargetAddress=ADDRESS,1\x00"},
		"another target":     {[]string{"SendTargets=iqn.2026-11.test:other\x00"}, "\x00"},
		"all, in a session":  {[]string{"SendTargets=All\x00"}, "SendTargets=Reject\x00"},
		"settled at login":   {[]string{"MaxBurstLength=512\x00"}, "MaxBurstLength=Reject\x00"},
		"unknown":            {[]string{"X-com.example=1\x00"}, "X-com.example=NotUnderstood\x00"},
		"segments":           {[]string{"MaxRecvDataSegmentLength=512\x00"}, "\x00"},
		"segments too short": {[]string{"MaxRecvDataSegmentLength=1\x00"}, "MaxRecvDataSegmentLength=Reject\x00"},
		"twice":              {[]string{"SendTargets=\x00SendTargets=\x00"}, ""},
		"no key":             {[]string{"=1\x00"}, ""},
		"too long":           {[]string{strings.Repeat("a", 16000), strings.Repeat("a", 1000)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, newRAM(1<<20), nil)
			i := s.login(initiatortest.Options{})
			got, err := say(i, tt.pieces)
			if tt.want == "" {
				if err == nil {
					t.Errorf("answered with %q, want the connection to end", got)
				}
				return
			}
			want := strings.TrimPrefix(strings.ReplaceAll(tt.want, "ADDRESS", s.addr), "\x00")
			if err != nil || got != want {
				t.Errorf("%q, %v, want %q", got, err, want)
			}
		})
	}
}

// say sends a text in pieces and returns what the last of them is answered with.
func say(i *initiatortest.Initiator, pieces []string) (string, error) {
	var p iscsi.PDU
	ttt := iscsi.NoTag
	for n, piece := range pieces {
		last := n == len(pieces)-1
		m := iscsi.TextRequest{RequestFields: i.Fields(false), Final: last, Continue: !last, TTT: ttt}
		err := i.Send(m, []byte(piece))
		if err == nil {
			p, err = i.Receive()
		}
		if err != nil {
			return "", err
		}
		ttt = initiatortest.Decode[iscsi.TextResponse](p).TTT
	}
	return string(p.Data), nil
}
