package web

// Limits of what all browsers together may ask for.
const (
	allStreams = 64 // streams at once
	perSession = 12 // of these for one login
	allChecks  = 4  // passwords checked at once; each costs a processor for a while
)

// admit counts a stream of the session, or refuses one too many. With authentication
// off there are no sessions, and each stream counts as one. When the stream ends,
// dismiss must be called.
func (w *Web) admit(one *session) (dismiss func(), ok bool) {
	if one == nil {
		one = &session{}
	}
	if !w.streams.Take(one) {
		return nil, false
	}
	return func() { w.streams.Return(one) }, true
}
