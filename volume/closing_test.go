package volume

import (
	"sync"
	"testing"
	"time"
)

// slowly is a removed file that the file system takes a while to free.
type slowly struct{ file }

func (slowly) Close() error { time.Sleep(time.Millisecond); return nil }

// Files begin to be closed while another goroutine waits for earlier ones. A WaitGroup that is reused during a Wait is a data race.
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
