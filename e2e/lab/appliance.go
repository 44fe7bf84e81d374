package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
)

// Appliance is Ironhook itself, the real program, serving a lab. Its state is in
// a folder, so it may be killed and started again.
type Appliance struct {
	Data     string // its data folder
	Password string // of the user admin, made and shown at its first start

	lab     *Lab
	program string
	args    []string
	process *Process
}

// Build compiles Ironhook from the repository into the scratch folder, once more
// only if it changed, and returns the program's path. $IRONHOOK names a program
// to use instead.
func Build(ctx context.Context) (string, error) {
	if program := os.Getenv("IRONHOOK"); program != "" {
		return filepath.Abs(program)
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	program := filepath.Join(os.Getenv(scratchEnv), "ironhook")
	for _, argv := range [][]string{
		{filepath.Join(root, "scripts", "ipxe.sh")},
		{"go", "build", "-trimpath", "-buildvcs=false", "-o", program, "."},
	} {
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("build ironhook: %w\n%s", err, out)
		}
	}
	return program, nil
}

// Appliance starts the program as the DHCP server of the lab's network, on its own defaults
// except for where it is, and waits until it is ready. More arguments may be given.
func (l *Lab) Appliance(ctx context.Context, program string, args ...string) (*Appliance, error) {
	return l.Serve(ctx, program, append([]string{"--dhcp", "full", "--dhcp-range", "10.77.0.100-10.77.0.200"}, args...)...)
}

// Serve is Appliance without options for DHCP.
func (l *Lab) Serve(ctx context.Context, program string, args ...string) (*Appliance, error) {
	a := &Appliance{Data: filepath.Join(l.Dir, "data"), lab: l, program: program}
	a.args = append([]string{"serve", "--data", a.Data, "--boot-interface", Bridge}, args...)
	if err := a.Start(ctx); err != nil {
		return nil, err
	}
	line, err := a.process.Log.Wait(ctx, passwordLine)
	if err != nil {
		return nil, fmt.Errorf("first start shows no password: %w", err)
	}
	a.Password = passwordLine.FindStringSubmatch(line.Text)[1]
	return a, nil
}

var (
	readyLine    = regexp.MustCompile(`^ready:`)
	passwordLine = regexp.MustCompile(`password\S*[ :=]+"?([^\s"]+)`)
)

// Start starts the appliance, again after Kill or Stop, and waits until it is ready.
func (a *Appliance) Start(ctx context.Context) (err error) {
	if a.process, err = a.lab.Start("ironhook", a.program, a.args...); err != nil {
		return err
	}
	_, err = a.process.Log.Wait(ctx, readyLine)
	return err
}

// Kill ends the appliance with SIGKILL, without any warning.
func (a *Appliance) Kill() { a.process.Kill() }

// Stop asks the appliance to end and returns how it did: nil is exit status 0.
func (a *Appliance) Stop(ctx context.Context) error { return a.process.Stop(ctx) }

// Program returns the path of the program.
func (a *Appliance) Program() string { return a.program }

// Process returns the process that runs now, or ran last.
func (a *Appliance) Process() *Process { return a.process }

// Volume returns the file of a local volume.
func (a *Appliance) Volume(name string) string {
	return filepath.Join(a.Data, "volumes", name+".raw")
}

// Client returns a client of the appliance's API, with its administrator's rights.
func (a *Appliance) Client() *Client {
	return NewClient(a.lab, "http://"+Address+":6385", "admin", a.Password)
}
