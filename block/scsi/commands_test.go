package scsi

import (
	"bytes"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The rows agree with each other and with the layout of CDBs.
func TestCommandTable(t *testing.T) {
	var last int
	for i, op := range commands.rows {
		place := int(op.usage[0])<<8 + op.action + 1
		if i > 0 && place <= last {
			t.Errorf("%s is out of order", op.name)
		}
		last = place
		last = place
		for at := op.size; at < len(op.usage); at++ {
			if op.usage[at] != 0 {
				t.Errorf("%s: usage data goes beyond its %d bytes", op.name, op.size)
			}
		}
		for _, f := range []field{op.lba, op.count} {
			for at := f.at; at < f.at+f.size; at++ {
				if op.usage[at] == 0 && op.name != "COMPARE AND WRITE" && op.usage[0] != 0x48 {
					t.Errorf("%s: byte %d of a field is not in the usage data", op.name, at)
				}
			}
		}
		if op.action >= 0 && op.usage[1]&0x1f != 0 {
			t.Errorf("%s: usage data has bits in place of the service action", op.name)
		}
		if op.usage[op.size-1] != 0 {
			t.Errorf("%s: control byte %#x, want nothing known", op.name, op.usage[op.size-1])
		}
		if op.flags&writes != 0 && op.access != writing {
			t.Errorf("%s writes, and reservations do not know", op.name)
		}
		if (op.moves == blocksOut || op.moves == pairsOut || op.moves == oneBlock) && op.flags&writes == 0 {
			t.Errorf("%s brings data for the medium and is not marked as writing", op.name)
		}
		if op.flags&alone != 0 && op.cost != Slow {
			t.Errorf("%s may wait for all others, and is planned as %d", op.name, op.cost)
		}
	}
}

// REPORT SUPPORTED OPERATION CODES returns the table, in each of its reporting options.
func TestReportSupportedOperationCodes(t *testing.T) {
	r := newRig(t, Options{})
	all := r.want("good", r.nexus, "a3 0c 00 00 0000 0000ffff 00 00").In
	timed := r.want("good", r.nexus, "a3 0c 80 00 0000 0000ffff 00 00").In
	offered := len(commands.rows) - 1 // WRITE ATOMIC is not
	if len(all) != 4+8*offered || len(timed) != 4+20*offered {
		t.Fatalf("%d and %d bytes for %d commands", len(all), len(timed), offered)
	}
	for i := range offered {
		d, timeouts := all[4+8*i:][:8], timed[4+20*i:][:20]
		if timeouts[5]&2 == 0 || !bytes.Equal(timeouts[8:10], b("000a")) {
			t.Errorf("%x: timeouts %x", d, timeouts)
		}
		byOpcode := fmt.Sprintf("a3 0c 01 %02x %x 0000ffff 00 00", d[0], d[2:4])
		byAction := fmt.Sprintf("a3 0c 82 %02x %x 0000ffff 00 00", d[0], d[2:4])
		byEither := fmt.Sprintf("a3 0c 03 %02x %x 0000ffff 00 00", d[0], d[2:4])
		one := r.want("good", r.nexus, byEither).In
		if one[1] != 3 || one[3] != d[7] || one[4] != d[0] || len(one) != 4+int(d[7]) {
			t.Errorf("%s = %x", byEither, one)
		}
		if d[5]&1 == 0 {
			r.want("good", r.nexus, byOpcode)
			r.want("5/2400", r.nexus, byAction)
			continue
		}
		r.want("5/2400", r.nexus, byOpcode)
		if got := r.want("good", r.nexus, byAction).In; got[1] != 0x83 || got[5]&0x1f != d[3] || len(got) != len(one)+12 {
			t.Errorf("%s = %x", byAction, got)
		}
	}
	for _, cdb := range []string{
		"a3 0c 01 ee 0000 0000ffff 00 00", // no such opcode
		"a3 0c 02 ee 0000 0000ffff 00 00",
		"a3 0c 02 9e 0013 0000ffff 00 00", // no such service action
		"a3 0c 03 9c 0000 0000ffff 00 00", // not on this disk
	} {
		if res := r.want("good", r.nexus, cdb); !bytes.Equal(res.In, b("00010000")) {
			t.Errorf("%s = %x, want not supported", cdb, res.In)
		}
	}
	r.want("5/2400", r.nexus, "a3 0c 04 00 0000 0000ffff 00 00")
	read := r.want("good", r.nexus, "a3 0c 01 28 0000 0000ffff 00 00").In
	if want := b("0003000a 28 18 ffffffff 3f ffff 00"); !bytes.Equal(read, want) {
		t.Errorf("READ(10) = %x, want %x", read, want)
	}
}

// decode runs sg_decode_sense of sg3_utils, an independent implementation of the same
// standards.
func decode(t *testing.T, args ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("needs sg_decode_sense")
	}
	out, err := exec.Command("sg_decode_sense", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("sg_decode_sense (package sg3-utils): %v\n%s", err, out)
	}
	return string(out)
}

