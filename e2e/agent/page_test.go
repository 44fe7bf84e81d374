//go:build agentmatrix

package agent_test

import (
	"cmp"
	"os"
	"strings"
	"testing"
)

// section is one table of the page.
type section struct {
	text          string
	rows, columns []string
}

// sections are those of the page.
func sections() []section {
	var machines, kills, killed []string
	for _, f := range firmwares {
		for _, k := range kinds {
			row, _ := f.writes(k)
			machines = append(machines, row)
		}
	}
	for _, v := range victims {
		kills = append(kills, v+" killed")
	}
	for _, p := range points {
		killed = append(killed, p.name)
	}
	return []section{
		{`# The agent on each kind of machine

Written by ` + "`make agent-matrix`" + `: seconds in QEMU (TCG), one run each, on a machine that may have other work at the time. "-" was not run. "agent up"
counts from power-on; "written" from the first byte of the image to the end of its config drive; "booted" from power-on to
userland; "cleaned" (both ends) and "erased" (everything) from the request to the node's next state, with the boot of the agent.`, machines, columns},
		{`# What is killed

A node whose agent has been silent for five minutes fails, and its machine is switched off. An inspection waits for half an hour, as in
Ironic, or until it is aborted.`, kills, killed},
	}
}

// matrixFile is the variable with the file that the tables are written to.
const matrixFile = "IRONHOOK_AGENT_MATRIX"

// record puts the cells of a test that passes into the page.
func record(t *testing.T, cells map[string]string) {
	t.Helper()
	if file := os.Getenv(matrixFile); file != "" && !t.Failed() {
		old, _ := os.ReadFile(file) // there may be none
		must(t, "write the table", os.WriteFile(file, []byte(page(cells, string(old))), 0o644))
	}
}

// page is the page with the cells. Those that were not run are as on the old page.
func page(cells map[string]string, old string) string {
	var b strings.Builder
	for i, s := range sections() {
		if i > 0 {
			b.WriteString("\n#")
		}
		before := s.cells(old)
		b.WriteString(s.text + "\n\n| | " + strings.Join(s.columns, " | ") + " |\n" + strings.Repeat("|---", len(s.columns)+1) + "|\n")
		for _, row := range s.rows {
			b.WriteString("| " + row + " |")
			for _, column := range s.columns {
				b.WriteString(" " + cmp.Or(cells[row+"/"+column], before[row+"/"+column], "-") + " |")
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

// cells are those of an old page, by row and column.
func (s section) cells(old string) map[string]string {
	cells := map[string]string{}
	for line := range strings.Lines(old) {
		fields := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i, column := range s.columns {
			if i+1 < len(fields) {
				cells[strings.TrimSpace(fields[0])+"/"+column] = strings.TrimSpace(fields[i+1])
			}
		}
	}
	return cells
}
