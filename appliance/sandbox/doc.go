// Package sandbox gives up what a process does not need, so that whoever takes it over
// cannot do more than it may: capabilities (capabilities(7)), writes outside of named
// directories (landlock(7)) and system calls that only administration needs (seccomp(2)).
// All of it holds for every thread and for the programs that the process starts, and none
// of it can be taken back.
package sandbox
