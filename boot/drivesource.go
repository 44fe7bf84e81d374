package boot

import (
	"encoding/base64"
	"net/url"
	"strings"

	"ironhook/baremetal"
)

// MaxPackedDrive bounds what is fetched as a config drive: the largest one, in base64 with line ends.
const MaxPackedDrive = maxDrive/2*3 + 1

// DriveURL is where the config drive of a node is before its deployment, "" for it is in
// instance_info.
func DriveURL(n *baremetal.Node) string {
	text, _ := n.InstanceInfo["configdrive"].(string)
	text = strings.TrimSpace(text)
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	return text
}

// FetchedDrive is what was at that URL, as instance_info has it: an image that is gzipped,
// in base64 or as it is.
func FetchedDrive(body []byte) (string, error) {
	text := string(body)
	if strings.HasPrefix(text, "\x1f\x8b") { // gzip
		text = base64.StdEncoding.EncodeToString(body)
	}
	_, err := unpack(text)
	return text, err
}
