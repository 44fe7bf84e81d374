// Package web is Ironhook's face: the machines as a wall of tiles, each with a
// boot bar that fills while its machine boots, and a page per machine that tells
// its last boots step by step.
//
// Everything shown is read from the store at the moment of showing, and rendered
// on the server; a browser without JavaScript reads all of it. With JavaScript
// one stream of server-sent events per page carries the fragments that changed.
// The stream's id is the number of the last event in the log, so a browser that
// was away asks for what it missed and gets it, and a slow one reads on from its
// own number without anybody waiting for it.
//
// The page of images and volumes stands still, but for while one is being made: then
// it is read anew.
//
// How a list of events becomes a picture is decided in pure functions: [boots]
// cuts a log into boots, [bootBar] makes a bar of the last one, and steps.go is
// the table of what each step is called, how long it may take, and what to look
// at when it does not come.
//
// Buttons change nothing here. They call the Bare Metal API like any client, and
// the API asks [Web.Signed] whether the request comes from a page of ours with a
// living session: a foreign site can send the cookie's owner here, but it cannot
// add the header that Signed wants.
//
// static/ holds the style sheet and the script of our own, and htmx 4.0.1 with
// its SSE extension as they are published, under the Zero-Clause BSD licence
// beside them.
package web
