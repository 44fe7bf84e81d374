// Package stick has only tests, under the tag stick (make stick): the image of `make usb` in
// emulated PCs.
package stick
