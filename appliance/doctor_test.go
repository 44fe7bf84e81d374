package appliance

import (
	"database/sql"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/store/storetest"
)

// healthy is the configuration of an appliance that was stopped: an image row with its
// bytes, and nothing else.
func healthy(t *testing.T) Config {
	t.Helper()
	data := t.TempDir()
	if err := os.Chmod(data, 0o700); err != nil {
		t.Fatal(err)
	}
	lock, err := lockData(data)
	if err != nil {
		t.Fatal(err)
	}
	lock.Close()
	s, err := store.Open(t.Context(), filepath.Join(data, databaseFile), storetest.Schema(t))
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(t.Context(), func(tx *store.Tx) error {
		return tx.Images().Insert(&baremetal.Image{UUID: "golden", Status: baremetal.ImageActive, Visibility: "public"})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "volumes", "golden.raw"), make([]byte, 512), 0o600); err != nil {
		t.Fatal(err)
	}
	return Config{Data: data, API: "127.0.0.1:0", ISCSI: "127.0.0.1:0", HTTP: "127.0.0.1:0"}
}

// TestDiagnose breaks one thing after another, each in an appliance of its own: the check it
// belongs to finds it, says what to do, and no other check complains.
func TestDiagnose(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	talking, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer talking.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := closed.Addr().String()
	closed.Close()
	in := func(c *Config, name string) string { return filepath.Join(c.Data, name) }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		harm  func(c *Config)
		check string // "" where all is well
		text  string // in its text or remedy
	}{
		"nothing":      {func(*Config) {}, "", ""},
		"mode of data": {func(c *Config) { must(os.Chmod(c.Data, 0o755)) }, "data directory", "chmod go= "},
		"mode of the db": {func(c *Config) { must(os.Chmod(in(c, databaseFile), 0o644)) }, "data directory",
			"ironhook.db can be read by others"},
		"mode of another file": {func(c *Config) { must(os.WriteFile(in(c, "ironhook.db.schema-9"), nil, 0o644)) }, "data directory",
			"schema-9 can be read by others"},
		"layer gone": {func(c *Config) { must(os.Remove(in(c, "volumes/golden.raw"))) }, "layers", "restore it from a backup"},
		"port taken": {func(c *Config) { c.ISCSI = busy.Addr().String() }, "ports", "ss -lntup"},
		"TFTP port taken": {func(c *Config) {
			c.TFTP, c.BootInterfaces, c.DHCP = talking.LocalAddr().String(), []string{"lo"}, DHCPOff
		}, "ports", "ss -lntup"},
		"backups overdue": {func(c *Config) {
			c.Backups.To, c.Backups.Every = t.TempDir(), time.Hour
			must(os.WriteFile(filepath.Join(c.Backups.To, "ironhook-20261129T220000Z.backup.age"), nil, 0o600))
		}, "backups", "ironhook events --kind error"},
		"backups by a wrong clock only": {func(c *Config) {
			c.Backups.To, c.Backups.Every = t.TempDir(), time.Hour
			must(os.WriteFile(filepath.Join(c.Backups.To, "ironhook-29990101T000000Z.backup.age"), nil, 0o600))
			serving(t, c)
		}, "backups", "the newest"},
		"no backup yet": {func(c *Config) {
			c.Backups.To, c.Backups.Every = t.TempDir(), time.Hour
		}, "", ""},
		"no backup was ever made": {func(c *Config) {
			c.Backups.To, c.Backups.Every = t.TempDir(), time.Hour
			serving(t, c)
		}, "backups", "ironhook events --kind error"},
		"no credentials": {func(c *Config) {
			c.Backups.To, c.Backups.Credentials = "https://127.0.0.1:9/bucket", in(c, "nowhere")
		}, "backups", "aws_access_key_id"},
		"no storage": {func(c *Config) {
			c.Backups.To, c.Backups.Credentials = "http://"+gone+"/bucket", in(c, "keys")
			must(os.WriteFile(c.Backups.Credentials, []byte("[default]\naws_access_key_id = a\naws_secret_access_key = b\n"), 0o600))
		}, "backups", "connection refused"},
		"dangling grant": {func(c *Config) {
			db, err := sql.Open("sqlite", in(c, databaseFile)+"?_pragma=foreign_keys(0)")
			must(err)
			_, err = db.ExecContext(t.Context(), `INSERT INTO grants (iqn, attachment_uuid, volume, serial, initiator, user, secret, created_at)
				VALUES ('iqn.x', 'a', 'lost', 's', 'i', 'u', 'p', 1)`)
			must(errors.Join(err, db.Close()))
		}, "grants", "switch the machine off and on"},
		"no interface": {func(c *Config) { c.BootInterfaces = []string{"nosuch0"} }, "network", "ip link shows"},
		"clock behind": {func(c *Config) {
			db, err := sql.Open("sqlite", in(c, databaseFile))
			must(err)
			_, err = db.ExecContext(t.Context(), "INSERT INTO events (at, kind) VALUES (?, 'power-on')", time.Now().Add(time.Hour).UnixMicro())
			must(errors.Join(err, db.Close()))
		}, "time", "behind the newest event"},
		"torn database": {func(c *Config) {
			f, err := os.OpenFile(in(c, databaseFile), os.O_RDWR, 0)
			must(err)
			_, err = f.WriteAt(make([]byte, 64<<10), 8192)
			must(err)
			must(f.Close())
		}, "database", "restore the database from a backup"},
		"newer database": {func(c *Config) {
			f, err := os.OpenFile(in(c, databaseFile), os.O_RDWR, 0)
			must(err)
			_, err = f.WriteAt([]byte{0, 0, 3, 0}, 60) // PRAGMA user_version, "The Database File Format" of SQLite, 1.3
			must(err)
			must(f.Close())
		}, "database", "run the newer program"},
	} {
		t.Run(name, func(t *testing.T) {
			config := healthy(t)
			c.harm(&config)
			found := false
			for _, f := range Diagnose(t.Context(), config, false) {
				if f.Bad && f.Check != c.check {
					t.Errorf("%s complains: %s; %s", f.Check, f.Text, f.Remedy)
				}
				found = found || f.Bad && f.Remedy != "" && strings.Contains(f.Text+"; "+f.Remedy, c.text)
			}
			if found != (c.check != "") {
				t.Errorf("found = %v, want a finding of %q with %q", found, c.check, c.text)
			}
		})
	}
}

