package baremetalapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"ironhook/api/rest"
	"ironhook/baremetal"
)

// Virtual media. As in Ironic, a request to change them is accepted, and the node's last_error says why nothing
// came of it.

// mediaTypes are the kinds of devices that virtual media are.
var mediaTypes = []string{"disk", "cdrom", "floppy"}

var (
	mediaSchema = &rest.Schema{Types: []string{"object"}, Closed: true, Order: []string{"device_type", "image_url", "image_download_source"},
		Required: []string{"device_type", "image_url"},
		Props: map[string]*rest.Schema{
			"device_type":           {Types: []string{"string"}, Enum: []any{"disk", "cdrom", "floppy"}},
			"image_url":             {Types: []string{"string"}},
			"image_download_source": {Types: []string{"string"}, Enum: []any{"http", "local", "swift"}},
		}}
	aMedium     = rest.Kind{Parse: func(name string, v any) (any, error) { return v, mediaSchema.Check(name, v) }, Doc: "object"}
	mediaScheme = []string{"http", "https", "nfs", "cifs"}
)

var vmediaRoutes = []route{
	{Method: "GET", Path: "/nodes/{node_ident}/vmedia", Since: 89, Gate: rest.ErrNoRoute, Args: args{nodeArg},
		Handle: showMedia, Doc: "Show the virtual media of a node"},
	{Method: "POST", Path: "/nodes/{node_ident}/vmedia", Since: 89, Gate: rest.ErrNoRoute, Body: "vmedia", Status: http.StatusNoContent,
		Args: args{nodeArg, rest.Mandatory("vmedia", aMedium)}, Handle: attachMedium, Doc: "Attach an image as virtual media"},
	{Method: "DELETE", Path: "/nodes/{node_ident}/vmedia", Since: 89, Gate: rest.ErrNoRoute, Status: http.StatusNoContent,
		Args: args{nodeArg, rest.Optional("device_types", rest.Words)}, Handle: detachMedia, Doc: "Detach virtual media"},
	{Method: "DELETE", Path: "/nodes/{node_ident}/vmedia/{device_types}", Since: 89, Gate: rest.ErrNoRoute, Status: http.StatusNoContent,
		Args: args{nodeArg, rest.Optional("device_types", rest.Words)}, Handle: detachMedia, Doc: "Detach virtual media of one kind"},
}

func showMedia(c *call) ([]byte, error) {
	if c.Minor < 93 {
		return nil, rest.Refuse(http.StatusNotFound, "The resource could not be found.")
	}
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	media, err := c.conductor.Media(c.Context(), n.UUID)
	if err != nil {
		return nil, err
	}
	shown := []any{}
	for _, m := range media {
		var image any
		if m.Image != "" {
			image = m.Image
		}
		shown = append(shown, map[string]any(baremetal.Secrets.Mask(baremetal.Object{"media_types": m.Types, "inserted": m.Inserted,
			"image": image})))
	}
	return rest.Encode(shown), nil
}

func attachMedium(c *call) ([]byte, error) {
	medium := rest.AsObject(c.Args["vmedia"])
	scheme := ""
	if u, err := url.Parse(medium.Text("image_url")); err == nil {
		scheme = u.Scheme
	}
	if !slices.Contains(mediaScheme, scheme) {
		return nil, rest.Invalid("Unsupported or missing URL scheme: %s", scheme)
	}
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	return nil, c.conductor.AttachMedium(c.Context(), n.UUID, medium.Text("device_type"), medium.Text("image_url"))
}

func detachMedia(c *call) ([]byte, error) {
	asked := slices.DeleteFunc(c.Args.List("device_types"), func(t string) bool { return t == "" })
	invalid := slices.DeleteFunc(slices.Clone(asked), func(t string) bool { return slices.Contains(mediaTypes, t) })
	if len(invalid) > 0 {
		return nil, rest.Invalid("Invalid device type(s) %s (valid are disk, cdrom, floppy)", strings.Join(invalid, ", "))
	}
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	if len(asked) == 0 {
		asked = mediaTypes
	}
	return nil, c.conductor.DetachMedia(c.Context(), n.UUID, asked)
}
