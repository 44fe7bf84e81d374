package appliance

import (
	"crypto/tls"
	"crypto/x509"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"

	"ironhook/web"
)

// system is the appliance itself, for the pages.
func (a *appliance) system() web.System {
	s := web.System{
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Host: a.host, Data: a.config.Data, Started: a.started,
		LogLevel: a.tail.name(), Log: a.tail.lines.newest(), Limits: a.limits(),
	}
	if a.certificate != nil {
		s.Certificate = certificateView(a.certificate)
	}
	if b := a.config.Backups; a.shelf != nil {
		s.Backups = &web.Backups{To: b.To, Every: b.Every, Keep: b.Keep, Volumes: b.Volumes, Encrypted: b.Passphrase != ""}
		s.Backups.Made, s.Backups.Problem = a.shelved.made()
	}
	return s
}

func certificateView(t *tls.Config) *web.Certificate {
	c := &web.Certificate{SHA256: fingerprint(t)}
	if leaf, err := x509.ParseCertificate(t.Certificates[0].Certificate[0]); err == nil {
		c.Subject, c.Issuer, c.Until = leaf.Subject.String(), leaf.Issuer.String(), leaf.NotAfter
		for _, ip := range leaf.IPAddresses {
			c.Names = append(c.Names, ip.String())
		}
		c.Names = append(leaf.DNSNames, c.Names...)
	}
	return c
}

// limits are what the appliance holds many of at once.
func (a *appliance) limits() []web.Limit {
	return []web.Limit{
		{Name: "iSCSI sessions", Used: len(a.exports.Sessions())},
		{Name: "Verbs being carried out", Used: a.conductor.Tasks()},
	}
}

// space is that on the disk of the volumes.
func (a *appliance) space() (s web.Space, err error) {
	if s.Free, err = a.volumes.Free(); err != nil {
		return s, err
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(filepath.Join(a.config.Data, "volumes"), &disk); err != nil {
		return s, err
	}
	s.Total = int64(disk.Blocks) * disk.Bsize
	s.Floor = max(0, int64(disk.Bavail)*disk.Bsize-s.Free)
	return s, nil
}
