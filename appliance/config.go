package appliance

import (
	"net/netip"
	"time"

	"ironhook/api/door"
	"ironhook/bootsrv"
	"ironhook/bootsrv/dhcp"
	"ironhook/internal/egress"
	"ironhook/traces"
)

// Config is the configuration of an appliance, checked: every field is well formed, and
// no two contradict each other.
type Config struct {
	File              string         // that this was read from, for backups; "" for none
	Data              string         // directory of the database and the volumes
	API, ISCSI        string         // HOST:PORT; an empty host is every address
	Portal            netip.AddrPort // of the iSCSI target, as advertised to machines and hosts; port 0 is that of ISCSI, the zero value none
	HTTP, TFTP        string
	BootInterfaces    []string
	DHCP              Mode
	Range             string   // A-B, "" for none
	DHCP6             bool     // boot enrolled machines over IPv6, too
	Relays            []string // of DHCP; ADDRESS/LENGTH or ADDRESS/LENGTH=A-B
	Auth              Auth
	Hosts             []string       // names of this machine that clients use; see door.Config
	PublicURL         string         // scheme and host for links, where a proxy hides them; "" takes the request's
	Proxies           []netip.Prefix // whose X-Forwarded headers are believed
	HardwareTypes     []string
	StorageInterfaces []string
	Cinder            string // file that says where Cinder is, for the storage interface of that name; "" for none
	ImageFiles        string // directory below which image_source may name files, absolute; "" for none
	ImportFrom        Sources
	WebhookTo         Sources       // to which events may be posted
	SensorsEvery      time.Duration // between two readings of the sensors of each machine; 0 is never
	OTLP              string        // URL of a collector of traces; "" for none
	Backups           Backups
	Sandbox           bool   // give up the privileges that serving does not need
	IPXEDir           string // of binaries that replace the embedded ones; "" for none
	Unknown           []byte // script for machines that are not enrolled, nil for none
	SecureDir         string // of signed programs for machines with Secure Boot; "" for none
	AgentDir          string // of the agent's kernel and ramdisk; "" for none
	Discovery         string // what becomes of machines that are not enrolled: off, approve or enrol
	TLSCert, TLSKey   string // PEM files, or SelfSigned and none; both "" for plain HTTP
}

// Auth is how clients of the API and the pages prove who they are.
type Auth string

// The ways of authentication.
const (
	HTTPBasic Auth = "http_basic" // users in DATA/htpasswd
	NoAuth    Auth = "none"
)

// SelfSigned is the TLSCert that stands for a certificate made at the first start.
const SelfSigned = "self"

// Mode is how the DHCP server works.
type Mode = bootsrv.Mode

// The modes of DHCP.
const (
	DHCPAuto  = bootsrv.Auto
	DHCPProxy = bootsrv.Proxy
	DHCPFull  = bootsrv.Full
	DHCPOff   = bootsrv.Off
)

// ParseMode reads the name of a mode.
func ParseMode(s string) (Mode, error) { return bootsrv.ParseMode(s) }

// Sources are the addresses besides public ones from which images may be fetched.
type Sources = egress.Policy

// ParseSources reads a list of addresses, prefixes, and the words private, link-local and
// loopback.
func ParseSources(list string) (Sources, error) { return egress.Parse(list) }

// CheckOTLP reports what is wrong with the URL of a collector of traces.
func CheckOTLP(url string) error { return traces.CheckURL(url) }

// ParseProxies reads a list of addresses and prefixes, separated by commas.
func ParseProxies(list string) ([]netip.Prefix, error) { return door.ParseProxies(list) }

// CheckRelay reports what is wrong with the text of a DHCP relay, ADDRESS/LENGTH or
// ADDRESS/LENGTH=FIRST-LAST.
func CheckRelay(s string) error {
	_, err := dhcp.ParseRelay(s)
	return err
}

// CheckRange reports what is wrong with the text of a range of addresses, FIRST-LAST,
// and whether it is empty.
func CheckRange(s string) (empty bool, err error) {
	r, err := dhcp.ParseRange(s)
	return r.Empty(), err
}
