package iscsi

import "slices"

// textExchange is a text negotiation in full feature phase that takes several PDUs, in
// either direction.
type textExchange struct {
	ttt     uint32 // of our last response, NoTag: none is open
	request []byte // of a request that is not complete
	rest    []byte // of a response that did not fit
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
	if len(x.rest) == 0 {
		var err error
		if x.rest, err = s.answers(x.request); err != nil {
			return err
		}
	}
	x.request = nil
	n := min(len(x.rest), s.params.MaxSend)
	page := x.rest[:n]
	x.rest = x.rest[n:]
	more := len(x.rest) > 0
	s.textResponse(TextResponse{Continue: more, Final: !more && m.Final}, m.ITT, page)
	return nil
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

// answers is the whole answer to a text.
func (s *Session) answers(text []byte) (b []byte, err error) {
	pairs, err := ParseText(text)
	if err != nil {
		return nil, err
	}
	for i, p := range pairs {
		if slices.ContainsFunc(pairs[:i], func(o Pair) bool { return o.Key == p.Key }) {
			return nil, protocolError("key %s sent twice", p.Key)
		}
		list, err := s.answerText(p)
		if err != nil {
			return nil, err
		}
		b = AppendText(b, list...)
	}
	return b, nil
}

// answerText answers one key. Only what RFC 7143 §13 allows in full feature phase is
// open to talk; the rest was settled at login.
func (s *Session) answerText(p Pair) ([]Pair, error) {
	switch {
	case p.Key == "SendTargets":
		return s.sendTargets(p.Value)
	case p.Key == "MaxRecvDataSegmentLength":
		n, ok := rules[p.Key].parse(p.Value)
		if !ok {
			return []Pair{{p.Key, reject}}, nil
		}
		s.params.MaxSend = n
		return nil, nil
	}
	login := newNegotiation()
	if login.take(p) == notUnderstood {
		return []Pair{{p.Key, notUnderstood}}, nil
	}
	return []Pair{{p.Key, reject}}, nil
}

// sendTargets lists what the initiator may see: in discovery all of it or one name, in
// a normal session the session's own target (RFC 7143 Appendix C).
func (s *Session) sendTargets(want string) ([]Pair, error) {
	if want == "All" && s.device != nil {
		return []Pair{{"SendTargets", reject}}, nil
	}
	pairs, err := s.names()
	if err != nil {
		return nil, err
	}
	if want == "" || want == "All" {
		return pairs, nil
	}
	for i := 0; i+1 < len(pairs); i += 2 { // name and address by turns
		if pairs[i].Value == want {
			return pairs[i : i+2], nil
		}
	}
	return nil, nil
}
