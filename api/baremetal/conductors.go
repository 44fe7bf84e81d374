package baremetalapi

import (
	"net/http"
	"time"

	"ironhook/api/rest"
)

var conductorRoutes = []route{
	{Method: "GET", Path: "/conductors", Since: 49,
		Args: args{rest.Optional("marker", rest.Name), rest.Optional("limit", rest.Integer), rest.Optional("sort_key", rest.String),
			rest.Optional("sort_dir", rest.String), rest.Optional("fields", rest.Words), rest.Optional("detail", rest.Boolean)},
		Handle: listConductors, Doc: "List conductors"},
	{Method: "GET", Path: "/conductors/{hostname}", Since: 49,
		Args:   args{rest.Mandatory("hostname", rest.Name), rest.Optional("fields", rest.Words)},
		Handle: showConductor, Doc: "Show a conductor"},
}

// conductorView is the only conductor: this process.
type conductorView struct {
	host    string
	started time.Time
	drivers []string
}

// host is the one conductor as a row.
func (c *call) host() *conductorView {
	v := &conductorView{host: c.conductor.Host, started: c.started}
	for _, h := range c.conductor.HardwareTypes {
		v.drivers = append(v.drivers, h.Name)
	}
	return v
}

func conductorHost(v *conductorView) string { return v.host }

var conductors = rest.NewResource(rest.Resource[conductorView]{
	Plural: "conductors", Path: "conductors", UUID: conductorHost,
	Brief: []string{"hostname", "conductor_group", "alive"},
	Fields: []rest.Field[conductorView]{
		rest.TimeField("created_at", 49, 0, func(v *conductorView) *time.Time { return &v.started }),
		rest.DerivedField("updated_at", 49, 0, func(b []byte, _ *rest.Call, _ *conductorView) []byte {
			return rest.AppendTime(b, time.Now().Truncate(10*time.Second)) // a living conductor's last sign of life
		}),
		conductorColumn("hostname", rest.Brief, func(b []byte, v *conductorView) []byte { return rest.AppendString(b, v.host) }),
		conductorColumn("conductor_group", rest.Brief, func(b []byte, _ *conductorView) []byte { return append(b, `""`...) }),
		conductorColumn("drivers", rest.Unsorted, func(b []byte, v *conductorView) []byte { return rest.AppendStrings(b, v.drivers) }),
		rest.LinksField("links", 49, rest.Implicit|rest.Always, "conductors", conductorHost, ""),
		conductorColumn("alive", rest.Brief|rest.Unsorted, func(b []byte, _ *conductorView) []byte { return append(b, "true"...) }),
	},
})

// conductorColumn is a field that Ironic has a column for.
func conductorColumn(name string, a rest.Access, put func([]byte, *conductorView) []byte) rest.Field[conductorView] {
	return rest.DerivedField(name, 49, a, func(b []byte, _ *rest.Call, v *conductorView) []byte { return put(b, v) }).In(name)
}

func listConductors(c *call) ([]byte, error) {
	if err := conductors.MayAsk(c.Call); err != nil {
		return nil, err
	}
	l, err := conductors.Paging(c.Call)
	if err != nil {
		return nil, err
	}
	if err := l.Asked(c.Call); err != nil {
		return nil, err
	}
	return conductors.List(c.Call, &l, func(_ []string, row func(*conductorView) error) error {
		switch l.Marker {
		case "":
			return row(c.host())
		case c.conductor.Host: // no conductor follows it
			return nil
		}
		return noConductor(l.Marker)
	})
}

func noConductor(name string) error {
	return rest.Refuse(http.StatusNotFound, "Conductor %s could not be found.", name)
}

func showConductor(c *call) ([]byte, error) {
	name := c.Args.Text("hostname")
	if name != c.conductor.Host && !(c.Suffix && name+".json" == c.conductor.Host) {
		return nil, noConductor(name)
	}
	return conductors.Show(c.Call, c.host(), c.Args.List("fields"))
}
