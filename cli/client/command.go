package client

import (
	"context"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Config is the configuration of the commands.
type Config struct {
	Socket func() string       // path of the socket of the appliance on this machine
	Getenv func(string) string // os.Getenv
}

// prints is the form of a command's output on success.
type prints int

const (
	nothing prints = iota
	one            // the fields of one thing
	many           // a table of things
)

// verb is one command: what is typed, what it takes and what it does.
type verb struct {
	use    string // the words, then the arguments, as "node power off <node>"; the last may be "<node>..."
	short  string
	prints prints
	takes  []option
	run    func(*call) error
}

// call is one run of a command: where it goes, what was typed, where it prints.
type call struct {
	*server
	ctx   context.Context
	args  []string
	given []given
	print printer
	in    io.Reader
	out   io.Writer
	errs  io.Writer
}

// Commands returns the commands to hang under the program's own.
func Commands(c Config) []*cobra.Command {
	metal := group("baremetal", "Commands of the Bare Metal API, as after the word openstack")
	node := group("node", "Short for baremetal node")
	port := group("port", "Short for baremetal port")
	for _, v := range baremetal() {
		c.hang(metal, v)
		for _, short := range []*cobra.Command{node, port} {
			if use, ok := strings.CutPrefix(v.use, short.Name()+" "); ok {
				v.use = use
				c.hang(short, v)
			}
		}
	}
	c.hang(node, verb{"power test <node>", "Show what the BMC of a node says, and how long each answer took; nothing is switched", many, nil,
		powerTest})
	c.hang(node, verb{"confirm <node>...", "Say that what the plan of a node waits for has been done by hand", nothing, nil, confirmNodes})
	c.hang(node, verb{"sensors <node>", "Show what the BMC of a node measures: temperatures, fans, voltages", many, nil, showSensors})
	c.hang(node, verb{"sel <node>", "Show the event log that the BMC of a node keeps: faults of memory, fans, power supplies", many,
		selOptions, showSEL})
	c.own(under(node, "console"),
		verb{"console <node>", "Join the serial console of a node; ~. leaves it", nothing, consoleOptions, openConsole})
	image, volume := group("image", "Commands on images"), group("volume", "Commands on volumes and their snapshots")
	for _, v := range imageVerbs() {
		c.hang(image, v)
	}
	for _, v := range volumeVerbs() {
		c.hang(volume, v)
	}
	old := group("ironic", "Commands on volume connectors and targets, as the older client ironic has them")
	for _, v := range ironic() {
		c.hang(old, v)
	}
	for _, v := range fileVerbs {
		c.hang(metal, v)
	}
	event := group("event", "Commands on what happened")
	lease := group("lease", "Commands on the addresses of machines")
	boot := group("boot", "Commands on the boots of machines")
	for _, v := range looks() {
		word, rest, _ := strings.Cut(v.use, " ")
		v.use = rest
		c.hang(map[string]*cobra.Command{"event": event, "lease": lease, "boot": boot}[word], v)
	}
	user := group("user", "Commands on accounts")
	for _, v := range userVerbs() {
		c.hang(user, v)
	}
	wall := group("wall", "Commands on links to the wall of machines, which need no login")
	for _, v := range wallVerbs() {
		c.hang(wall, v)
	}
	view := group("view", "Commands on saved views of the page of machines")
	for _, v := range viewVerbs() {
		c.hang(view, v)
	}
	discovery := group("discovery", "Commands on machines that are not enrolled and wait to be approved")
	for _, v := range discoveryVerbs() {
		c.hang(discovery, v)
	}
	webhook := group("webhook", "Commands on URLs to which events are posted")
	for _, v := range webhookVerbs() {
		c.hang(webhook, v)
	}
	top := &cobra.Command{}
	c.hang(top, statusVerb)
	c.hang(top, verb{"events", "Short for event list", many, eventOptions, listEvents})
	c.hang(top, fileVerbs[1])
	c.hang(top, upgradeVerb)
	c.hang(top, verb{"clouds", "Print a clouds.yaml with which OpenStack's own clients find this appliance", nothing, nil, printClouds})
	all := append([]*cobra.Command{metal, old, node, port, image,
		volume, event, lease, boot, discovery, user, view, wall, webhook}, top.Commands()...)
	for _, g := range all {
		outline(g)
		g.PersistentFlags().String("url", "",
			"where the appliance is, as http://ironhook:6385 ($IRONHOOK_URL, $OS_ENDPOINT); without it, the one on this machine")
	}
	return all
}

// group is a command that only holds others.
func group(word, short string) *cobra.Command {
	cmd := &cobra.Command{Use: word, Short: short, Args: cobra.ArbitraryArgs, SuggestionsMinimumDistance: 2}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			return misuse("%s has no command %q; did you mean %s?", typedAsWords(cmd), args[0], strings.Join(near, " or "))
		}
		return misuse("%s has no command %q; see %s --help", typedAsWords(cmd), args[0], cmd.CommandPath())
	}
	return cmd
}

