package inspection

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"

	"ironhook/baremetal"
	"ironhook/internal/python"
)

// Action is an operation that a rule does when its conditions hold.
type Action struct {
	Signature
	do func(s *Subject, args map[string]any) error
}

// Actions by name.
var Actions = map[string]Action{
	"fail": {needs("msg"), func(_ *Subject, a map[string]any) error { return &Failure{python.Str(a["msg"])} }},
	"log":  {Signature{Required: []string{"msg"}, Optional: []string{"level"}, formatted: []string{"msg"}}, writeLog},

	"set-attribute":    {pathValue(), on(onNode, "set", setting)},
	"extend-attribute": {pathValue("unique"), on(onNode, "extend", extending)},
	"del-attribute":    {needs("path"), on(onNode, "delete", removing)},

	"set-capability":   {Signature{Required: []string{"name", "value"}, formatted: []string{"value"}}, setCapability},
	"unset-capability": {needs("name"), setCapability},
	"add-trait":        {needs("name"), addTrait},
	"remove-trait":     {needs("name"), removeTrait},

	"set-plugin-data":    {pathValue(), on(onPluginData, "set", setting)},
	"extend-plugin-data": {pathValue("unique"), on(onPluginData, "extend", extending)},
	"unset-plugin-data":  {needs("path"), on(onPluginData, "unset", removing)},

	"set-port-attribute":    {ofPort(pathValue()), on(onPort, "set", setting)},
	"extend-port-attribute": {ofPort(pathValue("unique")), on(onPort, "extend", extending)},
	"del-port-attribute":    {needs("port_id", "path"), on(onPort, "delete", removing)},

	"api-call": {Signature{Required: []string{"url"},
		Optional: []string{"headers", "proxies", "timeout", "retries", "backoff_factor"}}, noCall},
}

// on makes the action that makes a change at the path of its arguments.
func on(
	where func(s *Subject, args map[string]any, verb string, do change) error, verb string, of func(args map[string]any) change,
) func(*Subject, map[string]any) error {
	return func(s *Subject, args map[string]any) error { return where(s, args, verb, of(args)) }
}

func setting(args map[string]any) change { return set(args["value"]) }
func extending(args map[string]any) change {
	return extend(args["value"], truth(args["unique"], "yes", "true"))
}
func removing(map[string]any) change { return remove }

func needs(names ...string) Signature { return Signature{Required: names} }

func pathValue(optional ...string) Signature {
	return Signature{Required: []string{"path", "value"}, Optional: optional, formatted: []string{"value"}}
}

func ofPort(s Signature) Signature {
	s.Required = slices.Concat([]string{"port_id"}, s.Required)
	return s
}

// levels are those of Ironic's log.
var levels = map[string]slog.Level{
	"debug": slog.LevelDebug, "info": slog.LevelInfo, "warning": slog.LevelWarn, "error": slog.LevelError, "critical": slog.LevelError}

func writeLog(s *Subject, args map[string]any) error {
	level, given := args["level"]
	if !given {
		level = "info"
	}
	at, ok := levels[strings.ToLower(python.Str(level))]
	if !ok {
		return fmt.Errorf("Invalid log level: %s. Choose from debug, info, warning, error, critical",
			python.Str(level)) //nolint:staticcheck // Ironic's
	}
	if s.Log != nil {
		s.Log.Log(context.Background(), at, fmt.Sprintf("inspection rule: %.1000s", python.Str(args["msg"])), "node", s.Node.UUID)
	}
	return nil
}

// noCall: a rule that calls other servers could reach what its author cannot.
func noCall(*Subject, map[string]any) error {
	return fmt.Errorf("Ironhook makes no calls for inspection rules; follow GET /ironhook/v1/events instead") //nolint:staticcheck // a name
}

func onNode(s *Subject, args map[string]any, verb string, do change) error {
	path := python.Str(args["path"])
	if err := nodeDocument(s.Node).at(path, verb != "delete", do); err != nil {
		return fmt.Errorf("Failed to %s attribute %s: %w", verb, path, err) //nolint:staticcheck // Ironic's
	}
	return nil
}

func onPort(s *Subject, args map[string]any, verb string, do change) error {
	path, id := python.Str(args["path"]), python.Str(args["port_id"])
	i := slices.IndexFunc(s.Ports, func(p *baremetal.Port) bool { return p.UUID == id || strings.EqualFold(p.Address, id) })
	if i < 0 {
		return fmt.Errorf("Port %s could not be found.", id) //nolint:staticcheck // Ironic's
	}
	if err := portDocument(s.Ports[i]).at(path, verb != "delete", do); err != nil {
		return fmt.Errorf("Failed to %s attribute %s for port %s: %w", verb, path, id, err) //nolint:staticcheck // Ironic's
	}
	return nil
}

// onPluginData takes a path of names with dots between.
func onPluginData(s *Subject, args map[string]any, verb string, do change) error {
	path := python.Str(args["path"])
	v, _, err := descend(map[string]any(s.PluginData), true, strings.Split(path, "."), verb != "unset", do)
	if err != nil && verb == "unset" {
		return nil // it is not there
	}
	if err != nil {
		return fmt.Errorf("Failed to %s plugin data at %s: %w", verb, path, err) //nolint:staticcheck // Ironic's
	}
	s.PluginData, _ = v.(map[string]any)
	return nil
}

// setCapability replaces a capability in properties.capabilities, "a:b,c:d". Without a value it
// is removed.
func setCapability(s *Subject, args map[string]any) error {
	name, text := python.Str(args["name"]), s.Node.Properties.Text("capabilities")
	var pairs []string
	for pair := range strings.SplitSeq(text, ",") {
		if key, _, _ := strings.Cut(pair, ":"); pair != "" && key != name {
			pairs = append(pairs, pair)
		}
	}
	if v, given := args["value"]; given {
		pairs = append(pairs, name+":"+python.Str(v))
	}
	return onNode(s, map[string]any{"path": "/properties/capabilities"}, "set", set(strings.Join(pairs, ",")))
}

var trait = regexp.MustCompile(`^(CUSTOM|HW|STORAGE|COMPUTE|MISC|OWNER)_[A-Z0-9_]{1,240}$`)

func addTrait(s *Subject, args map[string]any) error {
	name := python.Str(args["name"])
	if !trait.MatchString(name) {
		return fmt.Errorf("Failed to add new trait %s: a trait is of capital letters, digits and _", name) //nolint:staticcheck // Ironic's
	}
	if !slices.Contains(s.Node.Traits, name) {
		s.Node.Traits = slices.Sorted(slices.Values(append(slices.Clone(s.Node.Traits), name)))
	}
	return nil
}

func removeTrait(s *Subject, args map[string]any) error {
	s.Node.Traits = slices.DeleteFunc(slices.Clone(s.Node.Traits), func(t string) bool { return t == python.Str(args["name"]) })
	return nil
}
