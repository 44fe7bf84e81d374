package rest

import (
	"strings"

	"ironhook/baremetal"
)

// Route is one thing that can be asked: a row of the table that the router, the argument
// checks, the version gates and the OpenAPI document are made from. C is what the handlers of
// an API are given.
type Route[C any] struct {
	Method  string // "" for a path that only leads to others
	Path    string // below /v1, in gorilla/mux's syntax
	Since   int    // microversion that brought it
	Gate    error  // the answer for an older microversion; nil is Ironic's usual 404
	Late    bool   // and that only when its arguments are in order
	Args    []Argument
	Body    string         // "" none; [Members]; else the argument that is the whole body
	MaxBody int64          // bytes of a body; 0 is the engine's MaxBody
	Status  int            // of success; 0 is 200
	Least   baremetal.Role // that may ask; "" is that of the method
	Handle  func(C) ([]byte, error)
	Doc     string // one line
}

// Members is the Route.Body of a route whose arguments are the members of its body.
const Members = "*"

// Whole is the Route.Body of a route that takes a body or none, which null is, too.
const Whole = "body"

// Elements splits a path below /v1, which may be missing as in Ironic, without empty elements
// at either end. The path of the version itself has none.
func Elements(path string) []string {
	path = strings.Trim(path, "/")
	if path == "v1" {
		return nil
	}
	return strings.Split(strings.TrimPrefix(path, "v1/"), "/")
}

// Segments is Elements without a suffix .json.
func Segments(path string) (list []string, suffix bool) {
	path, suffix = strings.CutSuffix(strings.Trim(path, "/"), ".json")
	return Elements(path), suffix
}
