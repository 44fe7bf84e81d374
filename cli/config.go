package cli

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"ironhook/appliance"
)

// Config is the whole configuration of `ironhook serve`, checked.
type Config struct {
	appliance.Config
	LogLevel slog.Level
}

// option is one setting: its name is the flag's, the TOML key and, upper case
// with IRONHOOK_ before it, the environment variable.
type option struct {
	name  string
	value string // default; lists are separated by commas
	usage string
	many  bool // the flag may be repeated
	set   func(c *Config, value string) error
}

func (o option) env() string {
	return "IRONHOOK_" + strings.ToUpper(strings.ReplaceAll(o.name, "-", "_"))
}

// options is the whole configuration, in the order in which help shows it.
func options() []option {
	return []option{
		{name: "data", value: defaultData(), usage: "directory of the database and the volumes", set: setData},
		{name: "api", value: ":6385", usage: "address of the Bare Metal API and the pages",
			set: address(func(c *Config) *string { return &c.API })},
		{name: "boot-interface", usage: "network interface on which machines boot (repeatable); without one no DHCP is served", many: true,
			set: names(func(c *Config) *[]string { return &c.BootInterfaces }, `^[^\s/,]{1,15}$`, "the name of a network interface")},
		{name: "dhcp", value: "auto", usage: "auto, proxy (beside another DHCP server), full (give addresses, needs --dhcp-range) or off",
			set: func(c *Config, v string) (err error) {
				c.DHCP, err = appliance.ParseMode(v)
				return err
			}},
		{name: "dhcp-range", usage: "addresses to give to machines, as FIRST-LAST", set: setRange},
		{name: "dhcp-relay", usage: "ADDRESS/LENGTH of a DHCP relay in the network of the machines behind it (repeatable), or " +
			"ADDRESS/LENGTH=FIRST-LAST with addresses of IPv4 to give to them", many: true,
			set: setRelays},
		{name: "dhcp6", value: "off",
			usage: "boot (enrolled machines boot over IPv6, too: DHCPv6 and router advertisements on the boot interfaces) or off", set: setDHCP6},
		{name: "iscsi", value: ":3260", usage: "address of the iSCSI target", set: address(func(c *Config) *string { return &c.ISCSI })},
		{name: "iscsi-portal", usage: "ADDRESS[:PORT] of the iSCSI target as machines and hosts reach it, where that is not the one of --iscsi " +
			"(a port forward)",
			set: func(c *Config, v string) (err error) { c.Portal, err = parsePortal(v); return err }},
		{name: "http", value: ":8080", usage: "address from which boot files and boot scripts are served",
			set: address(func(c *Config) *string { return &c.HTTP })},
		{name: "tftp", value: ":69", usage: "address of the TFTP server (opened where there is a boot interface)",
			set: address(func(c *Config) *string { return &c.TFTP })},
		{name: "auth", value: "http_basic", usage: "http_basic (users in DATA/htpasswd) or none", set: setAuth},
		{name: "host", usage: "host name under which browsers and clients reach the API (repeatable); others are refused where one is given, " +
			"and with --auth none", many: true,
			set: names(func(c *Config) *[]string { return &c.Hosts }, `^[A-Za-z0-9]([A-Za-z0-9.-]{0,252})$|^[0-9A-Fa-f:.]+$`,
				"a host name, without scheme and port")},
		{name: "public-url", usage: "scheme and host with which links begin, where a proxy hides those that clients ask for", set: setPublicURL},
		{name: "trusted-proxy", usage: "address or prefix of a proxy before the API (repeatable): its X-Forwarded-For, -Host and -Proto are " +
			"believed, and nobody else's", many: true,
			set: setProxies},
		{name: "tls-cert", usage: "certificate (PEM) to serve the API and the pages over HTTPS, or self for one made at the first start",
			set: func(c *Config, v string) error { c.TLSCert = v; return nil }},
		{name: "tls-key", usage: "private key (PEM) of --tls-cert", set: func(c *Config, v string) error { c.TLSKey = v; return nil }},
		{name: "hardware-types", value: "ipmi,redfish,wake-on-lan,webhook,snmp,manual-management,fake-hardware", usage: "enabled hardware types",
			set: names(func(c *Config) *[]string { return &c.HardwareTypes }, `^[a-z-]+$`, "the name of a hardware type")},
		{name: "storage-interfaces", value: "noop,external,iscsi", usage: "enabled storage interfaces; the first is the default",
			set: names(func(c *Config) *[]string { return &c.StorageInterfaces }, `^(noop|external|iscsi|cinder)$`,
				"one of noop, external, iscsi, cinder")},
		{name: "cinder", usage: "TOML file that says where OpenStack Cinder is, with the keys of [cinder] of Ironic; for the storage " +
			"interface cinder", set: setFile(func(c *Config) *string { return &c.Cinder })},
		{name: "ipxe-dir", usage: "directory of iPXE binaries to serve instead of the embedded ones",
			set: directory(func(c *Config) *string { return &c.IPXEDir })},
		{name: "unknown-script", usage: "file with an iPXE script, such as a menu, for machines that are not enrolled", set: setUnknown},
		{name: "secure-boot-dir", usage: "directory of signed boot programs, with their SHA256SUMS, for machines with Secure Boot",
			set: directory(func(c *Config) *string { return &c.SecureDir })},
		{name: "agent-dir", usage: "directory of the agent, vmlinuz and initrd as make agent leaves them: machines boot it to be inspected, " +
			"written and cleaned; without one they are not", set: setAgentDir},
		{name: "discovery", value: "approve",
			usage: "what becomes of machines that are not enrolled, where there is an agent: approve (they wait), enrol (at once, as the " +
				"inspection rules say) or off", set: setDiscovery},
		{name: "image-files", usage: "directory below which deployments may name image files (instance_info image_source=file:///...); without " +
			"one none may", set: setImageFiles},
		{name: "import-from", usage: "private addresses from which images and config drives may be fetched by URL (repeatable): an address, a " +
			"prefix such as 192.168.1.0/24, or private, link-local or loopback", many: true,
			set: func(c *Config, v string) (err error) { c.ImportFrom, err = appliance.ParseSources(v); return err }},
		{name: "otlp", usage: "URL of a collector of OpenTelemetry to which each boot is sent as a trace, such as http://127.0.0.1:4318",
			set: func(c *Config, v string) error { c.OTLP = v; return appliance.CheckOTLP(v) }},
		{name: "sensors-every", value: "off",
			usage: "time between two readings of the sensors of each machine by its BMC, for GET /metrics, such as 1m; off reads none",
			set:   setSensorsEvery},
		{name: "webhook-to", usage: "private addresses to which webhooks may post events (repeatable): as for import-from", many: true,
			set: func(c *Config, v string) (err error) { c.WebhookTo, err = appliance.ParseSources(v); return err }},
		{name: "backup-to", usage: "directory or https://HOST/BUCKET/PREFIX (S3-like storage), for nothing else, in which the appliance keeps " +
			"backups of itself; without one it makes none", set: setBackupTo},
		{name: "backup-credentials", usage: "file in the form of ~/.aws/credentials for S3-like storage", set: setBackupCredentials},
		{name: "backup-every", value: "24h", usage: "time between two backups", set: setBackupEvery},
		{name: "backup-keep", value: "7", usage: "number of backups that stay; older ones are deleted unless these need them",
			set: setBackupKeep},
		{name: "backup-volumes", value: "no", usage: "yes: images, volumes and snapshots are in them, too", set: setBackupVolumes},
		{name: "backup-full-every", value: "168h",
			usage: "time after which a backup has all layers of the volumes again, and not only those that have changed", set: setBackupFullEvery},
		{name: "backup-passphrase-file", usage: "file whose first line is the passphrase of the backups", set: setBackupPassphrase},
		{name: "sandbox", value: "auto",
			usage: "auto (give up all capabilities but two, writes outside of the data directory and system calls of administration, as far as " +
				"the kernel can) or off", set: setSandbox},
		{name: "log-level", value: "info", usage: "debug, info, warn or error", set: setLogLevel},
	}
}

