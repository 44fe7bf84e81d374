// Reference writes the pages of the manual that follow from the code: options, commands,
// the routes of the APIs, metrics and events.
//
//	go run ./packaging/reference [DIR]
//
// DIR is docs/reference where none is given. It runs at the root of the repository.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	baremetalapi "ironhook/api/baremetal"
	"ironhook/cli"
)

func main() {
	dir := filepath.Join("docs", "reference")
	if len(os.Args) > 1 {
		dir = os.Args[1]
	}
	if err := write(".", dir); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

// write makes the pages of the repository at root in dir.
func write(root, dir string) error {
	program := cli.Command("", cli.Embedded{})
	var failed []error
	for name, page := range map[string]func() (string, error){
		"options.md":  func() (string, error) { return options(program), nil },
		"commands.md": func() (string, error) { return commands(program), nil },
		"api.md":      func() (string, error) { return api(root) },
		"metrics.md":  func() (string, error) { return metrics(root) },
		"events.md":   func() (string, error) { return events(root) },
	} {
		text, err := page()
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644)
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

const made = "\n\n*Made from the code by `go run ./packaging/reference`.*\n"

// cell is text in a table.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;", "*", `\*`).Replace(s)
}

func options(program *cobra.Command) string {
	var b strings.Builder
	b.WriteString("# Options of `ironhook serve`\n\nEach can be given as an option, as a variable of the environment, or in a TOML file " +
		"by its name" +
		" (`--config FILE`). An option wins over a variable, a variable over the file.\n\n| option | variable | default | meaning " +
		"|\n|---|---|---|---|\n")
	serve, _, err := program.Find([]string{"serve"})
	if err != nil {
		return ""
	}
	serve.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" {
			return
		}
		fallback := f.DefValue
		if f.Name == "data" { // it depends on the user
			fallback = "/var/lib/ironhook"
		}
		if fallback != "" {
			fallback = "`" + fallback + "`"
		}
		fmt.Fprintf(&b, "| `--%s` | `IRONHOOK_%s` | %s | %s |\n", f.Name, strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")), fallback,
			cell(strings.TrimSuffix(f.Usage, " ($IRONHOOK_"+strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))+")")))
	})
	return b.String() + made
}

func commands(program *cobra.Command) string {
	var b strings.Builder
	b.WriteString("# Commands\n\n`ironhook COMMAND --help` says the same. The short forms `ironhook node ...` and `ironhook port ...` of " +
		"`ironhook baremetal ...` are left out.\n" +
		"The exit status is 0, 1 when something failed, 2 when the command line or the configuration is wrong.\n")
	long := map[string]bool{} // of the short forms
	leaves(program, func(c *cobra.Command) {
		if path := strings.Replace(c.CommandPath(), " baremetal ", " ", 1); path != c.CommandPath() {
			long[path] = true
		}
	})
	for _, group := range program.Commands() {
		if group.Hidden || slices.Contains([]string{"port", "help", "completion"}, group.Name()) {
			continue
		}
		if group.Name() == "node" {
			b.WriteString("\n## `ironhook node`\n\nOf nodes, and not in OpenStack's client.\n")
			own(group, long, func(c *cobra.Command) { writeCommand(&b, c) })
			continue
		}
		fmt.Fprintf(&b, "\n## `ironhook %s`\n\n%s.\n", group.Name(), group.Short)
		if !group.HasSubCommands() {
			writeCommand(&b, group)
		}
		leaves(group, func(c *cobra.Command) { writeCommand(&b, c) })
	}
	return b.String() + made
}

// own finds the commands with arguments that are no short form; other commands may stand under them.
func own(c *cobra.Command, long map[string]bool, do func(*cobra.Command)) {
	for _, child := range c.Commands() {
		if strings.Contains(child.Use, " ") && !long[child.CommandPath()] {
			do(child)
		}
		own(child, long, do)
	}
}

func leaves(c *cobra.Command, do func(*cobra.Command)) {
	for _, child := range c.Commands() {
		if child.Hidden {
			continue
		}
		if !child.HasSubCommands() {
			do(child)
		}
		leaves(child, do)
	}
}

