package main

import (
	"context"
	"strings"
	"time"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// ours serves the machines with Ironhook, each its own volume with CHAP, powered
// through the API and a BMC.
func ours(ctx context.Context, img image.Image, hardware []lab.Hardware) (*stack, error) {
	program, err := lab.Build(ctx)
	if err != nil {
		return nil, err
	}
	return ironhook(ctx, img, hardware, program, "Ironhook")
}

// earlier serves them with the program of an earlier revision.
func earlier(program string) setUp {
	return func(ctx context.Context, img image.Image, hardware []lab.Hardware) (*stack, error) {
		return ironhook(ctx, img, hardware, program, "before")
	}
}

func ironhook(ctx context.Context, img image.Image, hardware []lab.Hardware, program, name string) (*stack, error) {
	l, err := lab.New("bench-" + strings.ToLower(name))
	if err != nil {
		return nil, err
	}
	s := &stack{name: name, lab: l}
	app, err := l.Appliance(ctx, program)
	if err != nil {
		return s, err
	}
	client := app.Client()
	machines := make([]*lab.Machine, len(hardware))
	nodes := make([]string, len(hardware))
	for i, hw := range hardware {
		if machines[i], err = l.Machine(ctx, hw); err != nil {
			return s, err
		}
		if err := img.Volume(ctx, app.Volume(hw.Name), image.Options{}); err != nil {
			return s, err
		}
		if nodes[i], err = client.Enroll(ctx, machines[i], hw.Name); err != nil {
			return s, err
		}
	}
	boots := make([]int, len(hardware))
	s.boot = func(ctx context.Context, i int) (time.Duration, error) {
		boots[i]++
		if err := powerOn(ctx, client, nodes[i], boots[i] == 1); err != nil {
			return 0, err
		}
		took, err := awaitRoot(ctx, machines[i], boots[i])
		if err != nil {
			return 0, err
		}
		return took, client.Power(ctx, nodes[i], "power off")
	}
	return s, nil
}

// powerOn switches a node on; the first time that is its deployment.
func powerOn(ctx context.Context, client *lab.Client, node string, first bool) error {
	if !first {
		return client.Power(ctx, node, "power on")
	}
	return client.Deploy(ctx, node)
}