// defaultData is the system's directory for root, and the user's own for others.
func defaultData() string {
	if os.Geteuid() == 0 {
		return "/var/lib/ironhook"
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "ironhook")
	}
	home, _ := os.UserHomeDir()
	return filepath.Join(home, ".local", "share", "ironhook")
}

func setData(c *Config, v string) (err error) {
	if v == "" {
		return fmt.Errorf("want a directory")
	}
	c.Data, err = filepath.Abs(v)
	return err
}

func setRange(c *Config, v string) error {
	empty, err := appliance.CheckRange(v)
	if err == nil && empty {
		err = fmt.Errorf("want FIRST-LAST, such as 192.168.1.100-192.168.1.200")
	}
	c.Range = v
	return err
}

func setRelays(c *Config, v string) error {
	for text := range strings.SplitSeq(v, ",") {
		text = strings.TrimSpace(text)
		if err := appliance.CheckRelay(text); err != nil {
			return err
		}
		c.Relays = append(c.Relays, text)
	}
	return nil
}

func setDHCP6(c *Config, v string) error {
	if v != "boot" && v != "off" {
		return fmt.Errorf("want boot or off")
	}
	c.DHCP6 = v == "boot"
	return nil
}

// maxScript is the limit of a script in bytes.
const maxScript = 64 << 10

func setUnknown(c *Config, v string) error {
	if v == "" {
		return nil
	}
	text, err := os.ReadFile(v)
	switch {
	case err != nil:
		return fmt.Errorf("%w; give a file that can be read", err)
	case !bytes.HasPrefix(text, []byte("#!ipxe\n")) || len(text) > maxScript:
		return fmt.Errorf("it is no script of iPXE of up to %d bytes, whose first line is #!ipxe", maxScript)
	}
	c.Unknown = text
	return nil
}

func setProxies(c *Config, v string) (err error) {
	if v == "" {
		return nil
	}
	c.Proxies, err = appliance.ParseProxies(v)
	return err
}