func writeCommand(b *strings.Builder, c *cobra.Command) {
	fmt.Fprintf(b, "\n### `%s`\n", strings.TrimSuffix(c.UseLine(), " [flags]"))
	if c.HasParent() && c.Parent().HasParent() {
		fmt.Fprintf(b, "\n%s.\n", strings.TrimSuffix(c.Short, "."))
	}
	var rows []string
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" || f.Name == "data" || c.Name() == "serve" {
			return
		}
		short := ""
		if f.Shorthand != "" {
			short = "`-" + f.Shorthand + "`, "
		}
		rows = append(rows, fmt.Sprintf("* %s`--%s`: %s", short, f.Name, cell(f.Usage)))
	})
	if c.Name() == "serve" {
		rows = []string{"Its options are on [a page of their own](options.md)."}
	}
	if len(rows) > 0 {
		b.WriteString("\n" + strings.Join(rows, "\n") + "\n")
	}
}

// api lists the routes: those of the Bare Metal API as its own OpenAPI document has them,
// the others as their tables do.
func api(root string) (string, error) {
	var b strings.Builder
	b.WriteString("# APIs\n\nAll are on one listener. `GET /v1/openapi` describes the Bare Metal API in OpenAPI 3.1.\n\n## Bare Metal " +
		"API\n\n| request | what it does |\n|---|---|\n")
	answer := httptest.NewRecorder()
	request := httptest.NewRequest(http.MethodGet, "/v1/openapi", nil)
	request.Header.Set("X-OpenStack-Ironic-API-Version", "latest")
	baremetalapi.New(baremetalapi.Config{}).ServeHTTP(answer, request)
	var document struct {
		Paths map[string]map[string]struct{ Summary string }
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &document); err != nil {
		return "", fmt.Errorf("the OpenAPI document: %w", err)
	}
	for _, path := range slices.Sorted(maps.Keys(document.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(document.Paths[path])) {
			if summary := document.Paths[path][method].Summary; summary != "" {
				fmt.Fprintf(&b, "| `%s %s` | %s |\n", strings.ToUpper(method), path, cell(summary))
			}
		}
	}
	own, err := os.ReadFile(filepath.Join(root, "api", "appliance", "api.go"))
	if err != nil {
		return "", err
	}
	b.WriteString("\n## The appliance's own API\n\n```\n")
	for _, m := range regexp.MustCompile(`(?m)^//\t(.*)$`).FindAllStringSubmatch(string(own), -1) {
		b.WriteString(m[1] + "\n")
	}
	b.WriteString("```\n")
	for _, other := range []struct{ title, file, prefix string }{{"Image API v2", "api/image/api.go", "/image"},
		{"Block Storage API v3", "api/blockstorage/routes.go", "/volume/v3/{project}"}} {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(other.file)))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "\n## %s\n\n", other.title)
		for _, m := range regexp.MustCompile(`(?m)^\t+\{(?:[0-9]+, )?"(GET|POST|PUT|PATCH|DELETE)", "([^"]*)"`).FindAllStringSubmatch(
			string(text), -1) {
			fmt.Fprintf(&b, "* `%s %s%s`\n", m[1], other.prefix, m[2])
		}
	}
	return b.String() + made, nil
}

func metrics(root string) (string, error) {
	row := regexp.MustCompile(`"(ironhook_[a-z_]+|go_[a-z_]+)",\s*(?:kind: )?"(gauge|counter|histogram)",\s*(?:help: )?"([^"]+)"`)
	found := map[string]string{}
	for _, name := range []string{"appliance/metrics.go", "storage/watch/metrics.go", "internal/timing/timing.go"} {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return "", err
		}
		for _, m := range row.FindAllStringSubmatch(string(text), -1) {
			found[m[1]] = fmt.Sprintf("| `%s` | %s | %s |\n", m[1], m[2], cell(m[3]))
		}
	}
	var b strings.Builder
	b.WriteString("# Metrics\n\n`GET /metrics`, in the text format of Prometheus. It needs an account; the role `viewer` is enough.\n\n| " +
		"name | kind | meaning |\n|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(found)) {
		b.WriteString(found[name])
	}
	return b.String() + made, nil
}

func events(root string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, "baremetal", "event.go"))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("# Events\n\n`ironhook event list --follow`, `GET /ironhook/v1/events`. The first nine are the steps of a boot, in their " +
		"order.\n\n| kind | meaning |\n|---|---|\n")
	for _, m := range regexp.MustCompile(`(?m)^\tEvent\w+\s+EventKind = "([a-z-]+)"(?:\s*// (.*))?$`).FindAllStringSubmatch(string(text), -1) {
		fmt.Fprintf(&b, "| `%s` | %s |\n", m[1], cell(m[2]))
	}
	return b.String() + made, nil
}
