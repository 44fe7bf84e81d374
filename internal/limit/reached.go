package limit

import (
	"iter"
	"sync/atomic"
)

// Name is a limit as the metric ironhook_limit_reached_total, the event log and docs/limits.md name it.
type Name string

// The limits that are counted where they hold. Those of a [Rate] have its name, those of the iSCSI
// target begin with iscsi_.
const (
	DHCPProbes           Name = "dhcp_probes"
	TFTPTransfers        Name = "tftp_transfers"
	TFTPSilence          Name = "tftp_silence"
	BootConnections      Name = "boot_connections"
	BootSilence          Name = "boot_silence"
	ISCSIConnections     Name = "iscsi_connections"
	ISCSIUnauthenticated Name = "iscsi_unauthenticated"
	ISCSIRate            Name = "iscsi_connections_a_second"
	ISCSISessions        Name = "iscsi_sessions_of_initiator"
	ISCSILoginTime       Name = "iscsi_login_time"
	ISCSIPing            Name = "iscsi_pings"
	ISCSISilence         Name = "iscsi_silence"
	ISCSIMemory          Name = "iscsi_memory"
	ISCSILength          Name = "iscsi_pdu_length"
	ISCSILines           Name = "iscsi_failed_login_lines"
	APIConnections       Name = "api_connections"
	APISilence           Name = "api_silence"
	APIRequests          Name = "api_requests_of_client"
	LongReports          Name = "long_reports"
	EventStreams         Name = "event_streams"
	EventAnswers         Name = "event_answers"
	PasswordChecks       Name = "password_checks"
	PasswordQueue        Name = "password_queue"
	PasswordGuesses      Name = "password_guesses"
	PageStreams          Name = "page_streams"
	ImagesRunning        Name = "images_running"
	ImagesWaiting        Name = "images_waiting"
	StorageRows          Name = "storage_rows"
	QemuMemory           Name = "qemu_memory"
	QemuProcessor        Name = "qemu_processor"
	QemuFiles            Name = "qemu_files"
	QemuGrowth           Name = "qemu_growth"
	UnpackTime           Name = "unpack_time"
	VolumeLayers         Name = "volume_layers"
)

// counters has one for each limit: like the figures of the Go runtime they are of the process.
var counters = func() map[Name]*atomic.Uint64 {
	all := map[Name]*atomic.Uint64{}
	for _, n := range []Name{
		DHCPProbes, TFTPTransfers, TFTPSilence, BootConnections, BootSilence,
		ISCSIConnections, ISCSIUnauthenticated, ISCSIRate, ISCSISessions, ISCSILoginTime,
		ISCSIPing, ISCSISilence, ISCSIMemory, ISCSILength, ISCSILines,
		APIConnections, APISilence, APIRequests, LongReports, EventStreams, EventAnswers,
		PasswordChecks, PasswordQueue, PasswordGuesses, PageStreams,
		ImagesRunning, ImagesWaiting, StorageRows, QemuMemory, QemuProcessor, QemuFiles, QemuGrowth, UnpackTime, VolumeLayers,
	} {
		all[n] = new(atomic.Uint64)
	}
	for _, r := range rates {
		all[r.name] = new(atomic.Uint64)
	}
	return all
}()

// Reached counts that a limit has held something or somebody back. A name of no limit counts nothing.
func Reached(n Name) {
	if c := counters[n]; c != nil {
		c.Add(1)
	}
}

// Counts are how often each limit was reached since the start.
func Counts() iter.Seq2[Name, uint64] {
	return func(yield func(Name, uint64) bool) {
		for n, c := range counters {
			if !yield(n, c.Load()) {
				return
			}
		}
	}
}
