// Command tutorial types what docs/tutorial.md says, from its first line to its last, in a
// clean Debian, compares the answers, and prints the minutes to the first boot. It needs root
// and a mirror of Debian.
//
//	go run ./e2e/tutorial [-suite trixie] PROGRAM
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"ironhook/e2e/lab"
)

func main() { os.Exit(lab.Run(tutorial)) }

func tutorial() int {
	suite := flag.String("suite", "trixie", "the release of Debian")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	if err := follow(ctx, *suite, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "tutorial:", err)
		return 1
	}
	return 0
}

// follow goes through the tutorial.
func follow(ctx context.Context, suite, program string) (err error) {
	text, err := os.ReadFile("docs/tutorial.md")
	if err != nil {
		return err
	}
	d, err := newDebian(ctx, suite, program)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	room, err := lab.New("tutorial")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, room.Close()) }() // before the system goes
	p := &person{debian: d, room: room, begun: time.Now()}
	for _, s := range read(string(text)) {
		if err := p.do(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s.heading, err)
		}
	}
	if p.booted == 0 {
		return errors.New("the tutorial boots nothing")
	}
	fmt.Printf("%d lines typed, all answers as it says; the first machine had booted %.1f minutes after the first line, of which %.1f were "+
		"the packages' (Debian %s)\n",
		p.typed, p.booted.Minutes(), p.packages.Minutes(), suite)
	return nil
}
