package client

// The well-known cloud images that boot over iSCSI, and how to prepare each: all of
// them look for their root on a local disk unless they are configured to read the
// firmware's table (iBFT). The commands are for virt-customize (Debian: libguestfs-tools), which changes
// an image file in place.

// recipe prepares the images of a family of distributions.
type recipe struct{ needs, prepare string }

var (
	initramfsTools = recipe{"open-iscsi, which is not in the image; ISCSI_AUTO",
		"--install open-iscsi --write /etc/iscsi/iscsi.initramfs:ISCSI_AUTO=true --write /etc/iscsi/initiatorname.iscsi:GenerateName=yes " +
			"--run-command 'update-initramfs -u'"}
	ubuntu = recipe{"nothing but the kernel argument iscsi_auto",
		`--run-command 'echo GRUB_CMDLINE_LINUX=\"\$GRUB_CMDLINE_LINUX iscsi_auto\" >/etc/default/grub.d/99-iscsi.cfg && update-grub'`}
	dracut = recipe{"iscsi-initiator-utils and dracut's module iscsi; rd.iscsi.firmware=1",
		"--install iscsi-initiator-utils --run-command 'dracut --force --regenerate-all --add iscsi && grubby --update-kernel=ALL " +
			"--args=\"rd.iscsi.firmware=1 ip=dhcp\"'"}
)

// catalog has the images, by the name that is short for them.
var catalog = []struct {
	name, system   string
	url, checksums string // of the amd64 image, and of the list of sums beside it
	recipe         recipe
}{
	{"debian-12", "Debian 12 (bookworm)", "https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-generic-amd64.qcow2",
		"https://cloud.debian.org/images/cloud/bookworm/latest/SHA512SUMS", initramfsTools},
	{"debian-13", "Debian 13 (trixie)", "https://cloud.debian.org/images/cloud/trixie/latest/debian-13-generic-amd64.qcow2",
		"https://cloud.debian.org/images/cloud/trixie/latest/SHA512SUMS", initramfsTools},
	{"ubuntu-22.04", "Ubuntu 22.04 LTS (jammy)", "https://cloud-images.ubuntu.com/jammy/current/jammy-server-cloudimg-amd64.img",
		"https://cloud-images.ubuntu.com/jammy/current/SHA256SUMS", ubuntu},
	{"ubuntu-24.04", "Ubuntu 24.04 LTS (noble)", "https://cloud-images.ubuntu.com/noble/current/noble-server-cloudimg-amd64.img",
		"https://cloud-images.ubuntu.com/noble/current/SHA256SUMS", ubuntu},
	{"almalinux-9", "AlmaLinux 9", "https://repo.almalinux.org/almalinux/9/cloud/x86_64/images/AlmaLinux-9-GenericCloud-latest.x86_64.qcow2",
		"https://repo.almalinux.org/almalinux/9/cloud/x86_64/images/CHECKSUM", dracut},
	{"centos-stream-9", "CentOS Stream 9",
		"https://cloud.centos.org/centos/9-stream/x86_64/images/CentOS-Stream-GenericCloud-9-latest.x86_64.qcow2",
		"https://cloud.centos.org/centos/9-stream/x86_64/images/CentOS-Stream-GenericCloud-9-latest.x86_64.qcow2.SHA256SUM", dracut},
	{"rocky-9", "Rocky Linux 9", "https://dl.rockylinux.org/pub/rocky/9/images/x86_64/Rocky-9-GenericCloud-Base.latest.x86_64.qcow2",
		"https://dl.rockylinux.org/pub/rocky/9/images/x86_64/CHECKSUM", dracut},
}

// showCatalog sends no request: the catalogue is part of the program.
func showCatalog(c *call) error {
	f := findings{columns: []string{"Name", "System", "Needs", "URL"}}
	if c.has("long") {
		f.columns = append(f.columns, "Disk Format", "Checksums", "Prepare")
	}
	for _, i := range catalog {
		row := []any{i.name, i.system, i.recipe.needs, i.url}
		if c.has("long") {
			row = append(row, "qcow2", i.checksums, "virt-customize -a FILE "+i.recipe.prepare)
		}
		f.rows = append(f.rows, row)
	}
	return c.show(f)
}
