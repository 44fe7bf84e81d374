package baremetal

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path"
	"strings"
)

// ImageSource is where the image of a deployment is: here, by Reference, or elsewhere,
// by URL.
type ImageSource struct {
	Reference string // UUID or name of an image
	URL       string // http, https or file
	Checksum  string // sha256:HEX or sha512:HEX of the file at the URL
	Format    string // the format the client claims; "" is the one detected
}

// Key is the same for two sources that give the same image, and "" for a reference.
func (s ImageSource) Key() string {
	if s.URL == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{s.URL, s.Checksum, s.Format}, "\n")))
	return hex.EncodeToString(sum[:])
}

// Label is the URL for a person to read: without its user, query and fragment, in which
// passwords and signatures travel.
func (s ImageSource) Label() string {
	u, err := url.Parse(s.URL)
	if err != nil {
		return "the image"
	}
	u.User, u.RawQuery, u.Fragment, u.ForceQuery = nil, "", "", false
	return u.String()
}

// Name is the name of an image that is imported from the URL: that of its file, made
// unique.
func (s ImageSource) Name() string {
	u, err := url.Parse(s.URL)
	if err != nil {
		return s.Key()[:8]
	}
	return path.Base(path.Clean("/"+u.Path)) + "-" + s.Key()[:8]
}
