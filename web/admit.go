package web

// Limits of what all browsers together may ask for.
const (
	allStreams = 64 // streams at once
	perSession = 12 // of these for one login
	allChecks  = 4  // passwords checked at once; each costs a processor for a while
)

// admit counts a stream, or refuses one too many. Who is admitted is dismissed.
func (w *Web) admit(one *session) bool {
	select {
	case w.streams <- struct{}{}:
	default:
		return false
	}
	if one == nil || w.sessions.admit(one) {
		return true
	}
	<-w.streams
	return false
}

func (w *Web) dismiss(one *session) {
	<-w.streams
	if one != nil {
		w.sessions.dismiss(one)
	}
}

func (s *sessions) admit(one *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.streams >= perSession {
		return false
	}
	one.streams++
	return true
}

func (s *sessions) dismiss(one *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one.streams--
}
