package boot

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"

	"ironhook/baremetal"
)

// Source returns the location of the image that image_source in instance_info names: a name or
// UUID, glance://UUID, or a URL of scheme http, https or file. An image elsewhere needs a
// checksum of SHA-256 or SHA-512 as Ironic spells it: image_os_hash_algo with
// image_os_hash_value, or image_checksum. By it the image is imported once and never
// changes unnoticed.
func Source(n *baremetal.Node) (s baremetal.ImageSource, r *Refusal) {
	text := n.ImageSource()
	scheme, rest, isURL := strings.Cut(text, "://")
	scheme = strings.ToLower(scheme)
	switch {
	case !isURL:
		return baremetal.ImageSource{Reference: text}, nil
	case scheme == "glance":
		return baremetal.ImageSource{Reference: rest}, nil
	case scheme != "http" && scheme != "https" && scheme != "file":
		return s, &Refusal{
			fmt.Sprintf("instance_info.image_source of %s has the scheme %.20q, by which Ironhook fetches nothing", n.Label(), scheme),
			"Set it to a name from: openstack image list, or to a URL of scheme http, https or file"}
	}
	u, err := url.Parse(text)
	if err != nil || scheme != "file" && u.Host == "" || scheme == "file" && (u.Host != "" || !strings.HasPrefix(u.Path, "/")) {
		return s, &Refusal{
			fmt.Sprintf("instance_info.image_source of %s is no proper URL", n.Label()),
			"Write it like https://HOST/PATH or file:///PATH"}
	}
	s = baremetal.ImageSource{URL: text, Format: n.InstanceInfo.Text("image_disk_format")}
	s.Checksum, r = checksum(n)
	if r == nil && s.Checksum == "" {
		r = &Refusal{
			fmt.Sprintf("instance_info.image_source of %s is a URL, and instance_info has no checksum of that file", n.Label()),
			"Set image_os_hash_algo to sha256 or sha512 and image_os_hash_value to the checksum, or boot from a volume target: " + unsetImage(n)}
	}
	return s, r
}

// digits is the number of hexadecimal digits of a checksum, by algorithm.
var digits = map[string]int{"sha256": 64, "sha512": 128}

// checksum returns the checksum of the image's file in instance_info as ALGORITHM:HEX,
// "" for none.
func checksum(n *baremetal.Node) (string, *Refusal) {
	algorithm, key := strings.ToLower(n.InstanceInfo.Text("image_os_hash_algo")), "image_os_hash_value"
	value := strings.ToLower(strings.TrimSpace(n.InstanceInfo.Text(key)))
	if algorithm == "" && value == "" {
		key = "image_checksum"
		value = strings.ToLower(strings.TrimSpace(n.InstanceInfo.Text(key)))
		if before, after, named := strings.Cut(value, ":"); named {
			algorithm, value = before, after
		} else {
			algorithm = algorithmOf(len(value))
		}
	}
	if value == "" && algorithm == "" {
		return "", nil
	}
	if _, err := hex.DecodeString(value); err != nil || digits[algorithm] != len(value) {
		return "", &Refusal{
			fmt.Sprintf("%s in instance_info is no checksum of SHA-256 or SHA-512", key),
			"Set image_os_hash_algo to sha256 or sha512, and image_os_hash_value to as many hexadecimal digits (64 or 128)"}
	}
	return algorithm + ":" + value, nil
}

// algorithmOf is the algorithm of an image_checksum, which says so by its length.
func algorithmOf(length int) string {
	for name, n := range digits {
		if n == length {
			return name
		}
	}
	return ""
}

// is refuses an image that does not match the checksum in instance_info. Images are
// stored with SHA-512 and MD5, the original algorithm of Ironic's image_checksum.
func (f Facts) is() *Refusal {
	s, _ := Source(f.Node)
	if s.URL != "" {
		return nil // the import has compared it
	}
	given := strings.ToLower(strings.TrimSpace(f.Node.InstanceInfo.Text("image_checksum")))
	if len(given) == 32 && f.Node.InstanceInfo.Text("image_os_hash_value") == "" {
		return f.sameSum(given, f.Image.Checksum)
	}
	want, r := checksum(f.Node)
	algorithm, given, _ := strings.Cut(want, ":")
	switch {
	case r != nil || want == "":
		return r
	case algorithm != "sha512":
		return &Refusal{
			fmt.Sprintf("instance_info has a checksum of SHA-256 of image %s, which is kept with one of SHA-512", f.Image.UUID),
			"Set image_os_hash_algo to sha512 and image_os_hash_value to that of: openstack image show, or remove both"}
	}
	return f.sameSum(given, f.Image.HashValue)
}

func (f Facts) sameSum(given, has string) *Refusal {
	if given == has {
		return nil
	}
	return &Refusal{
		fmt.Sprintf("The checksum in instance_info is not that of image %s", f.Image.UUID),
		"Set it to that of: openstack image show, or remove it"}
}
