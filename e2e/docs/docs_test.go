// Package docs_test runs what the documentation shows. A block of shell that
// stands behind a line <!-- run --> is executed as it is, with the addresses and
// passwords of a virtual machine room in place of the examples'.
package docs_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

func TestMain(m *testing.M) { os.Exit(lab.RunTests(m.Run)) }

var blocks = regexp.MustCompile("(?ms)^<!-- run -->\n```sh\n(.*?)^```")

// script joins the blocks of a page that are to be run.
func script(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range blocks.FindAllStringSubmatch(string(text), -1) {
		all = append(all, m[1])
	}
	if len(all) == 0 {
		t.Fatalf("%s has no block to run", page)
	}
	return "set -eux\n" + strings.Join(all, "\n")
}

// TestGuide follows the operator's guide from its first block to its last, and
// sees the machine of the guide boot.
func TestGuide(t *testing.T) {
	if testing.Short() {
		t.Skip("boots a virtual machine")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	root, err := lab.Root()
	check(t, err)
	img, err := image.Build(ctx, filepath.Join(root, "build", "image"))
	check(t, err)
	program, err := lab.Build(ctx)
	check(t, err)
	room, err := lab.New("docs")
	check(t, err)
	defer func() {
		if err := room.Close(); err != nil {
			t.Error(err)
		}
	}()
	app, err := room.Appliance(ctx, program)
	check(t, err)
	machine, err := room.Machine(ctx, lab.Hardware{Name: "pc-07"})
	check(t, err)
	disk := filepath.Join(room.Dir, "debian.raw")
	check(t, img.Volume(ctx, disk, image.Options{Stay: true}))

	replace := strings.NewReplacer(
		"sudo ", "",
		"--file debian.raw", "--file "+disk,
		"/var/lib/ironhook", app.Data,
		"ironhook:6385", lab.Address+":6385",
		"the-password-shown", app.Password,
		"ipmi_address=10.0.1.7", "ipmi_address="+machine.BMC.Address.String(),
		"bmc-user", machine.BMC.Username,
		"bmc-password", machine.BMC.Password,
		"52:54:00:12:34:56", machine.MAC,
	)
	out, err := room.Output(ctx, []string{"PATH=/usr/bin:/bin:/usr/sbin:/sbin:" + filepath.Dir(program), "IRONHOOK_DATA=" + app.Data},
		"/bin/sh", "-c",
		replace.Replace(script(t, filepath.Join(root, "docs", "guide.md"))))
	if err != nil {
		t.Fatalf("the guide does not work: %v\n%s", err, out)
	}
	for _, want := range []string{`"kind"`, "iqn.2026-11.local.ironhook:node-"} {
		if !strings.Contains(out, want) {
			t.Errorf("the guide's blocks never print %q:\n%s", want, out)
		}
	}
	boot, err := machine.Boot(ctx, 2) // deployed, then switched off and on
	check(t, err)
	_, err = boot.Expect(ctx, `guest: root-ok`)
	check(t, err)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
