// Package web is the pages: a dashboard of tiles, one for each machine, with a boot
// bar that fills while the machine boots, and a page for each machine that shows its
// last boots step by step.
//
// Everything shown is read from the store at the moment of showing, except what a BMC
// answers: it is asked when the page of that is opened, and never before. Pages are rendered
// on the server; a browser without JavaScript reads all of it. With JavaScript
// one stream of server-sent events per page carries the fragments that changed.
// The stream's id is the number of the last event in the log, so a browser that
// was away asks for what it missed and gets it, and a slow one reads on from its
// own number without delaying the others.
//
// The page of images and volumes is static. While an image is being made, the browser
// loads the page again at intervals.
//
// Package boot interprets the events; barview.go and machine.go draw its answers, and
// steps.go is the table of the names of the steps.
//
// Buttons change nothing here. They call the Bare Metal API like any client, and
// the API asks [Web.Signed] whether the request comes from a page of ours with a
// living session: a foreign site can send the cookie's owner here, but it cannot
// add the header that Signed wants, nor forge the origin of a WebSocket.
//
// static/ holds the style sheet and the script of our own, and htmx 4.0.1 with
// its SSE extension as they are published, under the Zero-Clause BSD licence
// beside them.
package web
