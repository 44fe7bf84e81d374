package baremetal

import "context"

// Question is asked of a BMC and changes nothing; the answer is for a person.
type Question struct {
	What string
	Ask  func(ctx context.Context) (string, error)
}
