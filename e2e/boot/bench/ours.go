package main

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// ours serves the machines with Ironhook, each its own volume with CHAP, powered
// through the API and a BMC.
func ours(ctx context.Context, img image.Image, hardware []lab.Hardware, signed string) (*stack, error) {
	program, err := lab.Build(ctx)
	if err != nil {
		return nil, err
	}
	return ironhook(ctx, img, hardware, signed, program, "Ironhook")
}

// earlier serves them with the program of an earlier revision.
func earlier(program string) setUp {
	return func(ctx context.Context, img image.Image, hardware []lab.Hardware, signed string) (*stack, error) {
		return ironhook(ctx, img, hardware, signed, program, "before")
	}
}

func ironhook(ctx context.Context, img image.Image, hardware []lab.Hardware, signed, program, name string) (*stack, error) {
	l, err := lab.New("bench-" + strings.ToLower(name))
	if err != nil {
		return nil, err
	}
	s := &stack{name: name, lab: l}
	var args []string
	if slices.ContainsFunc(hardware, func(hw lab.Hardware) bool { return hw.SecureBoot != nil }) { // an older program has no such option
		args = []string{"--secure-boot-dir", signed}
	}
	app, err := l.Appliance(ctx, program, args...)
	if err != nil {
		return s, err
	}
	client, where := app.Client(), site{l, app, program, img}
	machines := make([]*lab.Machine, len(hardware))
	nodes := make([]string, len(hardware))
	for i, hw := range hardware {
		if machines[i], err = l.Machine(ctx, hw); err != nil {
			return s, err
		}
		enrol := site.managed
		if hw.Initiator != "" {
			enrol = site.external
		}
		if nodes[i], err = enrol(where, ctx, machines[i]); err != nil {
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

// site is where machines are enrolled.
type site struct {
	lab     *lab.Lab
	app     *lab.Appliance
	program string
	image   image.Image
}

// managed enrols a machine with a volume of the appliance.
func (s site) managed(ctx context.Context, m *lab.Machine) (string, error) {
	if err := s.image.Volume(ctx, s.app.Volume(m.Name), image.Options{Signed: m.SecureBoot != nil}); err != nil {
		return "", err
	}
	return s.app.Client().Enroll(ctx, m, m.Name)
}

// external enrols a machine whose firmware has an initiator, with a volume of another storage.
func (s site) external(ctx context.Context, m *lab.Machine) (string, error) {
	const portal, iqn = lab.Address + ":3261", "iqn.2026-01.test.lab:array"
	disk := filepath.Join(s.lab.Dir, "array.raw")
	if err := s.image.Volume(ctx, disk, image.Options{}); err != nil {
		return "", err
	}
	array, err := s.lab.Start("array", s.program, "iscsi", "export", "--listen", portal, "--iqn", iqn, disk)
	if err != nil {
		return "", err
	}
	if err := s.lab.Listening(ctx, array, portal); err != nil {
		return "", err
	}
	return s.app.Client().EnrollExternal(ctx, m, "hba_boot", m.Initiator,
		map[string]any{"target_portal": portal, "target_iqn": iqn, "target_lun": 0})
}

// powerOn switches a node on; the first time that is its deployment.
func powerOn(ctx context.Context, client *lab.Client, node string, first bool) error {
	if !first {
		return client.Power(ctx, node, "power on")
	}
	return client.Deploy(ctx, node)
}
