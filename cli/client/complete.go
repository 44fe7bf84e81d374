package client

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// completionTime is how long a shell waits for the names of things.
const completionTime = 3 * time.Second

// listings are the things that completion knows by their names: the word in a use line or the
// name of an option, and where they are listed.
var listings = map[string]struct{ path, list string }{
	"node":     {"/v1/nodes", "nodes"},
	"image":    {images.path, images.list},
	"volume":   {volumes.path, volumes.list},
	"source":   {volumes.path, volumes.list},
	"snapshot": {snapshots.path, snapshots.list},
	"driver":   {"/v1/drivers", "drivers"},
	"user":     {users, "users"},
	"view":     {views, "views"},
	"wall":     {walls, "walls"},
}

// complete gives a command the completion of its arguments and of the values of its options.
// An appliance that does not answer has none.
func (c Config) complete(cmd *cobra.Command, v verb, arguments []string) {
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(arguments) == 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		last := arguments[len(arguments)-1]
		if len(args) >= len(arguments) && !strings.HasSuffix(last, "...") {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		word := strings.Trim(arguments[min(len(args), len(arguments)-1)], "[<>].")
		if word == "file" {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return c.names(cmd, word, typed), cobra.ShellCompDirectiveNoFileComp
	}
	for _, o := range v.takes {
		_, known := listings[o.name]
		switch {
		case len(o.choices) > 0:
			// each option stands once
			_ = cmd.RegisterFlagCompletionFunc(o.name, cobra.FixedCompletions(o.choices, cobra.ShellCompDirectiveNoFileComp))
		case known:
			_ = cmd.RegisterFlagCompletionFunc(o.name, func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
				return c.names(cmd, o.name, typed), cobra.ShellCompDirectiveNoFileComp
			})
		}
	}
}

// names are the names of things that begin with what was typed.
func (c Config) names(cmd *cobra.Command, word, typed string) (all []string) {
	where, known := listings[word]
	place, _ := cmd.Flags().GetString("url")
	s, err := c.find(place)
	if !known || err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
	defer cancel()
	rows, err := (&call{server: s, ctx: ctx}).pages(where.path, where.list, url.Values{})
	if err != nil {
		return nil
	}
	for _, row := range rows {
		if name, ok := row["name"].(string); ok && strings.HasPrefix(name, typed) {
			all = append(all, name)
		}
	}
	slices.SortFunc(all, natural)
	return all
}
