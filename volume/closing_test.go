package volume

import (
	"sync"
	"testing"
	"time"
)

// slowly is a removed file that the file system takes a while to free.
type slowly struct{ file }

func (slowly) Close() error { time.Sleep(time.Millisecond); return nil }

// Volumes are deleted while others wait for the space of earlier ones; the race detector finds those that nobody counts.
func TestDeleteWhileTidying(t *testing.T) {
	d := open(t)
	var both sync.WaitGroup
	both.Go(func() {
		for range 100 {
			d.mu.Lock()
			d.closeAsync([]*layer{{file: slowly{}}})
			d.mu.Unlock()
			time.Sleep(time.Millisecond)
		}
	})
	both.Go(func() {
		for range 100 {
			d.closed()
		}
	})
	both.Wait()
}
