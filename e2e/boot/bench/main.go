package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

func main() { os.Exit(lab.Run(prove)) }

func prove() int {
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Second)
	defer cancel()
	if err := doit(ctx); err != nil {
		fmt.Println("ERR", err)
		return 1
	}
	return 0
}

func doit(ctx context.Context) error {
	l, err := lab.New("bench")
	if err != nil {
		return err
	}
	defer l.Close()
	img, err := image.Build(ctx, "/tmp/e2e-scratch/img")
	if err != nil {
		return err
	}
	disk := filepath.Join(l.Dir, "disk.raw")
	if err := img.Volume(ctx, disk, image.Options{Write: 3}); err != nil {
		return err
	}
	if err := startReference(ctx, l, disk); err != nil {
		return err
	}
	for _, hw := range []lab.Hardware{{Name: "virtio"}, {Name: "e1000", NIC: "e1000"}, {Name: "uefi", Firmware: lab.UEFI, NoROM: true}} {
		m, err := l.Machine(ctx, hw)
		if err != nil {
			return err
		}
		out, err := l.Output(ctx, nil, "ipmitool", "-I", "lanplus", "-C", "3", "-H", m.BMC.Address.String(), "-U", m.BMC.Username, "-P", m.BMC.Password, "power", "on")
		fmt.Println(out, err)
		b, err := m.Boot(ctx, 1)
		if err != nil {
			return err
		}
		line, err := b.Expect(ctx, "guest: root-ok")
		if err != nil {
			return err
		}
		fmt.Println(hw.Name, line.At.Sub(b.Console.Start()), line.Text)
		if err := b.ExpectOff(ctx); err != nil {
			return err
		}
		fmt.Println("off", time.Since(b.Console.Start()))
	}
	return nil
}
