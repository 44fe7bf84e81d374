package ipmi

import (
	"errors"
	"regexp"
	"testing"

	"ironhook/power/ipmi/rmcp"
)

// TestProbes asks OpenIPMI's simulator, which has a device ID and an event log.
func TestProbes(t *testing.T) {
	n := startSim(t)
	want := []*regexp.Regexp{regexp.MustCompile(`^\d+\.[0-9a-f]+, IPMI [12]\.\d, manufacturer \d+, product \d+$`),
		regexp.MustCompile(`^\d+ entries, \d+ bytes free`)}
	for i, q := range New(hurried).Probes(n) {
		answer, err := q.Ask(t.Context())
		if err != nil || !want[i].MatchString(answer) {
			t.Errorf("%s: %q, %v", q.What, answer, err)
		}
	}
}

// TestAnswersOfProbes against the tables of the specification: sections 20.1 and 31.2.
func TestAnswersOfProbes(t *testing.T) {
	device := []byte{0x20, 0x81, 0x82, 0x14, 0x02, 0xbf, 0xa2, 0x02, 0x00, 0x00, 0x01, 0, 0, 0, 0}
	if got, err := deviceWords(device); err != nil || got != "2.14, IPMI 2.0, manufacturer 674, product 256" {
		t.Errorf("%q, %v", got, err)
	}
	log := []byte{0x51, 3, 0, 0x10, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0x80}
	if got, err := logWords(log); err != nil || got != "3 entries, 528 bytes free; it is full, and entries were lost: clear it" {
		t.Errorf("%q, %v", got, err)
	}
	for i := range device {
		if _, err := deviceWords(device[:min(i, 10)]); !errors.Is(err, rmcp.ErrProtocol) {
			t.Errorf("%d bytes of a device ID: %v", i, err)
		}
	}
	for i := range log {
		if _, err := logWords(log[:i]); !errors.Is(err, rmcp.ErrProtocol) {
			t.Errorf("%d bytes of the log: %v", i, err)
		}
	}
}
