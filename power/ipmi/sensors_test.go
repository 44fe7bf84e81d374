package ipmi

import (
	"errors"
	"fmt"
	"math"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ironhook/baremetal"
)

// record is a Full Sensor Record of a sensor with these factors.
func record(number byte, name string, format, unit, linear byte, m, b, k1, k2 int) []byte {
	r := make([]byte, recordName+1, recordName+1+len(name))
	r[0], r[2], r[3], r[5], r[7], r[13] = number, 0x51, fullRecord, ownBMC, number, thresholdBase
	r[10], r[11], r[12] = 0x7f, 0x68, 0x01
	r[20], r[21], r[23] = format<<6, unit, linear
	r[24], r[25] = byte(m), byte(m>>2)&0xc0
	r[26], r[27] = byte(b), byte(b>>2)&0xc0
	r[29] = byte(k2)<<4 | byte(k1)&0x0f
	r[recordName] = 0xc0 | byte(len(name))
	r = append(r, name...)
	r[4] = byte(len(r) - recordHead)
	return r
}

// Section 36.3, each part of the formula with another.
func TestReadingIsConverted(t *testing.T) {
	for _, c := range []struct {
		what   string
		record []byte
		raw    byte
		want   float64
	}{
		{"as it is", record(1, "CPU", unsigned, 1, 0, 1, 0, 0, 0), 200, 200},
		{"two's complement", record(1, "CPU", twosComplement, 1, 0, 1, 0, 0, 0), 0xf6, -10},
		{"one's complement", record(1, "CPU", onesComplement, 1, 0, 1, 0, 0, 0), 0xf5, -10},
		{"M and the exponent of the result", record(1, "12V", unsigned, 4, 0, 63, 0, 0, -3), 190, 11.97},
		{"B and its exponent", record(1, "Ambient", unsigned, 1, 0, 5, -4, 1, -1), 100, 46},
		{"M of ten bits", record(1, "Fan", unsigned, 18, 0, 300, 0, 0, 0), 14, 4200},
		{"negative M", record(1, "Margin", unsigned, 1, 0, -512, 511, 0, 0), 1, -1},
		{"1/x", record(1, "Fan", unsigned, 18, 7, 1, 0, 0, -4), 5, 2000},
		{"square root", record(1, "x", unsigned, 0, 10, 1, 0, 0, 0), 144, 12},
		{"cube root", record(1, "x", unsigned, 0, 11, 1, 0, 0, 0), 27, 3},
		{"10^x", record(1, "x", unsigned, 0, 5, 1, 0, 0, 0), 3, 1000},
		{"logarithm", record(1, "x", unsigned, 0, 3, 1, 0, 0, 0), 8, 3},
	} {
		s, ok := parseSDR(c.record)
		if !ok {
			t.Errorf("%s: no record", c.what)
			continue
		}
		if got, ok := s.value(c.raw, s.factors); !ok || math.Abs(got-c.want) > 0.0005 {
			t.Errorf("%s: %g, %t, want %g", c.what, got, ok, c.want)
		}
	}
	for what, s := range map[string]sdr{
		"logarithm of 0": {factors: factors{linear: 1}}, "1/0": {factors: factors{linear: 7}}, "no such function": {factors: factors{linear: 12}},
	} {
		if got, ok := s.value(0, s.factors); ok {
			t.Errorf("%s = %g", what, got)
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		head byte
		b    []byte
		want string
	}{
		{0xc3, []byte("CPU Temp"), "CPU"},
		{0xc4, []byte("a\x00\x1bb"), "a..b"},
		{0x42, []byte{0x12, 0xc3}, "12.3"},
		{0x83, []byte{0x29, 0xdc, 0xa6}, "IPMI"}, // the example of section 43.15
		{0xdf, []byte("short"), "short"},
	} {
		if got := nameOf(c.head, c.b); got != c.want {
			t.Errorf("nameOf(%#x, %x) = %q, want %q", c.head, c.b, got, c.want)
		}
	}
}

func TestHealth(t *testing.T) {
	for bits, want := range map[byte]string{0: "OK", 0x08: "Warning", 0x01: "Warning", 0x18: "Critical", 0x03: "Critical", 0x20: "Critical",
		0x04: "Critical", 0xc0: "OK"} {
		if got := healthOf(bits); got != want {
			t.Errorf("healthOf(%#x) = %s, want %s", bits, got, want)
		}
	}
}

// The simulator has three sensors: one is fine, one above a threshold, one has no record, and a record has no sensor.
func TestSensors(t *testing.T) {
	var emu strings.Builder
	for _, r := range [][]byte{
		record(1, "CPU Temp", unsigned, 1, 0, 1, 0, 0, 0), record(2, "12V", unsigned, 4, 0, 63, 0, 0, -3),
		record(9, "gone", unsigned, 1, 0, 1, 0, 0, 0),
	} {
		emu.WriteString("main_sdr_add 0x20")
		for _, b := range r {
			fmt.Fprintf(&emu, " %#02x", b)
		}
		emu.WriteString("\n")
	}
	for number, value := range map[int]int{1: 45, 2: 190, 3: 7} {
		fmt.Fprintf(&emu, "sensor_add 0x20 0 %d 1 1\nsensor_set_value 0x20 0 %d %d 0\n", number, number, value)
	}
	n := startSim(t, emu.String())
	list, err := New(hurried).Sensors(t.Context(), n)
	want := []baremetal.Reading{{Name: "CPU Temp", Value: 45, Unit: "Cel", Health: "OK"}, {Name: "12V", Value: 11.97, Unit: "V", Health: "OK"}}
	if err != nil || fmt.Sprint(list) != fmt.Sprint(want) {
		t.Errorf("sensors = %v, %v, want %v", list, err, want)
	}
}

// relay forwards datagrams between a driver and the BMC of a node and counts those of the driver.
func relay(t *testing.T, n *baremetal.Node) (*baremetal.Node, *atomic.Int64) {
	t.Helper()
	bmc, err := net.Dial("udp", fmt.Sprintf("127.0.0.1:%v", n.DriverInfo["ipmi_port"]))
	if err != nil {
		t.Fatal(err)
	}
	front, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	var sent atomic.Int64
	var driver atomic.Pointer[net.UDPAddr]
	var running sync.WaitGroup
	t.Cleanup(func() { bmc.Close(); front.Close(); running.Wait() })
	running.Go(func() {
		for b := make([]byte, 2048); ; {
			size, from, err := front.ReadFromUDP(b)
			if err != nil {
				return
			}
			driver.Store(from)
			sent.Add(1)
			_, _ = bmc.Write(b[:size])
		}
	})
	running.Go(func() {
		for b := make([]byte, 2048); ; {
			size, err := bmc.Read(b)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil { // it does not listen yet
				continue
			}
			_, _ = front.WriteToUDP(b[:size], driver.Load())
		}
	})
	return nodeAt(front.LocalAddr().(*net.UDPAddr).Port, "ipmiusr", "test"), &sent
}

// More sensors than one session reads; the second time their records are not read again.
func TestManySensors(t *testing.T) {
	const sensors = 70 // of at least five commands each
	var emu strings.Builder
	for i := range sensors {
		emu.WriteString("main_sdr_add 0x20" + hexOf(record(byte(i+1), fmt.Sprintf("Fan %d", i+1), unsigned, 18, 0, 100, 0, 0, 0)))
		fmt.Fprintf(&emu, "\nsensor_add 0x20 0 %d 4 1\nsensor_set_value 0x20 0 %[1]d %[1]d 0\n", i+1)
	}
	n, sent := relay(t, startSim(t, emu.String()))
	d := New(hurried)
	var packets [2]int64
	for round := range packets {
		before := sent.Load()
		list, err := d.Sensors(t.Context(), n)
		if err != nil || len(list) != sensors {
			t.Fatalf("%d sensors, %v, want %d", len(list), err, sensors)
		}
		for i, r := range list {
			if want := (baremetal.Reading{Name: fmt.Sprintf("Fan %d", i+1), Value: float64(100 * (i + 1)), Unit: "RPM", Health: "OK"}); r != want {
				t.Errorf("sensor %d = %+v, want %+v", i, r, want)
			}
		}
		packets[round] = sent.Load() - before
	}
	if packets[1] > packets[0]-3*sensors {
		t.Errorf("%d packets the first time, %d the second", packets[0], packets[1])
	}
}

// Records are believed while the BMC says that they are the same, for an hour, and not at all if it does not say.
func TestKeptRecords(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		kept, asked string
		after       time.Duration
		want        bool
	}{
		{"a", "a", time.Minute, true}, {"a", "b", time.Minute, false}, {"a", "a", recordsTime + time.Second, false}, {"", "", time.Minute, false},
	} {
		k := New(hurried).recordsOf("bmc")
		k.put(c.kept, sensorRecords{numbers: []sdr{{number: 7}}}, now)
		if list, ok := k.get(c.asked, now.Add(c.after)); ok != c.want || ok && (len(list.numbers) != 1 || list.numbers[0].number != 7) {
			t.Errorf("%+v: %v, %v", c, list, ok)
		}
	}
	d := New(hurried)
	d.recordsOf("one").put("a", sensorRecords{}, now)
	if _, ok := d.recordsOf("two").get("a", now); ok {
		t.Error("the records of one BMC pass for those of another")
	}
	if _, ok := d.recordsOf("one").get("a", now); !ok {
		t.Error("the records are forgotten")
	}
}

// FuzzSDR: whatever a BMC says of itself is a number or nothing.
func FuzzSDR(f *testing.F) {
	f.Add(record(1, "CPU Temp", unsigned, 1, 0, 1, 0, 0, 0), byte(45))
	f.Add(record(2, "Fan", twosComplement, 18, 7, -5, 4, 7, -8), byte(0))
	f.Fuzz(func(t *testing.T, b []byte, raw byte) {
		s, ok := parseSDR(b)
		if !ok {
			return
		}
		if v, ok := s.value(raw, s.factors); ok && (math.IsNaN(v) || math.IsInf(v, 0)) {
			t.Fatalf("%x: %v", b, v)
		}
		if strings.ContainsFunc(s.name, func(r rune) bool { return r < ' ' || r > '~' }) || s.name == "" {
			t.Fatalf("%x: name %q", b, s.name)
		}
	})
}

// A BMC may have no repository at all.
func TestNoSensors(t *testing.T) {
	list, err := New(hurried).Sensors(t.Context(), startSim(t))
	if !errors.Is(err, baremetal.ErrUnsupported) || !strings.Contains(err.Error(), "no records of sensors") {
		t.Errorf("sensors = %v, %v, want %v", list, err, baremetal.ErrUnsupported)
	}
}
