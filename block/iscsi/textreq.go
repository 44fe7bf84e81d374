package iscsi

import "slices"

// textExchange is a text negotiation in full feature phase that takes several PDUs, in
// either direction.
type textExchange struct {
	ttt     uint32      // of our last response, NoTag: none is open
	request []byte      // of a request that is not complete
	rest    []byte      // of a response that did not fit
	last    TextRequest // the last request, while it waits for the names of the targets
	pairs   []Pair      // of that request
}

const maxText = 16 << 10 // bytes of one request's text, over all its PDUs

// textRequest takes a text request (RFC 7143 §11.10): SendTargets, above all.
func (s *Session) textRequest(p PDU) error {
	var m TextRequest
	m.Decode(p.Header)
	x := &s.text
	if m.TTT == NoTag {
		*x = textExchange{ttt: NoTag} // a new request resets the one that was open
	} else if m.TTT != x.ttt {
		return protocolError("text request with transfer tag %#x, which was not given out", m.TTT)
	}
	if len(x.request)+len(p.Data) > maxText {
		return protocolError("text request of more than %d bytes", maxText)
	}
	x.request = append(x.request, p.Data...)
	if m.Continue {
		s.textResponse(TextResponse{}, m.ITT, nil)
		return nil
	}
	request := x.request
	x.request = nil
	if len(x.rest) > 0 {
		s.page(&m)
		return nil
	}
	pairs, err := parseRequest(request)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(pairs, s.asksNames) {
		x.last, x.pairs = m, pairs
		s.sink.List()
		return nil
	}
	x.rest = s.answers(pairs, nil)
	s.page(&m)
	return nil
}

// Listed continues a SendTargets with the targets: their names and addresses alternate.
func (s *Session) Listed(targets []Pair) {
	x := &s.text
	x.rest = s.answers(x.pairs, targets)
	x.pairs = nil
	s.page(&x.last)
}

// page sends the next part of the answer, as much as fits in one PDU.
func (s *Session) page(m *TextRequest) {
	x := &s.text
	n := min(len(x.rest), s.params.MaxSend)
	page := x.rest[:n]
	x.rest = x.rest[n:]
	more := len(x.rest) > 0
	s.textResponse(TextResponse{Continue: more, Final: !more && m.Final}, m.ITT, page)
}

func (s *Session) textResponse(m TextResponse, itt uint32, data []byte) {
	s.text.ttt = NoTag
	if !m.Final {
		s.text.ttt = s.newTTT()
	}
	m.TTT = s.text.ttt
	m.ResponseFields = s.next(itt)
	s.sink.Send(PDU{Header: m.Encode(s.scratch()), Data: data}, nil)
}

// parseRequest returns the keys of a complete request, each of which may come once.
func parseRequest(text []byte) ([]Pair, error) {
	pairs, err := ParseText(text)
	for i, p := range pairs {
		if slices.ContainsFunc(pairs[:i], func(o Pair) bool { return o.Key == p.Key }) {
			return nil, protocolError("key %s sent twice", p.Key)
		}
	}
	return pairs, err
}

// answers returns the text of the whole answer.
func (s *Session) answers(pairs, targets []Pair) (b []byte) {
	for _, p := range pairs {
		b = AppendText(b, s.answerText(p, targets)...)
	}
	return b
}

// answerText answers one key. Only the keys that RFC 7143 §13 allows in full feature phase
// can be negotiated; the others were settled at login.
func (s *Session) answerText(p Pair, targets []Pair) []Pair {
	switch {
	case p.Key == "SendTargets":
		return s.sendTargets(p.Value, targets)
	case p.Key == "MaxRecvDataSegmentLength":
		n, ok := rules[p.Key].parse(p.Value)
		if !ok {
			return []Pair{{p.Key, reject}}
		}
		s.params.MaxSend = n
		return nil
	}
	login := newNegotiation()
	if login.take(p) == notUnderstood {
		return []Pair{{p.Key, notUnderstood}}
	}
	return []Pair{{p.Key, reject}}
}

// asksNames reports whether a key is answered with target names. Those of all targets are
// for discovery only (RFC 7143 Appendix C).
func (s *Session) asksNames(p Pair) bool {
	return p.Key == "SendTargets" && (p.Value != "All" || s.device == nil)
}

// sendTargets lists the targets that the initiator may see: in discovery all of them or the
// one named, in a normal session its own target.
func (s *Session) sendTargets(want string, targets []Pair) []Pair {
	if want == "All" && s.device != nil {
		return []Pair{{"SendTargets", reject}}
	}
	if want == "" || want == "All" {
		return targets
	}
	for i := 0; i+1 < len(targets); i += 2 {
		if targets[i].Value == want {
			return targets[i : i+2]
		}
	}
	return nil
}
