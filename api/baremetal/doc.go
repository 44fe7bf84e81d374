// Package baremetalapi speaks OpenStack's Bare Metal API, microversions 1.1 to 1.115, as
// Ironic 39 does, and up to 1.82 as Ironic 21.4 (2023.1): the same paths, fields, texts and even the same
// order of checks, so that a client written for Ironic notices no difference.
//
// The package is mostly tables over the engine in package rest. [routes] lists what can be
// asked, with the microversion that brought it and the arguments it takes; the fields of each
// collection stand in a table of their own (nodefields.go, ports.go, volumefields.go
// and their like). To add a route, an argument or a field is to add its row.
//
// A request passes through few steps: a guard identifies its user (package door),
// [API.ServeHTTP] finds its microversion, the router its route; then its arguments are
// checked, the handler reads the store or asks fleet or the conductor, and the outcome
// becomes bytes. A handler never sees an http.ResponseWriter.
//
// Errors travel as kinds of package baremetal or as [rest.Refusal] and get Ironic's envelope
// in one place, envelope.go: {"error_message": "..."} with JSON inside the string.
//
// Ironic's own faults are not copied (its answers of 500, filters that get lost
// between pages, names that work on some routes only), and what the
// specifications promised and Ironic never built is there: filters and /detail
// routes for volumes, deep masking of secrets. testdata/golden holds 2,356
// recorded exchanges with Ironic, testdata/newest 2,151 with the newest, and beside them the
// list of every deviation with its reason; a test allows no other.
package baremetalapi