// typedAsWords are the words of a command after that of the program, whose name stands before
// every complaint.
func typedAsWords(cmd *cobra.Command) string {
	if !cmd.HasParent() {
		return cmd.Name()
	}
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
}

// hang adds a verb under parent, with the groups that its words name.
func (c Config) hang(parent *cobra.Command, v verb) {
	words, _ := split(v.use)
	for _, word := range words[:len(words)-1] {
		parent = under(parent, word)
	}
	cmd := &cobra.Command{}
	c.own(cmd, v)
	parent.AddCommand(cmd)
}

// own makes cmd the command of a verb, by its last word. It may have commands below it, too.
func (c Config) own(cmd *cobra.Command, v verb) {
	words, arguments := split(v.use)
	cmd.Use, cmd.Short = strings.Join(append([]string{words[len(words)-1]}, arguments...), " "), v.short
	cmd.Args = func(cmd *cobra.Command, args []string) error { return count(cmd, arguments, args) }
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return c.run(cmd, v, args) }
	cmd.Flags().SetNormalizeFunc(spelled)
	for _, o := range v.takes {
		o.flag(cmd)
	}
	printFlags(cmd, v.prints)
	c.complete(cmd, v, arguments)
}

// spelled takes --connector_id as --connector-id, and --properties for its short form: the
// specification of volume connection information spells them so.
func spelled(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	if name == "properties" {
		name = "property"
	}
	return pflag.NormalizedName(strings.ReplaceAll(name, "_", "-"))
}

func under(parent *cobra.Command, word string) *cobra.Command {
	for _, child := range parent.Commands() {
		if child.Name() == word {
			return child
		}
	}
	child := group(word, "")
	parent.AddCommand(child)
	return child
}

// outline gives the groups below g their help: the words that can follow.
func outline(g *cobra.Command) {
	var words []string
	for _, child := range g.Commands() {
		outline(child)
		words = append(words, child.Name())
	}
	if g.Short == "" {
		g.Short = strings.Join(words, ", ")
	}
}

// split parts a use line into words and <arguments>.
func split(use string) (words, arguments []string) {
	fields := strings.Fields(use)
	for i, f := range fields {
		if strings.HasPrefix(f, "<") || strings.HasPrefix(f, "[<") {
			return fields[:i], fields[i:]
		}
	}
	return fields, nil
}

func count(cmd *cobra.Command, want, got []string) error {
	for _, missing := range want[min(len(got), len(want)):] {
		if !strings.HasPrefix(missing, "[") {
			return misuse("%s needs %s; see %s --help", typedAsWords(cmd), strings.Join(want[len(got):], " "), cmd.CommandPath())
		}
	}
	if open := len(want) > 0 && strings.HasSuffix(strings.TrimSuffix(want[len(want)-1], "]"), "..."); len(got) > len(want) && !open {
		return misuse("%s takes no argument %q; see %s --help", typedAsWords(cmd), got[len(want)], cmd.CommandPath())
	}
	return nil
}

func (c Config) run(cmd *cobra.Command, v verb, args []string) error {
	place, _ := cmd.Flags().GetString("url")
	s, err := c.find(place)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k := &call{server: s, ctx: ctx, args: args, in: cmd.InOrStdin(), out: cmd.OutOrStdout(), errs: cmd.ErrOrStderr()}
	if k.print, err = readPrinter(cmd, v.prints); err != nil {
		return err
	}
	if k.given, err = read(cmd, v.takes, k.in); err != nil {
		return err
	}
	return v.run(k)
}
