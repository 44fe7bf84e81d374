package rest

import (
	"context"
	"net/http"
)

// Call is one request on its way through the handler of a route.
type Call struct {
	Request  *http.Request
	Minor    int    // minor version of the API that was negotiated
	Base     string // scheme and host as the client sees them, for links
	Suffix   bool   // the path ended in .json, which may belong to a name
	Args     Args   // checked against the route's
	location string // set by a handler that made or changed something
}

// Context is that of the request.
func (c *Call) Context() context.Context { return c.Request.Context() }

// Created sets where the new resource is, below /v1/, for the Location header.
func (c *Call) Created(path string) { c.location = c.Base + "/v1/" + path }

// Knows refuses the first of the arguments, in their order, that the request gives and whose
// Since is newer than the request's microversion: 406 with the version that brought it.
func (c *Call) Knows(args []Argument) error {
	for i := range args {
		if a := &args[i]; a.Since > c.Minor && c.Args.Has(a.Name) {
			return NotAcceptable(a.Since)
		}
	}
	return nil
}
