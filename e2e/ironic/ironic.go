// Package ironic starts Debian's Ironic beside the program: API and conductor in one process, a
// database in a file, no message bus, no authentication, hardware that is none.
package ironic

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
)

// conf is the smallest configuration with which Debian's Ironic stands alone.
const conf = `[DEFAULT]
auth_strategy = noauth
rpc_transport = none
host = peer
enabled_hardware_types = fake-hardware
enabled_bios_interfaces = fake
enabled_boot_interfaces = fake
enabled_console_interfaces = fake
enabled_deploy_interfaces = fake
enabled_inspect_interfaces = fake
enabled_management_interfaces = fake
enabled_network_interfaces = noop
enabled_power_interfaces = fake
enabled_raid_interfaces = fake
enabled_rescue_interfaces = fake
enabled_storage_interfaces = noop,external
enabled_vendor_interfaces = fake
log_dir = %[1]s
state_path = %[1]s
[database]
connection = sqlite:///%[1]s/ironic.db
[api]
host_ip = 127.0.0.1
port = %[2]s
[conductor]
sync_power_state_interval = 0
[dhcp]
dhcp_provider = none
[deploy]
http_root = %[1]s
[pxe]
tftp_root = %[1]s
`

// python is Debian's own, whatever stands first in PATH: the package's modules
// belong to it.
const python = "/usr/bin/python3"

// Prepare makes the configuration and the database in dir, of an Ironic that shall listen at
// address, and returns the command that runs it.
func Prepare(ctx context.Context, dir, address string) (argv []string, err error) {
	if err := exec.CommandContext(ctx, python, "-c", "import ironic.cmd.singleprocess").Run(); err != nil {
		return nil, errors.New("Debian's Ironic is not here: install python3-ironic")
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "ironic.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, conf, dir, port), 0o600); err != nil {
		return nil, err
	}
	schema := exec.CommandContext(ctx, python, "-c", "from ironic.cmd.dbsync import main; main()", "--config-file", file, "create_schema")
	if out, err := schema.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("create Ironic's database: %w\n%s", err, out)
	}
	return []string{python, "-c", "from ironic.cmd.singleprocess import main; main()", "--config-file", file}, nil
}
