package baremetalapi

import (
	"net/http"
	"slices"
	"strings"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/store"
)

// What a BMC has told of a machine: settings of its firmware, and versions of its components.

var (
	biosFields     = []string{"name", "value"}
	registryFields = []string{"name", "value", "attribute_type", "allowable_values", "lower_bound", "max_length", "min_length", "read_only",
		"reset_required", "unique", "upper_bound"}
	firmwareFields = []string{"component", "initial_version", "current_version", "last_version_flashed"}
	identityFields = []string{"vendor", "model", "serial_number"}

	// What a client may ask for, in the order in which Ironic lists it.
	biosNames = []any{"allowable_values", "attribute_type", "created_at", "lower_bound", "links", "max_length", "min_length", "name",
		"node_uuid",
		"read_only", "reset_required", "unique", "updated_at", "value"}
	firmwareNames = []any{"created_at", "updated_at", "component", "initial_version", "current_version", "last_version_flashed", "vendor",
		"model",
		"serial_number"}
)

// knownFields refuses a field that is none of names, nor of those that Ironic shows but leaves out of its list.
func knownFields(fields []string, names []any, unlisted ...string) error {
	for _, f := range fields {
		if f != "" && !slices.Contains(unlisted, f) && !slices.Contains(names, any(f)) {
			return rest.Invalid("Schema error: %s is not one of %s", rest.Quote(f), rest.Repr(names))
		}
	}
	return nil
}

func listBIOS(c *call) ([]byte, error) {
	if unknown := slices.DeleteFunc([]string{"detail", "fields"}, func(name string) bool { return !c.Args.Has(name) }); c.Minor < 74 &&
		len(unknown) > 0 {
		verb := map[bool]string{true: "was", false: "were"}[len(unknown) == 1]
		return nil, rest.Invalid("Schema error: Additional properties are not allowed ('%s' %s unexpected)", strings.Join(unknown, "', '"), verb)
	}
	if c.Args.Given("fields") && c.Args.Flag("detail") {
		return nil, rest.Invalid("Can not specify ?detail=True and fields in the same request.")
	}
	fields := biosFields
	switch {
	case c.Args.Flag("detail"):
		fields = registryFields
	case c.Args.Given("fields"):
		fields = c.Args.List("fields")
		if err := knownFields(fields, biosNames, "upper_bound"); err != nil {
			return nil, err
		}
	}
	return c.listParts(baremetal.BIOSPart, "bios", fields)
}

func showBIOS(c *call) ([]byte, error) {
	n, parts, err := c.parts(baremetal.BIOSPart)
	if err != nil {
		return nil, err
	}
	name, fields := c.Args.Text("setting_name"), biosFields
	if c.Minor >= 74 {
		fields = registryFields
	}
	for _, p := range parts {
		if p.Name == name {
			return append(c.appendPart(rest.AppendKey([]byte{'{'}, name), n, p, fields, "bios"), '}'), nil
		}
	}
	return nil, rest.Refuse(http.StatusNotFound, "Node %s doesn't have a BIOS setting '%s'", n.UUID, name)
}

func listFirmware(c *call) ([]byte, error) {
	fields := firmwareFields
	if c.Minor >= 114 {
		fields = slices.Concat(firmwareFields, identityFields)
	}
	if c.Args.Given("fields") {
		fields = c.Args.List("fields")
		if err := knownFields(fields, firmwareNames); err != nil {
			return nil, err
		}
		tooNew := slices.DeleteFunc(slices.Sorted(slices.Values(fields)), func(f string) bool { return !slices.Contains(identityFields, f) })
		if c.Minor < 114 && len(tooNew) > 0 {
			return nil, rest.Invalid("Fields %s are not allowed in this API version. They require at least API version 1.114.",
				strings.Join(tooNew, ", "))
		}
	}
	return c.listParts(baremetal.FirmwarePart, "firmware", fields)
}

// listParts renders the parts of a kind with these of their facts, under the name of their list and path.
func (c *call) listParts(kind baremetal.PartKind, name string, fields []string) ([]byte, error) {
	n, parts, err := c.parts(kind)
	if err != nil {
		return nil, err
	}
	b := append(rest.AppendKey([]byte{'{'}, name), '[')
	for i, p := range parts {
		if i > 0 {
			b = append(b, ',')
		}
		b = c.appendPart(b, n, p, fields, name)
	}
	return append(b, ']', '}'), nil
}

func (c *call) parts(kind baremetal.PartKind) (n *node, parts []*baremetal.Part, err error) {
	err = c.store.View(c.Context(), func(tx *store.Tx) error {
		if n, err = c.nodeIn(tx); err != nil {
			return err
		}
		parts, err = tx.PartsOf(n.UUID, kind)
		return err
	})
	return n, parts, err
}

// appendPart appends a part with these of its facts. A value whose name says that it is a secret is masked.
func (c *call) appendPart(b []byte, n *node, p *baremetal.Part, fields []string, path string) []byte {
	b = rest.AppendTime(rest.AppendKey(append(b, '{'), "created_at"), p.CreatedAt)
	b = rest.AppendTime(rest.AppendKey(b, "updated_at"), p.UpdatedAt)
	for _, f := range fields {
		v := p.Facts[f]
		switch {
		case f == "name" || f == "component":
			v = p.Name
		case f == "value" && v != nil && v != "" && baremetal.Secrets.Has(p.Name):
			v = baremetal.Mask
		case f == "allowable_values" && v == nil:
			v = []any{}
		}
		b = append(rest.AppendKey(b, f), rest.Encode(v)...)
	}
	at := "nodes/" + n.UUID + "/" + path + "/" + p.Name
	b = rest.AppendString(append(rest.AppendKey(b, "links"), `[{"href":`...), c.Base+"/v1/"+at)
	b = rest.AppendString(append(b, `,"rel":"self"},{"href":`...), c.Base+"/"+at)
	return append(b, `,"rel":"bookmark"}]}`...)
}
