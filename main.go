// Ironhook boots bare-metal machines from volumes, and speaks OpenStack's Bare
// Metal API while it does so.
package main

import (
	"context"
	_ "embed"
	"os"

	"ironhook/cli"
)

// schema is the whole database. An embed cannot climb to a parent folder, so the
// root hands it down.
//
//go:embed schema.sql
var schema string

// version is set by the linker (-X main.version=...).
var version = "development"

func main() {
	os.Exit(cli.Main(context.Background(), cli.Version(version), schema, os.Args[1:]))
}