func hexBytes(p []byte) []string { return strings.Fields(fmt.Sprintf("% x", p)) }

// Our names of commands are those of sg3_utils.
func TestCommandNamesBySecondSource(t *testing.T) {
	for _, op := range commands.rows {
		cdb := op.usage
		clear(cdb[1:])
		if op.action >= 0 {
			cdb[1] = byte(op.action)
		}
		got := strings.TrimSpace(decode(t, append([]string{"--cdb"}, hexBytes(cdb[:op.size])...)...))
		if !strings.EqualFold(got, op.name) && !strings.EqualFold(got, op.name+"(16)") { // GET LBA STATUS has a longer form today
			t.Errorf("%x is %q, we call it %q", cdb[:op.size], got, op.name)
		}
	}
}

// sg3_utils reads our sense data as we mean it, in both formats.
func TestSenseCodesBySecondSource(t *testing.T) {
	cases := map[*sense][2]string{
		errInvalidOpcode:                    {"Illegal Request", "Invalid command operation code"},
		errOutOfRange:                       {"Illegal Request", "Logical block address out of range"},
		errNoUnit:                           {"Illegal Request", "Logical unit not supported"},
		errParameterLength:                  {"Illegal Request", "Parameter list length error"},
		errInformationUnit:                  {"Illegal Request", "Invalid field in command information unit"},
		errWriteProtected:                   {"Data Protect", "Write protected"},
		errSoftwareProtect:                  {"Data Protect", "Logical unit software write protected"},
		errSpaceAllocation:                  {"Data Protect", "Space allocation failed write protect"},
		errRegistrationsFull:                {"Illegal Request", "Insufficient registration resources"},
		errInvalidRelease:                   {"Illegal Request", "Invalid release of persistent reservation"},
		errNotSaved:                         {"Illegal Request", "Saving parameters not supported"},
		errSanitizeFailed:                   {"Medium Error", "Sanitize command failed"},
		errInternal:                         {"Hardware Error", "Internal target failure"},
		invalidField(7, -1):                 {"Illegal Request", "Invalid field in cdb"},
		invalidField(2, 5):                  {"Error in Command", "byte 2 bit 5"},
		invalidParameter(300, 1):            {"Invalid field in parameter list", "byte 300 bit 1"},
		readFault(0x1234):                   {"Medium Error", "Unrecovered read error"},
		writeFault(exec.ErrNotFound):        {"Medium Error", "Write error"},
		{key: copyAborted, code: 0x0804}:    {"Copy Aborted", "Unreachable copy target"},
		{key: copyAborted, code: 0x0d02}:    {"Copy Aborted", "Copy target device not reachable"},
		{key: illegalRequest, code: 0x2606}: {"Illegal Request", "Too many target descriptors"},
		{key: illegalRequest, code: 0x2607}: {"Illegal Request", "Unsupported target descriptor type code"},
		{key: illegalRequest, code: 0x2608}: {"Illegal Request", "Too many segment descriptors"},
		{key: illegalRequest, code: 0x2609}: {"Illegal Request", "Unsupported segment descriptor type code"},
		{key: miscompare, code: 0x1d00, info: 7, hasInfo: true}:         {"Miscompare", "Miscompare during verify operation"},
		{key: notReady, code: 0x041b, specific: [3]byte{0x80, 0x80, 0}}: {"sanitize in progress", "50.00%"},
		attentionSense(powerOn):                {"Unit Attention", "Power on, reset, or bus device reset occurred"},
		attentionSense(targetReset):            {"Unit Attention", "SCSI bus reset occurred"},
		attentionSense(unitReset):              {"Unit Attention", "Bus device reset function occurred"},
		attentionSense(reservationsPreempted):  {"Unit Attention", "Reservations preempted"},
		attentionSense(registrationsPreempted): {"Unit Attention", "Registrations preempted"},
		attentionSense(reservationsReleased):   {"Unit Attention", "Reservations released"},
		attentionSense(commandsCleared):        {"Unit Attention", "Commands cleared by another initiator"},
		attentionSense(reportedLUNsChanged):    {"Unit Attention", "Reported luns data has changed"},
		attentionSense(capacityChanged):        {"Unit Attention", "Capacity data has changed"},
		attentionSense(modeParametersChanged):  {"Unit Attention", "Mode parameters changed"},
	}
	for s, want := range cases {
		for format, p := range map[string][]byte{"fixed": s.fixed(), "descriptor": s.descriptor()} {
			got := decode(t, hexBytes(p)...)
			if !strings.Contains(got, want[0]) || !strings.Contains(got, want[1]) {
				t.Errorf("%v, %s format\n got %s\nwant %q", s, format, got, want)
			}
		}
	}
}

