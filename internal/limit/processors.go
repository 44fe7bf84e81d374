package limit

import "runtime"

// spare is how many goroutines may run beside those that do bulk work and have every
// processor: with one, an answer of the API would wait for a change of the store.
const spare = 2

// SpareProcessors lets the program run two more goroutines at a time than it has
// processors; the kernel shares them fairly. Call it once, at the start of the program.
func SpareProcessors() { runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + spare) }

// Busy is how many goroutines may do bulk work at a time, such as the requests of
// initiators: one for each processor. Where more run, each stands in the run queue, and
// whatever else the program does waits behind all of them at each of its steps.
func Busy() int { return max(1, runtime.GOMAXPROCS(0)-spare) }
