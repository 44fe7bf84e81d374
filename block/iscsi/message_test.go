package iscsi

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
)

// layouts has a PDU of every opcode as the figures of RFC 7143 §11 draw it, four bytes a
// word, and its fields.
var layouts = []struct {
	wire string
	m    Message
}{
	{"41e20000 00000000 0102030405060708 11111111 22222222 33333333 44444444 28010203 04050607 08090a0b 0c0d0e0f",
		SCSICommand{
			RequestFields: RequestFields{true, 0x11111111, 0x33333333, 0x44444444}, Final: true, Direction: FlagRead | FlagWrite, Attribute: Ordered,
			LUN: 0x0102030405060708, EDTL: 0x22222222, CDB: [16]byte{0x28, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
		}},
	{"02810000 00000000 0102030405060708 11111111 22222222 33333333 44444444 55555555 66666666 00000000 00000000",
		TaskRequest{
			RequestFields: RequestFields{false, 0x11111111, 0x33333333, 0x44444444}, Function: AbortTask, LUN: 0x0102030405060708,
			RefTag: 0x22222222, RefCmdSN: 0x55555555, ExpDataSN: 0x66666666,
		}},
	{"43870201 00000000 808182838485 8687 11111111 22220000 33333333 44444444 00000000 00000000 00000000 00000000",
		LoginRequest{
			RequestFields: RequestFields{true, 0x11111111, 0x33333333, 0x44444444}, Transit: true, Stage: OperationalStage, Next: FullFeaturePhase,
			VersionMax: 2, VersionMin: 1, ISID: ISID{0x80, 0x81, 0x82, 0x83, 0x84, 0x85}, TSIH: 0x8687, CID: 0x2222,
		}},
	{"04400000 00000000 0102030405060708 11111111 22222222 33333333 44444444 00000000 00000000 00000000 00000000",
		TextRequest{RequestFields: RequestFields{false, 0x11111111, 0x33333333, 0x44444444}, Continue: true, LUN: 0x0102030405060708,
			TTT: 0x22222222}},
	{"05800000 00000000 0102030405060708 11111111 22222222 00000000 44444444 00000000 55555555 66666666 00000000",
		DataOut{
			Final: true, LUN: 0x0102030405060708, ITT: 0x11111111, TTT: 0x22222222, ExpStatSN: 0x44444444, DataSN: 0x55555555, Offset: 0x66666666,
		}},
	{"46810000 00000000 0000000000000000 11111111 22220000 33333333 44444444 00000000 00000000 00000000 00000000",
		LogoutRequest{RequestFields: RequestFields{true, 0x11111111, 0x33333333, 0x44444444}, Reason: CloseConnection, CID: 0x2222}},
	{"40800000 00000000 0102030405060708 11111111 22222222 33333333 44444444 00000000 00000000 00000000 00000000",
		NopOut{RequestFields: RequestFields{true, 0x11111111, 0x33333333, 0x44444444}, LUN: 0x0102030405060708, TTT: 0x22222222}},

	{"20800000 00000000 0102030405060708 11111111 22222222 33333333 44444444 55555555 00000000 00000000 00000000",
		NopIn{ResponseFields: ResponseFields{0x11111111, 0x33333333, 0x44444444, 0x55555555}, LUN: 0x0102030405060708, TTT: 0x22222222}},
	{"21820102 00000000 0000000000000000 11111111 00000000 33333333 44444444 55555555 66666666 00000000 77777777",
		SCSIResponse{
			ResponseFields: ResponseFields{0x11111111, 0x33333333, 0x44444444, 0x55555555}, Response: 1, Status: 2, ExpDataSN: 0x66666666,
			Residual: Residual{Underflow: true, Count: 0x77777777},
		}},
	{"22800500 00000000 0000000000000000 11111111 00000000 33333333 44444444 55555555 00000000 00000000 00000000",
		TaskResponse{ResponseFields: ResponseFields{0x11111111, 0x33333333, 0x44444444, 0x55555555}, Response: FunctionNotSupported}},
	{"23840302 00000000 808182838485 8687 11111111 00000000 33333333 44444444 55555555 02010000 00000000 00000000",
		LoginResponse{
			ResponseFields: ResponseFields{0x11111111, 0x33333333, 0x44444444, 0x55555555}, Transit: true, Stage: OperationalStage, VersionMax: 3,
			VersionActive: 2, ISID: ISID{0x80, 0x81, 0x82, 0x83, 0x84, 0x85}, TSIH: 0x8687, Status: authFailure,
		}},
	{"24400000 00000000 0102030405060708 11111111 22222222 33333333 44444444 55555555 00000000 00000000 00000000",
		TextResponse{
			ResponseFields: ResponseFields{0x11111111, 0x33333333, 0x44444444, 0x55555555}, Continue: true, LUN: 0x0102030405060708, TTT: 0x22222222,
		}},
	{"25850002 00000000 0102030405060708 11111111 22222222 33333333 44444444 55555555 66666666 77777777 88888888",
		DataIn{
			ResponseFields: ResponseFields{0x11111111, 0x33333333, 0x44444444, 0x55555555}, Final: true, HasStatus: true, Status: 2,
			LUN: 0x0102030405060708, TTT: 0x22222222, DataSN: 0x66666666, Offset: 0x77777777, Residual: Residual{Overflow: true, Count: 0x88888888},
		}},
	{"26800200 00000000 0000000000000000 11111111 00000000 33333333 44444444 55555555 00000000 00020014 00000000",
		LogoutResponse{
			ResponseFields: ResponseFields{0x11111111, 0x33333333, 0x44444444, 0x55555555}, Response: RecoveryUnsupported, Time2Wait: 2,
			Time2Retain: 20,
		}},
	{"31800000 00000000 0102030405060708 11111111 22222222 33333333 44444444 55555555 66666666 77777777 88888888",
		R2T{
			ResponseFields: ResponseFields{0x11111111, 0x33333333, 0x44444444, 0x55555555}, LUN: 0x0102030405060708, TTT: 0x22222222,
			R2TSN: 0x66666666, Offset: 0x77777777, Desired: 0x88888888,
		}},
	{"32800000 00000000 0000000000000000 ffffffff 00000000 33333333 44444444 55555555 01000001 00020003 00000000",
		Async{ResponseFields: ResponseFields{NoTag, 0x33333333, 0x44444444, 0x55555555}, Event: RequestLogout, Parameter1: 1, Parameter2: 2,
			Parameter3: 3}},
	{"3f800900 00000000 0000000000000000 ffffffff 00000000 33333333 44444444 55555555 66666666 00000000 00000000",
		Reject{ResponseFields: ResponseFields{NoTag, 0x33333333, 0x44444444, 0x55555555}, Reason: invalidField, DataSN: 0x66666666}},
}

// decoded reads h as a message of the type of like.
func decoded(like Message, h Header) any {
	p := reflect.New(reflect.TypeOf(like))
	p.Interface().(interface{ Decode(Header) }).Decode(h)
	return p.Elem().Interface()
}

// Each message is encoded as the RFC draws it, whatever was in the buffer, and decodes to
// the same fields.
func TestLayouts(t *testing.T) {
	for _, tt := range layouts {
		wire, err := hex.DecodeString(strings.ReplaceAll(tt.wire, " ", ""))
		if err != nil || len(wire) != HeaderLen {
			t.Fatalf("%T: %d bytes, %v", tt.m, len(wire), err)
		}
		if got := tt.m.Encode(bytes.Repeat([]byte{0xee}, HeaderLen)); !bytes.Equal(got, wire) {
			t.Errorf("%T encoded\n   = %x\nwant %x", tt.m, got, wire)
		}
		if got := decoded(tt.m, wire); got != any(tt.m) {
			t.Errorf("%T decoded\n   = %+v\nwant %+v", tt.m, got, tt.m)
		}
	}
}

// Decoding, encoding and decoding any bytes gives the same message twice.
func FuzzMessage(f *testing.F) {
	for i, tt := range layouts {
		f.Add(uint8(i), []byte(tt.m.Encode(make(Header, HeaderLen))))
	}
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		if len(b) != HeaderLen {
			return
		}
		like := layouts[int(which)%len(layouts)].m
		first := decoded(like, b).(Message)
		if again := decoded(like, first.Encode(make(Header, HeaderLen))); again != any(first) {
			t.Errorf("%T\n     = %+v\nagain %+v", like, first, again)
		}
	})
}
