package iscsi

import (
	"maps"
	"testing"
)

func FuzzText(f *testing.F) {
	f.Add([]byte("A=b\x00C=\x00"))
	f.Add([]byte("\x00\x00=x\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		pairs, err := ParseText(b)
		if err != nil {
			return
		}
		again, err := ParseText(AppendText(nil, pairs...))
		if err != nil || !maps.Equal(asMap(again), asMap(pairs)) {
			t.Fatalf("ParseText(AppendText(%v)) = %v, %v", pairs, again, err)
		}
	})
}

func asMap(pairs []Pair) map[Pair]int {
	m := map[Pair]int{}
	for i, p := range pairs {
		m[p] = i
	}
	return m
}
