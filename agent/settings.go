package agent

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// settings are the kernel's arguments that the agent reads.
type settings struct {
	API      string // URL without a slash at the end, "" for none
	Callback string // where to send an inventory, "" for no inspection
	LLDP     time.Duration
	Insecure bool
	Pin      []byte // SHA-256 of the API's certificate, nil for none
	Shell    bool
	BootedBy string // address of the card, "" where it is not known
}

// lldpTime is how long neighbours are waited for. A switch answers a newcomer that announces
// itself within a second (IEEE 802.1AB-2009, txFastInit); others announce every 30 s.
const lldpTime = 6 * time.Second

// parse reads the arguments.
func parse(args map[string]string, booted string) (settings, error) {
	s := settings{API: strings.TrimSuffix(args["ipa-api-url"], "/"), Callback: args["ipa-inspection-callback-url"], LLDP: lldpTime,
		BootedBy: booted}
	_, s.Shell = args["ironhook-shell"]
	s.Insecure = args["ipa-insecure"] == "1" || strings.EqualFold(args["ipa-insecure"], "true")
	if text, given := args["ipa-lldp-timeout"]; given {
		seconds, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return s, fmt.Errorf("kernel argument ipa-lldp-timeout=%q is no number of seconds", text)
		}
		s.LLDP = time.Duration(seconds) * time.Second
	}
	if text := args["ironhook-certificate"]; text != "" {
		pin, err := hex.DecodeString(text)
		if err != nil || len(pin) != 32 {
			return s, fmt.Errorf("kernel argument ironhook-certificate=%q is no SHA-256", text)
		}
		s.Pin = pin
	}
	for _, text := range []string{s.API, s.Callback} {
		u, err := url.Parse(text)
		if text != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
			return s, fmt.Errorf("kernel argument %q is no URL of scheme http or https", text)
		}
	}
	if cmp.Or(s.API, s.Callback) == "" {
		return s, fmt.Errorf("the kernel has no argument ipa-api-url: there is nobody to ask what to do")
	}
	return s, nil
}
