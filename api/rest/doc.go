// Package rest is the engine under all APIs of the house: it reads bodies within limits,
// writes answers, gives each kind of error its status code, negotiates microversions,
// applies JSON patches and cuts lists into pages.
//
// An API is a table of routes and fields over it. How an API words an error, and in which
// envelope, is its own: Ironic, Glance and Cinder differ there, and their clients depend
// on it.
package rest
