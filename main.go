// Ironhook boots bare-metal machines from volumes, and speaks OpenStack's Bare
// Metal API while it does so.
package main

import (
	"context"
	"embed"
	"os"

	"ironhook/cli"
	"ironhook/internal/limit"
)

// schema is the whole database. An embed cannot climb to a parent folder, so the
// root hands it down.
//
//go:embed schema.sql
var schema string

// legal is the licence of the program and those of all that is in it.
//
//go:embed LICENSE NOTICE licenses/*.txt ipxe/bin/copyright
var legal embed.FS

// version is set by the linker (-X main.version=...).
var version = "development"

func main() {
	limit.SpareProcessors()
	os.Exit(cli.Main(context.Background(), cli.Version(version), cli.Embedded{Schema: schema, Legal: legal}, os.Args[1:]))
}
