package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// demo is one demonstration.
type demo struct {
	out  io.Writer
	stay bool
	step string        // what is being done, for the error
	boot time.Duration // power-on to root checked

	lab     *lab.Lab
	app     *lab.Appliance
	client  *lab.Client
	machine *lab.Machine
	door    *door
	image   image.Image
	program string
}

// show goes through the steps.
func (d *demo) show(ctx context.Context) error {
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"build ironhook", d.build},
		{"make a small Linux to boot", d.makeImage},
		{"start the appliance in a network of its own", d.serve},
		{"start a machine's BMC (the machine is off and has no disk)", d.addMachine},
		{"register the machine through the API", d.register},
		{"deploy: attach the volume, power on, boot", d.deploy},
	} {
		d.step = step.name
		fmt.Fprintf(d.out, "* %s\n", step.name)
		began := time.Now()
		if err := step.do(ctx); err != nil {
			return err
		}
		fmt.Fprintf(d.out, "  %.1f s\n", time.Since(began).Seconds())
	}
	return nil
}

// close ends everything; the demonstration is over.
func (d *demo) close() error {
	if d.door != nil {
		d.door.close()
	}
	if d.lab == nil {
		return nil
	}
	return d.lab.Close()
}

func (d *demo) build(ctx context.Context) (err error) {
	d.program, err = lab.Build(ctx)
	return err
}

func (d *demo) makeImage(ctx context.Context) error {
	root, err := lab.Root()
	if err != nil {
		return err
	}
	d.image, err = image.Build(ctx, filepath.Join(root, "build", "image"))
	return err
}

func (d *demo) serve(ctx context.Context) (err error) {
	if d.lab, err = lab.New("demo"); err != nil {
		return err
	}
	if d.app, err = d.lab.Appliance(ctx, d.program); err != nil {
		return err
	}
	d.client = d.app.Client()
	if d.door, err = openDoor(d.lab, lab.Address+":6385"); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "  watch it: http://%s/ui/   user admin, password %s\n", d.door.address(), d.app.Password)
	return nil
}

func (d *demo) addMachine(ctx context.Context) (err error) {
	d.machine, err = d.lab.Machine(ctx, lab.Hardware{Name: "diskless"})
	if err == nil {
		fmt.Fprintf(d.out, "  IPMI at %s, network card %s\n", d.machine.BMC.Address, d.machine.MAC)
	}
	return err
}

const volume = "demo"

func (d *demo) register(ctx context.Context) error {
	err := d.image.Volume(ctx, d.app.Volume(volume), image.Options{Stay: d.stay})
	if err != nil {
		return err
	}
	node, err := d.client.Enroll(ctx, d.machine, volume)
	if err == nil {
		fmt.Fprintf(d.out, "  node %s, volume %s\n", node, volume)
	}
	return err
}

// deploy boots the machine and prints its timeline as it comes.
func (d *demo) deploy(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	told := make(chan error, 1)
	go func() { told <- d.tell(ctx) }()
	err := d.client.Deploy(ctx, d.machine.Name)
	if err == nil {
		err = d.awaitRoot(ctx)
	}
	if err != nil {
		cancel()
		<-told
		return err
	}
	return <-told
}

// awaitRoot waits for the guest's own word that its root is sound.
func (d *demo) awaitRoot(ctx context.Context) error {
	boot, err := d.machine.Boot(ctx, 1)
	if err != nil {
		return err
	}
	line, err := boot.Expect(ctx, "guest: root-ok boots=1")
	if err != nil {
		return err
	}
	d.boot = line.At.Sub(boot.Console.Start())
	fmt.Fprintf(d.out, "  +%6.2f s  %-10s  root mounted over iSCSI, checked and written to\n", d.boot.Seconds(), "linux")
	if d.stay {
		return nil
	}
	return boot.ExpectOff(ctx)
}
