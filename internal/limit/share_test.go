package limit

import "testing"

func TestShare(t *testing.T) {
	s := NewShare[string](2, 3, PageStreams)
	for i, c := range []struct {
		source string
		want   bool
	}{
		{"a", true}, {"a", true}, {"a", false}, // its own share
		{"b", true}, {"b", false}, {"c", false}, // everybody's
	} {
		if got := s.Take(c.source); got != c.want {
			t.Fatalf("call %d: Take(%s) = %v, want %v", i, c.source, got, c.want)
		}
	}
	s.Return("a")
	if !s.Take("c") {
		t.Error("no room after one was returned")
	}
	for _, source := range []string{"a", "b", "c"} {
		s.Return(source)
	}
	if all, sources := s.Held(); all != 0 || sources != 0 {
		t.Errorf("%d held by %d sources after all were returned", all, sources)
	}
	free := NewShare[int](1, 0, APIRequests)
	for source := range 1000 {
		if !free.Take(source) {
			t.Fatalf("source %d is refused without a total", source)
		}
	}
}
