package api

import (
	"net/http"
	"slices"

	"ironhook/baremetal"
	"ironhook/conductor"
)

var driverArg = mandatory("driver_name", aString)

var driverRoutes = []route{
	{method: "GET", path: "/drivers", args: []argument{optional("type", aString), optional("detail", aBoolean), optional("fields", aList)},
		handle: listDrivers, doc: "List hardware types"},
	{method: "GET", path: "/drivers/properties", args: []argument{driverArg}, handle: driverProperties, doc: "Describe what driver_info may hold"},
	{method: "GET", path: "/drivers/{driver_name}", args: []argument{driverArg, optional("fields", aList)}, handle: showDriver, doc: "Show a hardware type"},
	{method: "GET", path: "/drivers/{driver_name}/properties", args: []argument{driverArg}, handle: driverProperties, doc: "Describe what driver_info may hold"},
	{method: "GET", path: "/drivers/{driver_name}/raid/logical_disk_properties", since: 12, gate: notAcceptable(0), args: []argument{driverArg},
		handle: raidProperties, doc: "Describe what a logical disk may hold"},
	driverVendorRoute("GET", ""), driverVendorRoute("POST", ""), driverVendorRoute("PUT", ""), driverVendorRoute("DELETE", ""),
	driverVendorRoute("GET", "/{method}"), driverVendorRoute("POST", "/{method}"), driverVendorRoute("PUT", "/{method}"), driverVendorRoute("DELETE", "/{method}"),
	{method: "GET", path: "/drivers/{driver_name}/vendor_passthru/methods", args: []argument{driverArg}, handle: noVendorMethods, doc: "List a hardware type's own methods"},
	{method: "GET", path: "/drivers/{driver_name}/{fields}", args: []argument{driverArg, optional("fields", aList)}, handle: showDriver},
}

func driverVendorRoute(method, tail string) route {
	return route{method: method, path: "/drivers/{driver_name}/vendor_passthru" + tail, args: []argument{driverArg, methodArg}, handle: noVendorMethod}
}

// driverView is a hardware type as the API shows it.
type driverView = conductor.HardwareType

var driverFields = makeDriverFields()

func makeDriverFields() []field[driverView] {
	name := func(d *driverView) string { return d.Name }
	fields := []field[driverView]{
		derived("name", 1, 0, func(b []byte, _ *call, d *driverView) []byte { return appendString(b, d.Name) }),
		derived("hosts", 1, 0, func(b []byte, c *call, _ *driverView) []byte { return appendStrings(b, []string{c.conductor.Host}) }),
		links("links", 1, always, "drivers", name, ""),
		links("properties", 14, 0, "drivers", name, "/properties"),
		derived("type", 30, 0, func(b []byte, _ *call, _ *driverView) []byte { return append(b, `"dynamic"`...) }),
	}
	since := map[string]int{"storage": 33, "rescue": 38, "bios": 40}
	for _, kind := range baremetal.InterfaceKinds {
		fields = append(fields,
			derived("default_"+kind+"_interface", max(30, since[kind]), brief, func(b []byte, _ *call, d *driverView) []byte {
				return appendText(b, d.Default(kind))
			}),
			derived("enabled_"+kind+"_interfaces", max(30, since[kind]), brief, func(b []byte, _ *call, d *driverView) []byte {
				return appendStrings(b, d.Interfaces[kind])
			}))
	}
	return fields
}

// driverShown picks fields: those of interfaces only in detail.
func driverShown(c *call, detail bool) ([]*field[driverView], error) {
	asked := c.args.list("fields")
	if c.args.given("fields") && c.minor < 77 {
		return nil, notAcceptable(0)
	}
	for _, name := range asked {
		if !slices.ContainsFunc(driverFields, func(f field[driverView]) bool { return f.name == name }) {
			return nil, badField(name)
		}
	}
	var shown []*field[driverView]
	for i := range driverFields {
		f := &driverFields[i]
		wanted := asked == nil && (detail || !f.access.has(brief)) || slices.Contains(asked, f.name) || f.access.has(always)
		if wanted && f.since <= c.minor {
			shown = append(shown, f)
		}
	}
	return shown, nil
}

func listDrivers(c *call) ([]byte, error) {
	switch kind := c.args.text("type"); {
	case len(c.args.list("fields")) > 0 && c.args.flag("detail"):
		return nil, invalid("Can not specify ?detail=True and fields in the same request.")
	case (c.args.has("detail") || c.args.has("type")) && c.minor < 30:
		return nil, notAcceptable(30)
	case c.args.has("type") && kind != "classic" && kind != "dynamic":
		return nil, invalid(`"type" filter must be one of "classic" or "dynamic", if specified.`)
	}
	shown, err := driverShown(c, c.args.flag("detail"))
	if err != nil {
		return nil, err
	}
	b := append(appendKey([]byte{'{'}, "drivers"), '[')
	if c.args.text("type") != "classic" {
		for i := range c.conductor.HardwareTypes {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendRow(b, c, shown, &c.conductor.HardwareTypes[i])
		}
	}
	return append(b, ']', '}'), nil
}

func (c *call) driver() (*driverView, bool) {
	for i := range c.conductor.HardwareTypes {
		if h := &c.conductor.HardwareTypes[i]; h.Name == c.args.text("driver_name") {
			return h, true
		}
	}
	return nil, false
}

func showDriver(c *call) ([]byte, error) {
	shown, err := driverShown(c, true)
	if err != nil && !isFault(err, http.StatusBadRequest) {
		return nil, err
	}
	d, ok := c.driver()
	if !ok {
		return nil, faultf(http.StatusNotFound, "Could not find the following driver(s) or hardware type(s): %s.", c.args.text("driver_name"))
	}
	if err != nil {
		return nil, err
	}
	return appendRow(nil, c, shown, d), nil
}

// knownDriver refuses a driver that is not enabled, in the words of the sub-resources.
func (c *call) knownDriver() (*driverView, error) {
	d, ok := c.driver()
	if !ok {
		return nil, faultf(http.StatusNotFound, "The driver '%s' is unknown.", c.args.text("driver_name"))
	}
	return d, nil
}

func driverProperties(c *call) ([]byte, error) {
	d, err := c.knownDriver()
	if err != nil {
		return nil, err
	}
	return encode(d.Properties()), nil
}

func noVendorMethods(c *call) ([]byte, error) {
	if _, err := c.knownDriver(); err != nil {
		return nil, err
	}
	return []byte("{}"), nil
}

func noVendorMethod(c *call) ([]byte, error) {
	if _, err := c.knownDriver(); err != nil {
		return nil, err
	}
	return nil, invalid("No handler for method %s", c.args.text("method"))
}
