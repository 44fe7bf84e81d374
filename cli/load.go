package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"

	"ironhook/baremetal"
)

// usageError is a mistake of the person who started the program. Its text is one
// line that names the option and the remedy; the exit status is 2.
type usageError struct{ error }

func misuse(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// addFlags gives cmd a flag for every option, and --config.
func addFlags(cmd *cobra.Command) {
	cmd.Flags().String("config", "", "TOML file with these options as keys ($IRONHOOK_CONFIG)")
	for _, o := range options() {
		usage := o.usage + " ($" + o.env() + ")"
		if o.many {
			cmd.Flags().StringArray(o.name, nil, usage)
		} else {
			cmd.Flags().String(o.name, o.value, usage)
		}
	}
}

// load makes the configuration of, from weak to strong: the defaults, the file,
// the environment, the flags.
func load(cmd *cobra.Command, getenv func(string) string) (*Config, error) {
	file, _ := cmd.Flags().GetString("config")
	if file == "" {
		file = getenv("IRONHOOK_CONFIG")
	}
	written, err := readFile(file)
	if err != nil {
		return nil, err
	}
	var c Config
	c.File = file
	for _, o := range options() {
		value, origin, given := o.value, "--"+o.name, o.value != ""
		if v, ok := written[o.name]; ok {
			value, origin, given = v, o.name+" in "+file, true
		}
		if v := getenv(o.env()); v != "" { // an empty variable is one that is not set
			value, origin, given = v, "$"+o.env(), true
		}
		if cmd.Flags().Changed(o.name) {
			value, origin, given = flagValue(cmd, o), "--"+o.name, true
		}
		if !given {
			continue
		}
		if err := o.set(&c, value); err != nil {
			return nil, misuse("%s %q: %w", origin, baremetal.Secrets.MaskText(value), err)
		}
	}
	return &c, c.check()
}

func flagValue(cmd *cobra.Command, o option) string {
	if o.many {
		values, _ := cmd.Flags().GetStringArray(o.name)
		return strings.Join(values, ",")
	}
	value, _ := cmd.Flags().GetString(o.name)
	return value
}

// readFile reads the options in a TOML file as their text; "" is no file.
func readFile(path string) (map[string]string, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, misuse("--config: %w; give the path of a readable TOML file", err)
	}
	var raw map[string]any
	if err := toml.Unmarshal(text, &raw); err != nil {
		return nil, misuse("--config %s: %w", path, err)
	}
	known := map[string]bool{}
	for _, o := range options() {
		known[o.name] = true
	}
	written := map[string]string{}
	for key, value := range raw {
		if !known[key] {
			return nil, misuse("--config %s: there is no option %q; ironhook serve --help lists them", path, key)
		}
		if written[key], err = plain(value); err != nil {
			return nil, misuse("--config %s: %s: %w", path, key, err)
		}
	}
	return written, nil
}

// plain makes the text of a flag from a TOML value.
func plain(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case []any:
		var list []string
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return "", errors.New("want a list of strings")
			}
			list = append(list, s)
		}
		return strings.Join(list, ","), nil
	}
	return "", errors.New(`want a string or a list of strings, in quotes`)
}
