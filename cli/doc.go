// Package cli is the command line of ironhook. It reads flags, environment and the
// optional configuration file into one checked [Config], hands that to package
// appliance, and words the error for a wrong option: which one it is, and what to
// change. The exit status comes from here too.
package cli
