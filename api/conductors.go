package api

import (
	"net/http"
	"time"

	"ironhook/baremetal"
)

var conductorRoutes = []route{
	{method: "GET", path: "/conductors", since: 49, args: []argument{optional("marker", aName), optional("limit", anInt), optional("sort_key", aString),
		optional("sort_dir", aString), optional("fields", aList), optional("detail", aBoolean)}, handle: listConductors, doc: "List conductors"},
	{method: "GET", path: "/conductors/{hostname}", since: 49, args: []argument{mandatory("hostname", aName), optional("fields", aList)},
		handle: showConductor, doc: "Show a conductor"},
}

var aName = kind{func(name string, v any) (any, error) {
	if s, ok := v.(string); ok && baremetal.IsName(s) {
		return s, nil
	}
	return nil, invalid("Expected name for %s: %s", name, quoteAs(name, v))
}, "string"}

// conductorView is the one conductor there is: this process.
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

var conductors = newResource(resource[conductorView]{
	plural: "conductors", path: "conductors", uuid: conductorHost,
	brief: []string{"hostname", "conductor_group", "alive"},
	fields: []field[conductorView]{
		stamp("created_at", 49, 0, func(v *conductorView) *timeOf { return &v.started }),
		derived("updated_at", 49, 0, func(b []byte, _ *call, _ *conductorView) []byte {
			return appendTime(b, time.Now().Truncate(10*time.Second)) // a living conductor's last sign of life
		}),
		derived("hostname", 49, brief, func(b []byte, _ *call, v *conductorView) []byte { return appendString(b, v.host) }).in("hostname"),
		derived("conductor_group", 49, brief, func(b []byte, _ *call, _ *conductorView) []byte { return append(b, `""`...) }).in("conductor_group"),
		derived("drivers", 49, unsorted, func(b []byte, _ *call, v *conductorView) []byte { return appendStrings(b, v.drivers) }).in("drivers"),
		links("links", 49, implicit|always, "conductors", conductorHost, ""),
		derived("alive", 49, brief|unsorted, func(b []byte, _ *call, _ *conductorView) []byte { return append(b, "true"...) }).in("alive"),
	},
})

func listConductors(c *call) ([]byte, error) {
	var settled listing
	if err := conductors.usual(c, &settled); err != nil {
		return nil, err
	}
	l, err := conductors.paging(c)
	if err != nil {
		return nil, err
	}
	l.fields, l.which = settled.fields, settled.which
	if c.args.given("detail") {
		l.kept = append(l.kept, "detail="+repr(c.args["detail"]))
	}
	shown, err := conductors.shown(c, l.which, l.fields)
	if err != nil {
		return nil, err
	}
	p := conductors.begin(c, l, shown)
	switch l.query.Marker {
	case "":
		p.add(c.host())
	case c.conductor.Host: // there is nobody behind it
	default:
		return nil, noConductor(l.query.Marker)
	}
	return p.end(), nil
}

func noConductor(name string) error {
	return faultf(http.StatusNotFound, "Conductor %s could not be found.", name)
}

func showConductor(c *call) ([]byte, error) {
	name := c.args.text("hostname")
	if name != c.conductor.Host && !(c.suffix && name+".json" == c.conductor.Host) {
		return nil, noConductor(name)
	}
	return conductors.show(c, c.host(), c.args.list("fields"))
}
