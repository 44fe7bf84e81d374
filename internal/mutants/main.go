// Mutants runs deliberate bugs against the tests that ought to notice them. Each is
// a change of a few words of the source that would lose data, give away a secret or
// let the wrong machine in. A mutant that no test kills is a rule without a test.
//
// The source is never changed: the compiler is shown the mutant in place of the file
// (go build -overlay), and nothing of it is left when the test has ended.
//
//	go run ./internal/mutants                # all of them
//	go run ./internal/mutants -only 101,204  # these
//	go run ./internal/mutants -only 2        # those of hundred 2, which is a room
//	go run ./internal/mutants -list          # what there is
//
// The exit status is 1 when fewer than 95 of a hundred are killed, and when one does
// not fit the source, does not build, or has tests that fail without it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"time"
)

// enough is how many of a hundred mutants must be killed.
const enough = 95

func main() {
	only := flag.String("only", "", "numbers of the mutants to run, separated by commas; a single digit is a hundred of them")
	race := flag.Bool("race", false, "run the tests with the race detector")
	list := flag.Bool("list", false, "list the mutants and run none")
	flag.Parse()
	chosen, err := choose(mutants, *only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(2)
	}
	if *list {
		for _, m := range chosen {
			fmt.Printf("%d %-28s %s\n", m.number, m.file, m.costs)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if !runAll(ctx, chosen, lab{root: ".", race: *race}) {
		os.Exit(1)
	}
}

// choose returns the mutants that only names.
func choose(all []mutant, only string) (chosen []mutant, err error) {
	if only == "" {
		return all, nil
	}
	for word := range strings.SplitSeq(only, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil {
			return nil, fmt.Errorf("%q is not the number of a mutant", word)
		}
		before := len(chosen)
		for _, m := range all {
			if m.number == n || n < 10 && m.number/100 == n {
				chosen = append(chosen, m)
			}
		}
		if len(chosen) == before {
			return nil, fmt.Errorf("there is no mutant %d; -list shows all", n)
		}
	}
	return chosen, nil
}

// runAll runs the mutants one after the other and reports whether enough were killed.
func runAll(ctx context.Context, all []mutant, l lab) bool {
	count, rooms, start := map[verdict]int{}, map[string]map[verdict]int{}, time.Now()
	var order []string
	wrong := l.baseline(ctx, all)
	for _, m := range all {
		began := time.Now()
		v, why := baseless, wrong[m.number]
		if why == "" {
			v, why = l.run(ctx, m)
		}
		if ctx.Err() != nil {
			return false
		}
		fmt.Printf("%d %-14s %5.1fs  %s: %s\n", m.number, v, time.Since(began).Seconds(), m.file, m.costs)
		if v != killed {
			fmt.Printf("    %s\n", strings.ReplaceAll(strings.TrimSpace(why), "\n", "\n    "))
		}
		room := m.room()
		if rooms[room] == nil {
			rooms[room] = map[verdict]int{}
			order = append(order, room)
		}
		rooms[room][v]++
		count[v]++
	}
	slices.Sort(order)
	for _, room := range order {
		fmt.Printf("%-16s %3d killed, %d alive\n", room, rooms[room][killed], rooms[room][alive])
	}
	broken := len(all) - count[killed] - count[alive]
	percent := 100 * count[killed] / len(all)
	fmt.Printf("%d mutants in %v: %d killed, %d alive, %d that prove nothing; %d %% killed\n",
		len(all), time.Since(start).Round(time.Second), count[killed], count[alive], broken, percent)
	return broken == 0 && percent >= enough
}
