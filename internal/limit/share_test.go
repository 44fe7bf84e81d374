package limit

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

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

// Who waits has its turn in order, gives up with its context, and keeps nobody else's place.
func TestShareWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewShare[string](1, 0, APIRequests)
		if !s.Wait(t.Context(), "a") || !s.Wait(t.Context(), "b") {
			t.Fatal("the first of each source waits")
		}
		got := make(chan string, 2)
		wait := func(name string, patience time.Duration) {
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				if s.Wait(ctx, "a") {
					got <- name
				}
			}()
			synctest.Wait()
		}
		wait("hasty", time.Second)
		wait("first", time.Hour)
		wait("second", time.Hour)
		time.Sleep(time.Minute)
		for _, want := range []string{"first", "second"} {
			s.Return("a")
			synctest.Wait()
			if name := <-got; name != want {
				t.Errorf("%s has its turn, want %s", name, want)
			}
		}
		s.Return("a")
		s.Return("b")
		if all, sources := s.Held(); all+sources+len(s.queue) != 0 {
			t.Errorf("%d held by %d sources, %d queues in the end", all, sources, len(s.queue))
		}
	})
}

func TestShareWaitHasAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewShare[string](1, 0, APIRequests)
		s.Take("a")
		for range maxWaiting {
			go s.Wait(t.Context(), "a")
		}
		synctest.Wait()
		if s.Wait(t.Context(), "a") {
			t.Error("one too many waits")
		}
		for range maxWaiting + 1 {
			s.Return("a")
		}
	})
}
