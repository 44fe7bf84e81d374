package iscsi

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
)

const (
	maxLoginText   = 16 << 10 // bytes of one request's text, over all its PDUs
	maxLoginRounds = 32
)

// A stage of a login (RFC 7143 §11.12.3).
type stage byte

const (
	stageSecurity    stage = 0
	stageOperational stage = 1
	stageFull        stage = 3
)

// login is the target's side of a login phase: a state machine that takes requests and
// gives responses.
type login struct {
	// lookup is asked once the names are known, for a discovery too; what it says is the grant.
	lookup func(sessionKey) (Grant, error)
	// admit gives the session its place, which may be another's.
	admit  func() (tsih uint16, err error)
	random io.Reader
	window uint32 // how many commands the initiator may send at first

	began  bool
	rounds int
	first  Header // a copy of the first request's: names this login
	stage  stage
	statSN uint32
	text   []byte // of a request that is not yet complete
	seen   map[string]bool

	keys       negotiation
	identified bool
	key        sessionKey // once identified
	declared   bool       // our MaxRecvDataSegmentLength was told
	proof      proof
	chap       *chap
	grant      Grant
	tsih       uint16
}

func (l *login) cmdSN() uint32        { return l.first.Uint32(OffCmdSN) }
func (l *login) discovery() bool      { return l.key.target == "" }
func (l *login) full() bool           { return l.stage == stageFull }
func requestStage(h Header) stage     { return stage(h[1] >> 2 & 3) }
func requestNextStage(h Header) stage { return stage(h[1] & 3) }

// step takes one login request and returns the response to send. With an error the
// login is over; the response, if its header is not nil, tells the initiator why. After
// the response for which full() is true the session begins.
func (l *login) step(req PDU) (PDU, error) {
	if req.Header.Opcode() != OpLoginRequest {
		return PDU{}, protocolError("opcode %#02x before login", byte(req.Header.Opcode()))
	}
	if !l.began {
		l.begin(req.Header)
	}
	answers, transit, err := l.round(req)
	if err != nil {
		var le *loginError
		if !errors.As(err, &le) {
			le = &loginError{initiatorError, err}
		}
		return l.response(req.Header, false, le.status, nil), le
	}
	resp := l.response(req.Header, transit, loginOK, answers)
	if transit {
		l.stage = requestNextStage(req.Header)
	}
	return resp, nil
}

func (l *login) begin(h Header) {
	l.began = true
	l.first = append(Header(nil), h...)
	l.stage = requestStage(h)
	l.keys = newNegotiation()
	l.seen = map[string]bool{}
}

// round works out what to answer to one request, and whether the initiator's wish to
// move on is granted.
func (l *login) round(req PDU) (answers []Pair, transit bool, err error) {
	if err := l.checkHeader(req.Header); err != nil {
		return nil, false, err
	}
	if len(l.text)+len(req.Data) > maxLoginText {
		return nil, false, loginFailure(initiatorError, "login text of more than %d bytes", maxLoginText)
	}
	l.text = append(l.text, req.Data...)
	if req.Header[1]&flagContinue != 0 {
		return nil, false, nil // an empty response asks for the rest
	}
	pairs, err := ParseText(l.text)
	l.text = nil
	if err != nil {
		return nil, false, err
	}
	if answers, err = l.negotiate(pairs, req.Header.Final()); err != nil {
		return nil, false, err
	}
	transit, err = l.transit(req.Header)
	return answers, transit, err
}

func (l *login) checkHeader(h Header) error {
	l.rounds++
	next := requestNextStage(h)
	switch {
	case h[offVersionMin] > 0: // there is no version but 0
		return loginFailure(unsupportedVersion, "initiator wants at least version %d of the protocol", h[offVersionMin])
	case l.rounds > maxLoginRounds:
		return loginFailure(initiatorError, "more than %d login requests", maxLoginRounds)
	case !bytes.Equal(h[offISID:offCID+2], l.first[offISID:offCID+2]): // ISID, TSIH, task tag, CID
		return loginFailure(invalidDuringLogin, "login request of another session or task")
	case h.Uint16(offTSIH) != 0:
		// One connection a session and recovery level 0: there is nothing that a
		// connection could join.
		return loginFailure(noSuchSession, "no session with tag %d", h.Uint16(offTSIH))
	case requestStage(h) != l.stage || l.stage > stageOperational:
		return loginFailure(initiatorError, "login request for stage %d in stage %d", requestStage(h), l.stage)
	case h.Final() && (next <= l.stage || next == 2 || h[1]&flagContinue != 0):
		return loginFailure(initiatorError, "login request to go from stage %d to %d", l.stage, next)
	}
	return nil
}

// negotiate answers the keys of one complete request.
func (l *login) negotiate(pairs []Pair, wantsOn bool) (answers []Pair, err error) {
	security := map[string]string{}
	for _, p := range pairs {
		if l.seen[p.Key] || l.identified && slices.Contains(notes, p.Key) {
			return nil, loginFailure(initiatorError, "key %s sent twice or too late", p.Key)
		}
		l.seen[p.Key] = true
		if l.stage == stageSecurity && (p.Key == "AuthMethod" || strings.HasPrefix(p.Key, "CHAP_")) {
			security[p.Key] = p.Value
		} else if answer := l.keys.take(p); answer != "" {
			answers = append(answers, Pair{p.Key, answer})
		}
	}
	if !l.identified {
		if err := l.identify(); err != nil {
			return nil, err
		}
		if !l.discovery() {
			answers = append(answers, Pair{"TargetPortalGroupTag", strconv.Itoa(portalGroup)})
		}
	}
	if l.stage == stageSecurity {
		proofs, err := l.prove(security, wantsOn)
		return append(answers, proofs...), err
	}
	if l.proof != proofDone && l.needsProof() {
		return nil, loginFailure(authFailure, "initiator %s skips authentication", l.key.initiator)
	}
	if !l.declared {
		l.declared = true
		answers = append(answers, Pair{"MaxRecvDataSegmentLength", strconv.Itoa(l.segment())})
	}
	return answers, nil
}

// segment is the longest data segment we take once the login is over.
func (l *login) segment() int {
	if l.discovery() {
		return maxLoginData
	}
	return maxRecvData
}

// transit decides whether the initiator may go where it wants. iPXE sets the T bit in
// every round, so a T that comes too early is not an error: ours stays 0 until
// authentication is complete (ipxe issue 1444).
func (l *login) transit(h Header) (bool, error) {
	if !h.Final() || l.needsProof() && l.proof != proofDone {
		return false, nil
	}
	if requestNextStage(h) == stageFull {
		tsih, err := l.admit()
		if err != nil {
			return false, err
		}
		l.tsih = tsih
	}
	return true, nil
}

func (l *login) response(req Header, transit bool, status loginStatus, answers []Pair) PDU {
	h := make(Header, HeaderLen)
	h[0] = byte(OpLoginResponse)
	h[1] = byte(l.stage) << 2
	if transit {
		h[1] |= FlagFinal | byte(requestNextStage(req))
	}
	copy(h[offISID:offTSIH], req[offISID:])
	h.PutUint16(offTSIH, cmp.Or(l.tsih, req.Uint16(offTSIH)))
	h.PutUint32(OffITT, req.ITT())
	h.PutUint32(OffStatSN, l.statSN)
	l.statSN++
	h.PutUint32(OffExpCmd, l.cmdSN())
	h.PutUint32(OffMaxCmd, l.cmdSN()+l.window-1)
	h.PutUint16(offLoginStatus, uint16(status))
	return PDU{Header: h, Data: AppendText(nil, answers...)}
}