func setSandbox(c *Config, v string) error {
	if v != "auto" && v != "off" {
		return fmt.Errorf("want auto or off")
	}
	c.Sandbox = v == "auto"
	return nil
}

// directory wants a directory that exists: one that does not would be ignored in silence,
// because a binary that it lacks is taken from the embedded ones.
func directory(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		if _, err := os.ReadDir(v); err != nil && v != "" {
			return fmt.Errorf("%w; give a directory that can be read", err)
		}
		*field(c) = v
		return nil
	}
}

// setAgentDir wants the files to be there: a machine that is to boot them would wait in vain.
func setAgentDir(c *Config, v string) error {
	if v == "" {
		return nil
	}
	for _, name := range []string{"vmlinuz", "initrd"} {
		if info, err := os.Stat(filepath.Join(v, name)); err != nil || !info.Mode().IsRegular() {
			return fmt.Errorf("there is no file %s in it; give the directory that make agent has made", name)
		}
	}
	path, err := filepath.Abs(v)
	c.AgentDir = path
	return err
}

// leastSensors is the shortest time between two readings: a BMC is slow, and has to answer others, too.
const leastSensors = 10 * time.Second

func setSensorsEvery(c *Config, v string) (err error) {
	if v == "off" {
		c.SensorsEvery = 0
		return nil
	}
	c.SensorsEvery, err = time.ParseDuration(v)
	if err != nil || c.SensorsEvery < leastSensors {
		return fmt.Errorf("want off, or a time of %v or more, such as 1m", leastSensors)
	}
	return nil
}

func setDiscovery(c *Config, v string) error {
	if v != "approve" && v != "enrol" && v != "off" {
		return fmt.Errorf("want approve, enrol or off")
	}
	c.Discovery = v
	return nil
}

// setFile wants a file, and keeps its absolute path.
func setFile(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) (err error) {
		if v != "" {
			*field(c), err = filepath.Abs(v)
		}
		return err
	}
}

// setImageFiles takes the path as file URLs have it: absolute.
func setImageFiles(c *Config, v string) error {
	if v == "" {
		return nil
	}
	if _, err := os.ReadDir(v); err != nil {
		return fmt.Errorf("%w; give a directory that can be read", err)
	}
	path, err := filepath.Abs(v)
	c.ImageFiles = path
	return err
}

func address(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		host, port, err := net.SplitHostPort(v)
		if err != nil {
			return fmt.Errorf("want ADDRESS:PORT or :PORT")
		}
		if host != "" && net.ParseIP(host) == nil {
			return fmt.Errorf("%q is not an IP address; leave it out to listen on all", host)
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n > 65535 {
			return fmt.Errorf("%q is not a port from 0 to 65535", port)
		}
		*field(c) = v
		return nil
	}
}

// parsePortal reads ADDRESS or ADDRESS:PORT; without a port it is 0.
func parsePortal(v string) (netip.AddrPort, error) {
	portal, err := netip.ParseAddrPort(v)
	if err != nil {
		var a netip.Addr
		a, err = netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(v, "["), "]"))
		portal = netip.AddrPortFrom(a, 0)
	} else if portal.Port() == 0 {
		err = errors.New("port 0")
	}
	if a := portal.Addr(); err != nil || a.Zone() != "" || a.IsUnspecified() || a.IsMulticast() {
		return netip.AddrPort{}, errors.New("want the ADDRESS or ADDRESS:PORT of one host, without a zone")
	}
	return netip.AddrPortFrom(portal.Addr().Unmap(), portal.Port()), nil
}

// setPublicURL wants a scheme and a host only: a path of a proxy is not supported.
func setPublicURL(c *Config, v string) error {
	u, err := url.Parse(strings.TrimSuffix(v, "/"))
	if v != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Scheme+"://"+u.Host != u.String()) {
		return fmt.Errorf("want a scheme and a host, such as https://metal.example.net")
	}
	c.PublicURL = strings.TrimSuffix(v, "/")
	return nil
}

// setAuth wants one of the ways of authentication.
func setAuth(c *Config, v string) error {
	c.Auth = appliance.Auth(v)
	return oneOf(v, string(appliance.HTTPBasic), string(appliance.NoAuth))
}

func setLogLevel(c *Config, v string) error {
	if err := oneOf(v, "debug", "info", "warn", "error"); err != nil {
		return err
	}
	return c.LogLevel.UnmarshalText([]byte(v))
}

func oneOf(v string, values ...string) error {
	if !slices.Contains(values, v) {
		return fmt.Errorf("want one of %s", strings.Join(values, ", "))
	}
	return nil
}

// names reads a list whose members match pattern; want describes them in words.
func names(field func(*Config) *[]string, pattern, want string) func(*Config, string) error {
	valid := regexp.MustCompile(pattern)
	return func(c *Config, v string) error {
		var list []string
		for name := range strings.SplitSeq(v, ",") {
			name = strings.TrimSpace(name)
			if !valid.MatchString(name) {
				return fmt.Errorf("%q is not %s", name, want)
			}
			if !slices.Contains(list, name) {
				list = append(list, name)
			}
		}
		*field(c) = list
		return nil
	}
}
