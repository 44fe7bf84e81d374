// Package replay holds an API against recordings of the service whose API it is: it sends
// the recorded requests again and compares the answers.
//
// A recording is a file of JSON lines: the first has meta, with the address of the recorded
// server, every other is one exchange, in the order of recording. A recording starts on
// an empty service and cleans up after itself. bind names values of the live answer that
// later requests use as {{name}}; bound gives the recorded ones. until says what the
// recording waited for before it kept the answer. ignore names members whose values carry
// no meaning. quirk marks requests on which the service itself failed.
//
// An answer passes when a success has the same status and the same body, after UUIDs,
// times and addresses have been made equal, and an error the same status and the same
// envelope; where the service failed itself, any refusal passes. deviations.txt beside
// the recordings lists every exchange that does not pass, with its reason, and counts.txt
// how each group ends; both must be true.
package replay
