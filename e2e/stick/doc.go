// Package stick has only tests: the image of `make usb`, and that image in emulated PCs. Under
// the tag stick (make stick) they take all its ways: each firmware, a diskless machine beside
// it, upgrades, pulled plugs.
package stick
