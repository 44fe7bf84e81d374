// Example enrols a machine in a Bare Metal API and boots it from a volume: it creates
// the node, its port, its volume connector and its volume target, and deploys.
//
// With Ironhook, whose storage interface "iscsi" exports its own volumes:
//
//	export OS_AUTH_TYPE=http_basic OS_USERNAME=admin OS_PASSWORD=... OS_ENDPOINT=http://ironhook:6385
//	go run ./example -node pc-07 -mac 52:54:00:12:34:56 -driver ipmi -storage iscsi -volume pc-07 \
//		ipmi_address=10.0.1.7 ipmi_username=admin ipmi_password=...
//
// With Ironic, or for a volume on another machine, the storage interface "external"
// needs to know where the volume is; Ironic asks for a ramdisk, too, which it does not
// boot:
//
//	go run ./example ... -storage external -volume pc-07 -portal 10.0.0.5:3260 -iqn iqn.2017-08.org.example:pc-07 -lun 0 \
//		... deploy_kernel=http://10.0.0.5/kernel deploy_ramdisk=http://10.0.0.5/ramdisk
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"ironhook/client/internal/environment"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, time.Hour) // a machine with cleaning may take long
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "example:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var m machine
	flag.StringVar(&m.name, "node", "pc-07", "name of the node")
	flag.StringVar(&m.mac, "mac", "52:54:00:12:34:56", "address of the network card that it boots with")
	flag.StringVar(&m.driver, "driver", "ipmi", "hardware type; each argument KEY=VALUE is a key of driver_info")
	flag.StringVar(&m.storage, "storage", "external", "storage interface")
	flag.StringVar(&m.volume, "volume", "pc-07", "the volume's name or UUID")
	flag.StringVar(&m.portal, "portal", "", "HOST:PORT of the iSCSI target, for the storage interface external")
	flag.StringVar(&m.iqn, "iqn", "", "name of the iSCSI target, for the storage interface external")
	flag.IntVar(&m.lun, "lun", 0, "number of the volume in that target")
	flag.Parse()
	m.driverInfo = map[string]any{}
	for _, argument := range flag.Args() {
		key, value, ok := strings.Cut(argument, "=")
		if !ok {
			return fmt.Errorf("%q is not KEY=VALUE", argument)
		}
		m.driverInfo[key] = value
	}
	client, err := environment.Client()
	if err != nil {
		return fmt.Errorf("set OS_ENDPOINT, OS_AUTH_TYPE, OS_USERNAME and OS_PASSWORD: %w", err)
	}
	client.Microversion = "1.33" // the first with a node's storage interface
	return m.boot(ctx, client)
}
