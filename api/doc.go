// Package api speaks OpenStack's Bare Metal API, microversions 1.1 to 1.82, as
// Ironic 21.4 (2023.1) does: the same paths, fields, texts and even the same
// order of checks, so that a client written for Ironic finds nothing new.
//
// The package is mostly tables. [routes] lists what can be asked, with the
// microversion that brought it and the arguments it takes; the fields of each
// collection stand in a table of their own (nodefields.go, ports.go, volume.go
// and their like) that says for each field since when it is shown, who may
// write it, what type it has and whether one may sort by it. Shaping a reply,
// "fields=", the schema of a POST, the rules of a PATCH, sorting and the OpenAPI
// document are all read from these tables and cannot disagree.
//
// A request passes through few hands: [API.ServeHTTP] gives it a request id and a
// limit, [authenticate] decides whose it is, negotiate finds its microversion,
// the router its route; then its arguments are checked, the handler reads the
// store or asks the conductor, and reply or fault turns the outcome into bytes.
// A handler never sees an http.ResponseWriter.
//
// Errors travel as kinds of package baremetal and become status codes in one
// place, fault.go, where Ironic's curious envelope is: {"error_message": "..."}
// with JSON inside the string.
//
// Ironic's own faults are not copied (its answers of 500, filters that get lost
// between pages, names that work on some routes only), and what the
// specifications promised and Ironic never built is there: filters and /detail
// routes for volumes, deep masking of secrets. testdata/golden holds 2,356
// recorded exchanges with Ironic, and beside them the list of every deviation
// with its reason; a test allows no other.
package api
