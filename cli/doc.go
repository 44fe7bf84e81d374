// Package cli is the command line of ironhook: it reads flags, environment and
// the optional configuration file into one checked [Config], opens every socket,
// introduces the packages to one another and runs them as a group. It takes no
// decisions of its own.
package cli