func attentionSense(c condition) *sense { return &sense{key: unitAttention, code: attentionCodes[c]} }

// The product data pages, read by sg_vpd.
func TestProductPagesBySecondSource(t *testing.T) {
	if testing.Short() {
		t.Skip("needs sg_vpd")
	}
	r := newRig(t, Options{Serial: "vol-1"})
	for page, want := range map[string][]string{
		"00": {"Unit serial number", "Device identification", "Extended inquiry data", "Block limits", "Block device characteristics",
			"Logical block provisioning"},
		"80": {"Unit serial number: vol-1"},
		"83": {"designator type: NAA", "0x" + fmt.Sprintf("%x", r.lun.naa()), "vendor id: IRONHOOK", "vendor specific: vol-1",
			"iqn.2026-11.test:disk,t,0x0001", "Relative target port: 0x1"},
		"86": {"SIMPSUP=1", "ORDSUP=1", "HEADSUP=1", "V_SUP=1", "GRD_CHK=0"},
		"b0": {"Write same non-zero (WSNZ): 0", "Maximum compare and write length: 255 blocks", "Maximum transfer length: 65536 blocks",
			"Optimal transfer length granularity: 8 blocks", "Maximum unmap block descriptor count: 256", "Optimal unmap granularity: 8 blocks",
			"Unmap granularity alignment: 0", "Maximum write same length: 0x100000 blocks"},
		"b1": {"Non-rotating medium", "WABEREQ=1", "WACEREQ=1"},
		"b2": {"Unmap command supported (LBPU): 1", "Write same (16) with unmap bit supported (LBPWS): 1",
			"Write same (10) with unmap bit supported (LBPWS10): 1", "zeros (LBPRZ): 1", "Anchored LBAs supported (ANC_SUP): 0", "thin provisioned"},
	} {
		data := r.want("good", r.nexus, "12 01 "+page+" 0fff 00").In
		cmd := exec.Command("sg_vpd", "--inhex=-", "--page=0x"+page)
		cmd.Stdin = strings.NewReader(strings.Join(hexBytes(data), " "))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("sg_vpd (package sg3-utils): %v\n%s", err, out)
		}
		got := strings.Join(strings.Fields(string(out)), " ")
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("page %s: sg_vpd does not read %q in it:\n%s", page, w, out)
			}
		}
	}
}

// Every attention has a rank of its own and a code of its own.
func TestAttentionCodes(t *testing.T) {
	codes := slices.Clone(attentionCodes[:])
	slices.Sort(codes)
	if len(slices.Compact(codes)) != len(attentionCodes) || codes[0] == 0 {
		t.Errorf("codes = %04x", attentionCodes)
	}
}
