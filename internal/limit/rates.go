package limit

import "golang.org/x/time/rate"

// Rate names a limit on how often something may happen.
type Rate int

// The rates of the appliance.
const (
	StrangerLeases   Rate = iota // DHCP: leases written for machines that are not enrolled
	AddressConflicts             // DHCP: addresses put out of use because a client or a host claims them
	HearsayLines                 // DHCP: lines in the log about messages that another card sent in a machine's name
	UnsentReplies                // DHCP: lines in the log about replies that were not sent
	MachineEvents                // journal: events of one kind about one machine
	EnrolledEvents               // journal: events of all enrolled machines
	StrangerEvents               // journal: events of all machines that are not enrolled
	EachStranger                 // journal: events of one of them
	ExhaustedLines               // DHCP: lines in the log about machines without an address
	Advertisements               // NDP: router advertisements on one interface
	Requests6                    // DHCPv6: messages on one interface
	EachRequest6                 // DHCPv6: messages of one card
	RefusedFiles                 // TFTP: lines in the log about files that were refused
	HTTPErrorLines               // API: lines in the log about connections that are no HTTP, or fail in TLS
	DiskFaults                   // iSCSI: events of one kind about one machine, for faults of its disks and logins that were refused
)

// rates are the figures: how many a second in the long run, and how many at once.
var rates = [...]struct {
	perSecond rate.Limit
	burst     int
	name      Name
}{
	StrangerLeases:   {32, 256, "dhcp_stranger_leases"},
	AddressConflicts: {1.0 / 60, 16, "dhcp_conflicts"},
	HearsayLines:     {0.1, 5, "dhcp_hearsay_lines"},
	UnsentReplies:    {0.2, 10, "dhcp_unsent_lines"},
	MachineEvents:    {0.5, 40, "machine_events"}, // many boots at once, then one event every two seconds
	EnrolledEvents:   {200, 2000, "enrolled_events"},
	StrangerEvents:   {1, 100, "stranger_events"},
	EachStranger:     {0.05, 20, "each_stranger_events"}, // a boot or two, then one event every twenty seconds
	ExhaustedLines:   {1.0 / 60, 3, "dhcp_exhausted_lines"},
	Advertisements:   {10, 20, "router_advertisements"},
	Requests6:        {200, 400, "dhcpv6_requests"},
	EachRequest6:     {1, 30, "dhcpv6_requests_of_card"}, // a boot asks about ten times
	RefusedFiles:     {0.2, 20, "tftp_refused_lines"},
	HTTPErrorLines:   {0.2, 20, "http_error_lines"},
	DiskFaults:       {0.1, 1, "disk_faults"},
}
