package boot

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"

	"ironhook/baremetal"
)

// Drive is a small disk from which a machine's system reads its configuration. It may have
// secrets on it.
type Drive struct {
	Label string            // of the volume
	Files map[string][]byte // by path
	Image []byte            // the whole drive instead, as it was given
}

// maxDrive is the limit of a config drive in bytes, as in Ironic (MAX_CONFIG_DRIVE_SIZE_MB).
const maxDrive = 64 << 20

// Drives returns the drives that instance_info.configdrive asks for, nil for none: an image
// that is gzipped and in base64 as it is; of the object form one for OpenStack's
// data source, and one for NoCloud unless it has network_data, which that cannot express.
func Drives(n *baremetal.Node) ([]Drive, error) {
	switch v := n.InstanceInfo["configdrive"].(type) {
	case map[string]any:
		return drivesOf(n, v)
	case string:
		if strings.TrimSpace(v) == "" {
			return nil, nil
		}
		image, err := unpack(v)
		if err != nil {
			return nil, err
		}
		return []Drive{{Image: image}}, nil
	case nil:
		return nil, nil
	}
	return nil, errors.New("is neither an object nor an image, gzipped and in base64")
}

// unpack reads an image out of base64 and gzip.
func unpack(text string) ([]byte, error) {
	if strings.Contains(text, "://") {
		return nil, errors.New("is a URL, from which a deployment fetches the drive if it begins with http:// or https://")
	}
	packed, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, errors.New("is no base64")
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, errors.New("is not gzipped")
	}
	image, err := io.ReadAll(io.LimitReader(z, maxDrive+1))
	switch {
	case err != nil:
		return nil, errors.New("is cut off or damaged: gzip cannot unpack it")
	case len(image) == 0 || len(image) > maxDrive:
		return nil, fmt.Errorf("has %d bytes unpacked, not 1 to %d", len(image), maxDrive)
	}
	return image, nil
}

// openStackFiles are the files of OpenStack's data source, by the key of the object form
// (cloud-init, "Config drive").
var openStackFiles = map[string]string{"user_data": "user_data", "vendor_data": "vendor_data.json", "network_data": "network_data.json"}

// drivesOf makes the drives of the object form.
func drivesOf(n *baremetal.Node, of map[string]any) ([]Drive, error) {
	if !given(of) {
		return nil, nil
	}
	const latest = "openstack/latest/"
	meta := map[string]any{"uuid": n.UUID, "name": n.Label(), "hostname": n.Label()}
	if n.InstanceUUID != "" {
		meta["uuid"] = n.InstanceUUID
	}
	one := Drive{Label: "config-2", Files: map[string][]byte{}}
	for key, v := range of {
		file, known := openStackFiles[key]
		own, isObject := v.(map[string]any)
		switch {
		case !given(v):
		case known:
			one.Files[latest+file] = []byte(text(v))
		case key != "meta_data":
			return nil, fmt.Errorf("has %.40s, which a config drive cannot express", key)
		case !isObject:
			return nil, errors.New("has meta_data that are no object")
		default:
			if own["name"] != nil && own["hostname"] == nil {
				meta["hostname"] = own["name"]
			}
			maps.Copy(meta, own)
		}
	}
	one.Files[latest+"meta_data.json"] = []byte(text(meta))
	files, err := parseCloud(n)
	if err != nil {
		return []Drive{one}, nil // only network_data is left
	}
	other := Drive{Label: "cidata", Files: map[string][]byte{}}
	for name, content := range files {
		other.Files[name] = []byte(content)
	}
	return []Drive{one, other}, nil
}
