package api

import "net/http"

// A route is one thing that can be asked: a row of the table that the router, the
// argument checks, the version gates and the OpenAPI document are made from.
type route struct {
	method string // "" for a path that only leads to others
	path   string // behind /v1, in mux's syntax
	since  int    // microversion that brought it
	gate   error  // what an older microversion hears; nil is Ironic's usual 404
	late   bool   // it hears so only when its arguments are in order
	args   []argument
	body   string // "" none; "*" its members are arguments; else the argument that is the whole body
	status int    // of success; 0 is 200
	handle func(c *call) ([]byte, error)
	doc    string // one line
}

// lookup404 is the router's way to say that there is no such endpoint.
var lookup404 = abort(http.StatusNotFound, "")

// routes is everything under /v1.
func routes() []route {
	var all []route
	for _, part := range [][]route{
		nodeRoutes, nodeStateRoutes, nodeManagementRoutes, nodeTraitRoutes,
		portRoutes, portgroupRoutes(), volumeRoutes(), chassisRoutes(), driverRoutes, conductorRoutes,
		allocationRoutes(), templateRoutes(), nodePartRoutes, ramdiskRoutes, otherRoutes,
	} {
		all = append(all, part...)
	}
	return all
}

// The arguments that lists share.
var (
	pageArgs = []argument{optional("marker", aUUID), optional("limit", anInt), optional("sort_key", aString), optional("sort_dir", aString)}
	nodeArg  = mandatory("node_ident", anIdent)
)

func join(groups ...[]argument) []argument {
	var all []argument
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}
