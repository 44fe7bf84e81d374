package rmcp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
)

// payload is the type of what a packet carries (table 13-16).
type payload byte

const (
	ipmiMessage         payload = 0x00
	sol                 payload = 0x01 // serial over LAN
	openSessionRequest  payload = 0x10
	openSessionResponse payload = 0x11
	rakp1               payload = 0x12
	rakp2               payload = 0x13
	rakp3               payload = 0x14
	rakp4               payload = 0x15
)

const (
	authNone = 0x00
	authMD5  = 0x02
	authPlus = 0x06 // RMCP+

	encrypted     = 0x80
	authenticated = 0x40
)

// envelope is the format of packets in one stage of a session. seal makes the next
// packet around a payload; open parses a packet and fails on one that is not in this
// format.
type envelope interface {
	seal(kind payload, body []byte) []byte
	open(packet []byte) (kind payload, body []byte, err error)
}

// header begins every packet: RMCP version 1.0, no acknowledgement, class IPMI.
func header() []byte { return []byte{0x06, 0x00, 0xff, 0x07} }

// strip checks the RMCP header and returns what follows.
func strip(packet []byte) ([]byte, error) {
	if len(packet) < 5 || packet[0] != 0x06 || packet[3] != 0x07 {
		return nil, errMalformed
	}
	return packet[4:], nil
}

// old is the envelope of IPMI 1.5 (table 13-8), before a session (id 0) and in it.
type old struct {
	auth     byte // authNone or authMD5
	id       uint32
	sequence uint32
	password [16]byte
}

func (o *old) seal(_ payload, body []byte) []byte {
	b := append(header(), o.auth)
	b = binary.LittleEndian.AppendUint32(b, o.sequence)
	b = binary.LittleEndian.AppendUint32(b, o.id)
	if o.auth != authNone {
		code := o.code(o.id, o.sequence, body)
		b = append(b, code[:]...)
	}
	if o.sequence != 0 { // 0 is for packets outside of a session
		if o.sequence++; o.sequence == 0 {
			o.sequence = 1
		}
	}
	return append(append(b, byte(len(body))), body...)
}

func (o *old) open(packet []byte) (payload, []byte, error) {
	b, err := strip(packet)
	if err != nil || len(b) < 10 || b[0] != o.auth {
		return 0, nil, errMalformed
	}
	sequence, id := binary.LittleEndian.Uint32(b[1:]), binary.LittleEndian.Uint32(b[5:])
	if id != o.id && !o.activating() {
		return 0, nil, errMalformed
	}
	var sent []byte
	rest := b[9:]
	if o.auth != authNone {
		if len(rest) < 17 {
			return 0, nil, errMalformed
		}
		sent, rest = rest[:16], rest[16:]
	}
	if len(rest) < 1+int(rest[0]) {
		return 0, nil, errMalformed
	}
	body := rest[1 : 1+int(rest[0])]
	if want := o.code(id, sequence, body); o.auth != authNone && subtle.ConstantTimeCompare(sent, want[:]) != 1 {
		return 0, nil, errMalformed
	}
	return ipmiMessage, body, nil
}

// activating reports whether the session has only its temporary ID. Some BMCs give
// the answer to that the new ID, some the temporary one.
func (o *old) activating() bool { return o.auth == authMD5 && o.sequence == 0 }

// code is the authentication code for MD5 (section 22.17.1).
func (o *old) code(id, sequence uint32, body []byte) [16]byte {
	b := append([]byte(nil), o.password[:]...)
	b = binary.LittleEndian.AppendUint32(b, id)
	b = append(b, body...)
	b = binary.LittleEndian.AppendUint32(b, sequence)
	return md5.Sum(append(b, o.password[:]...))
}

// bare is the envelope of RMCP+ while a session is being set up.
type bare struct{}

func (bare) seal(kind payload, body []byte) []byte {
	b := append(header(), authPlus, byte(kind), 0, 0, 0, 0, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(body)))
	return append(b, body...)
}

func (bare) open(packet []byte) (payload, []byte, error) {
	kind, body, _, err := plus(packet)
	if err != nil || kind&(encrypted|authenticated) != 0 {
		return 0, nil, errMalformed
	}
	return kind, body, nil
}

// plus splits an RMCP+ packet (table 13-8); kind still has its flags.
func plus(packet []byte) (kind payload, body []byte, id uint32, err error) {
	b, err := strip(packet)
	if err != nil || len(b) < 12 || b[0] != authPlus {
		return 0, nil, 0, errMalformed
	}
	n := int(binary.LittleEndian.Uint16(b[10:]))
	if len(b) < 12+n {
		return 0, nil, 0, errMalformed
	}
	return payload(b[1]), b[12 : 12+n], binary.LittleEndian.Uint32(b[2:]), nil
}

// sealed is the envelope of an RMCP+ session: AES-CBC-128 inside, a keyed hash
// outside (section 13.28).
type sealed struct {
	suite    suite
	k1       []byte
	aes      cipher.Block // keyed with the first half of K2
	local    uint32       // session ID in packets to us
	remote   uint32       // session ID in packets to the BMC
	sequence uint32
}

func (s *sealed) seal(kind payload, body []byte) []byte {
	s.sequence++
	inner := s.encrypt(body)
	b := append(header(), authPlus, byte(kind)|encrypted|authenticated)
	b = binary.LittleEndian.AppendUint32(b, s.remote)
	b = binary.LittleEndian.AppendUint32(b, s.sequence)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(inner)))
	b = append(b, inner...)
	pad := 0
	for ; (len(b)-4+2)%4 != 0; pad++ { // from the auth type to the next-header byte (section 13.28.4)
		b = append(b, 0xff)
	}
	b = append(b, byte(pad), 0x07)
	return append(b, s.mac(b[4:])...)
}

func (s *sealed) open(packet []byte) (payload, []byte, error) {
	kind, body, id, err := plus(packet)
	if err != nil || id != s.local || kind&^0x3f != encrypted|authenticated {
		return 0, nil, errMalformed
	}
	end := len(packet) - s.suite.code
	if end < 4+12+len(body)+2 || !hmac.Equal(packet[end:], s.mac(packet[4:end])) {
		return 0, nil, errMalformed
	}
	body, err = s.decrypt(body)
	return kind & 0x3f, body, err
}

func (s *sealed) mac(b []byte) []byte { return s.suite.hmac(s.k1, b)[:s.suite.code] }

// encrypt puts an initialization vector before the message, and after it the padding
// 1, 2, 3... and its length (table 13-20).
func (s *sealed) encrypt(body []byte) []byte {
	out := make([]byte, aes.BlockSize, aes.BlockSize+len(body)+aes.BlockSize)
	rand.Read(out)
	out = append(out, body...)
	pad := byte(0)
	for (len(out)+1)%aes.BlockSize != 0 {
		pad++
		out = append(out, pad)
	}
	out = append(out, pad)
	cipher.NewCBCEncrypter(s.aes, out[:aes.BlockSize]).CryptBlocks(out[aes.BlockSize:], out[aes.BlockSize:])
	return out
}

func (s *sealed) decrypt(body []byte) ([]byte, error) {
	if len(body) < 2*aes.BlockSize || len(body)%aes.BlockSize != 0 {
		return nil, errMalformed
	}
	out := make([]byte, len(body)-aes.BlockSize)
	cipher.NewCBCDecrypter(s.aes, body[:aes.BlockSize]).CryptBlocks(out, body[aes.BlockSize:])
	pad := int(out[len(out)-1])
	if pad >= len(out) {
		return nil, errMalformed
	}
	return out[:len(out)-1-pad], nil
}