// serving holds the data directory as an appliance does that runs.
func serving(t *testing.T, c *Config) {
	lock, err := takeLock(c.Data)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Close() })
}

// TestDiagnoseTriesDHCP: the ports of DHCP are of no use while another server of this machine has them.
func TestDiagnoseTriesDHCP(t *testing.T) {
	taken, err := net.ListenPacket("udp4", "127.0.0.1:67")
	if errors.Is(err, unix.EACCES) {
		t.Skip("needs a port below 1024")
	}
	if err == nil {
		defer taken.Close()
	} else if !errors.Is(err, unix.EADDRINUSE) {
		t.Fatal(err)
	}
	for mode, want := range map[string]bool{string(DHCPAuto): true, string(DHCPOff): false} {
		config := healthy(t)
		config.BootInterfaces, config.TFTP, config.DHCP = []string{"lo"}, "127.0.0.1:0", Mode(mode)
		found := false
		for _, f := range Diagnose(t.Context(), config, false) {
			found = found || f.Bad && f.Check == "ports" && strings.Contains(f.Text, "UDP port 67 on lo") && f.Remedy != ""
		}
		if found != want {
			t.Errorf("--dhcp %s: found = %v, want %v", mode, found, want)
		}
	}
}

func TestSpaceIsJudged(t *testing.T) {
	plenty := unix.Statfs_t{Bsize: 4096, Blocks: 1 << 30, Bavail: 1 << 29, Files: 1 << 20, Ffree: 1 << 19}
	for name, c := range map[string]struct {
		harm   func(st *unix.Statfs_t)
		remedy string // begins so; "" where all is well
	}{
		"plenty":    {func(*unix.Statfs_t) {}, ""},
		"just so":   {func(st *unix.Statfs_t) { st.Bavail = scarce / 4096 }, ""},
		"scarce":    {func(st *unix.Statfs_t) { st.Bavail = scarce/4096 - 1 }, "make room"},
		"read-only": {func(st *unix.Statfs_t) { st.Flags = unix.ST_RDONLY }, "look at the kernel's log"},
		"no inodes": {func(st *unix.Statfs_t) { st.Ffree = fewInodes - 1 }, "delete files"},
		"btrfs":     {func(st *unix.Statfs_t) { st.Files, st.Ffree = 0, 0 }, ""},
	} {
		st := plenty
		c.harm(&st)
		if text, remedy := space(&st); text == "" || (remedy == "") != (c.remedy == "") || !strings.HasPrefix(remedy, c.remedy) {
			t.Errorf("%s: %q, %q, want %q", name, text, remedy, c.remedy)
		}
	}
}

func TestLinkIsJudged(t *testing.T) {
	up := net.FlagUp | net.FlagRunning
	for _, c := range []struct {
		flags   net.Flags
		address bool
		remedy  string
	}{{up, true, ""}, {up, false, "ip address add"}, {net.FlagUp, true, "look at the cable"}, {0, false, "ip link set eth0 up"}} {
		if _, remedy := link("eth0", c.flags, c.address); (remedy == "") != (c.remedy == "") || !strings.HasPrefix(remedy, c.remedy) {
			t.Errorf("flags %v, address %v: %q, want %q", c.flags, c.address, remedy, c.remedy)
		}
	}
}
