package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"ironhook/e2e/lab"
)

// person follows the tutorial: one terminal is for commands, and each program that stays has
// another.
type person struct {
	*debian
	room     *lab.Lab // its network is that of all but the installation
	begun    time.Time
	exports  string // what was exported in the first terminal
	serve    *lab.Process
	machine  *lab.Process
	typed    int
	packages time.Duration // that took to install
	booted   time.Duration // from the first line; 0 for not yet
}

func (p *person) do(ctx context.Context, s step) error {
	first, rest, _ := strings.Cut(s.text, " ")
	switch {
	case s.kind == "text":
		return p.see(ctx, s.text)
	case s.kind == "console":
		for _, line := range s.lines() {
			if err := p.enter(ctx, line); err != nil {
				return err
			}
		}
		return nil
	case first == "apt-get":
		return p.install(ctx, s.text)
	case first == "export":
		p.exports += s.text + "\n"
		return nil
	case strings.HasPrefix(first, "qemu"):
		p.typed++
		return p.start(&p.machine, "machine", s.text)
	case first == "ironhook" && strings.HasPrefix(rest, "serve "):
		return p.appliance(ctx, s.text)
	}
	return fmt.Errorf("it is not known in which terminal to type %q", s.text)
}

// enter types a line in the first terminal and compares the answer.
func (p *person) enter(ctx context.Context, t typed) error {
	p.typed++
	words := p.words("sh", "-c", p.exports+"exec 2>&1\n"+t.line)
	got, err := p.room.Output(ctx, nil, words[0], words[1:]...)
	got = strings.TrimSuffix(got, "\n")
	if err != nil || !fits(t.answer, got) {
		return fmt.Errorf("$ %s\n%s\nwant\n%s\n%v", t.line, got, t.answer, err)
	}
	return nil
}

// install types a line in a terminal that reaches the mirror of Debian.
func (p *person) install(ctx context.Context, line string) error {
	p.typed++
	begun := time.Now()
	words := p.words("sh", "-c", line)
	if out, err := exec.CommandContext(ctx, words[0], words[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", line, err, out)
	}
	p.packages = time.Since(begun)
	return nil
}

// appliance ends the one that runs, and starts it as the line says.
func (p *person) appliance(ctx context.Context, line string) error {
	p.typed++
	if p.serve != nil {
		if err := p.serve.Stop(ctx); err != nil {
			return fmt.Errorf("end the appliance: %w", err)
		}
	}
	if err := p.start(&p.serve, "serve", line); err != nil {
		return err
	}
	_, err := p.serve.Log.Wait(ctx, regexp.MustCompile(`^ready:`))
	return err
}

// start types a line in a terminal of its own.
func (p *person) start(in **lab.Process, name, line string) (err error) {
	words := p.words("sh", "-c", "exec "+line)
	*in, err = p.room.Start(name, words[0], words[1:]...)
	return err
}

// see waits until the machine shows a text.
func (p *person) see(ctx context.Context, text string) error {
	if p.machine == nil {
		return fmt.Errorf("nothing runs that could show %q", text)
	}
	if _, err := p.machine.Log.Wait(ctx, regexp.MustCompile(regexp.QuoteMeta(text))); err != nil {
		return err
	}
	p.booted = time.Since(p.begun)
	return nil
}
