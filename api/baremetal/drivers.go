package baremetalapi

import (
	"net/http"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/conductor"
)

var driverArg = rest.Mandatory("driver_name", rest.String)

var driverRoutes = []route{
	{Method: "GET", Path: "/drivers",
		Args:   args{rest.Optional("type", rest.String), rest.Optional("detail", rest.Boolean), rest.Optional("fields", rest.Words)},
		Handle: listDrivers, Doc: "List hardware types"},
	{Method: "GET", Path: "/drivers/properties", Args: args{driverArg}, Handle: driverProperties, Doc: "Describe what driver_info may hold"},
	{Method: "GET", Path: "/drivers/{driver_name}", Args: args{driverArg, rest.Optional("fields", rest.Words)},
		Handle: showDriver, Doc: "Show a hardware type"},
	{Method: "GET", Path: "/drivers/{driver_name}/properties", Args: args{driverArg},
		Handle: driverProperties, Doc: "Describe what driver_info may hold"},
	{Method: "GET", Path: "/drivers/{driver_name}/raid/logical_disk_properties", Since: 12, Gate: rest.NotAcceptable(0),
		Args:   args{driverArg},
		Handle: raidProperties, Doc: "Describe what a logical disk may hold"},
	driverVendorRoute("GET", ""), driverVendorRoute("POST", ""), driverVendorRoute("PUT", ""), driverVendorRoute("DELETE", ""),
	driverVendorRoute("GET", "/{method}"), driverVendorRoute("POST", "/{method}"),
	driverVendorRoute("PUT", "/{method}"), driverVendorRoute("DELETE", "/{method}"),
	{Method: "GET", Path: "/drivers/{driver_name}/vendor_passthru/methods", Args: args{driverArg},
		Handle: noVendorMethods, Doc: "List a hardware type's own methods"},
	{Method: "GET", Path: "/drivers/{driver_name}/{fields}", Args: args{driverArg, rest.Optional("fields", rest.Words)}, Handle: showDriver},
}

func driverVendorRoute(method, tail string) route {
	return route{Method: method, Path: "/drivers/{driver_name}/vendor_passthru" + tail,
		Args: args{driverArg, methodArg}, Handle: noVendorMethod}
}

// driverView is a hardware type as the API shows it.
type driverView struct {
	*conductor.HardwareType
	host string // of the conductor that has it
}

// driverTable has the fields of a hardware type. Those of its interfaces are shown in detail only.
var driverTable = rest.NewResource(rest.Resource[driverView]{Fields: driverFields()})

func driverFields() []rest.Field[driverView] {
	name := func(d *driverView) string { return d.Name }
	fields := []rest.Field[driverView]{
		rest.DerivedField("name", 1, rest.Brief, func(b []byte, _ *rest.Call, d *driverView) []byte { return rest.AppendString(b, d.Name) }),
		rest.DerivedField("hosts", 1, rest.Brief, func(b []byte, _ *rest.Call, d *driverView) []byte {
			return rest.AppendStrings(b, []string{d.host})
		}),
		rest.LinksField("links", 1, rest.Always, "drivers", name, ""),
		rest.LinksField("properties", 14, rest.Brief, "drivers", name, "/properties"),
		rest.DerivedField("type", 30, rest.Brief, func(b []byte, _ *rest.Call, _ *driverView) []byte { return append(b, `"dynamic"`...) }),
	}
	since := map[string]int{"storage": 33, "rescue": 38, "bios": 40, "firmware": 86}
	for _, kind := range baremetal.InterfaceKinds {
		fields = append(fields,
			rest.DerivedField("default_"+kind+"_interface", max(30, since[kind]), 0, func(b []byte, _ *rest.Call, d *driverView) []byte {
				return rest.AppendText(b, d.Default(kind))
			}),
			rest.DerivedField("enabled_"+kind+"_interfaces", max(30, since[kind]), 0, func(b []byte, _ *rest.Call, d *driverView) []byte {
				return rest.AppendStrings(b, d.Interfaces[kind])
			}))
	}
	return fields
}

// driverShown picks the fields of a reply.
func driverShown(c *call, detail bool) ([]*rest.Field[driverView], error) {
	if c.Args.Given("fields") && c.Minor < 77 {
		return nil, rest.NotAcceptable(0)
	}
	which := rest.Brief
	if detail {
		which = 0
	}
	return driverTable.Shown(c.Call, which, c.Args.List("fields"))
}

func listDrivers(c *call) ([]byte, error) {
	switch kind := c.Args.Text("type"); {
	case len(c.Args.List("fields")) > 0 && c.Args.Flag("detail"):
		return nil, rest.Invalid("Can not specify ?detail=True and fields in the same request.")
	case (c.Args.Has("detail") || c.Args.Has("type")) && c.Minor < 30:
		return nil, rest.NotAcceptable(30)
	case c.Args.Has("type") && kind != "classic" && kind != "dynamic":
		return nil, rest.Invalid(`"type" filter must be one of "classic" or "dynamic", if specified.`)
	}
	shown, err := driverShown(c, c.Args.Flag("detail"))
	if err != nil {
		return nil, err
	}
	b := append(rest.AppendKey([]byte{'{'}, "drivers"), '[')
	if c.Args.Text("type") != "classic" {
		for i := range c.conductor.HardwareTypes {
			if i > 0 {
				b = append(b, ',')
			}
			b = rest.AppendRow(b, c.Call, shown, &driverView{&c.conductor.HardwareTypes[i], c.conductor.Host})
		}
	}
	return append(b, ']', '}'), nil
}

func (c *call) driver() (*driverView, bool) {
	for i := range c.conductor.HardwareTypes {
		if h := &c.conductor.HardwareTypes[i]; h.Name == c.Args.Text("driver_name") {
			return &driverView{h, c.conductor.Host}, true
		}
	}
	return nil, false
}

func showDriver(c *call) ([]byte, error) {
	shown, err := driverShown(c, true)
	if err != nil && refusalOf(err).Status != http.StatusBadRequest {
		return nil, err
	}
	d, ok := c.driver()
	if !ok {
		return nil, rest.Refuse(http.StatusNotFound, "Could not find the following driver(s) or hardware type(s): %s.",
			c.Args.Text("driver_name"))
	}
	if err != nil {
		return nil, err
	}
	return rest.AppendRow(nil, c.Call, shown, d), nil
}

// knownDriver refuses a driver that is not enabled, in the words of the sub-resources.
func (c *call) knownDriver() (*driverView, error) {
	d, ok := c.driver()
	if !ok {
		return nil, rest.Refuse(http.StatusNotFound, "The driver '%s' is unknown.", c.Args.Text("driver_name"))
	}
	return d, nil
}

func driverProperties(c *call) ([]byte, error) {
	d, err := c.knownDriver()
	if err != nil {
		return nil, err
	}
	return rest.Encode(d.Properties()), nil
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
	return nil, rest.Invalid("No handler for method %s", c.Args.Text("method"))
}
