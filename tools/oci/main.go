// Oci makes a container image of the program, as a layout of the OCI in a tar archive that podman, docker and
// skopeo read, without any of them:
//
//	oci -program FILE -arch amd64 -version 1.2.3 -time 1796000000 [-certificates FILE] -to IMAGE.tar
//
// The image has the program, an empty data directory, and the authorities that sign certificates, where
// they are given: without them no image is imported from https. The same input gives the same bytes.
package main

import (
	"archive/tar"
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// order is what the image is made of.
type order struct {
	program, arch, version, certificates string
	time                                 time.Time
}

func main() {
	var o order
	flag.StringVar(&o.program, "program", "", "the static binary")
	flag.StringVar(&o.arch, "arch", "amd64", "its architecture")
	flag.StringVar(&o.version, "version", "", "its version")
	flag.StringVar(&o.certificates, "certificates", "", "certificates of authorities (PEM)")
	seconds := flag.Int64("time", 0, "time of everything, in seconds since 1970")
	to := flag.String("to", "", "the archive to write")
	flag.Parse()
	o.time = time.Unix(*seconds, 0).UTC()
	if o.program == "" || *to == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(o, *to); err != nil {
		fmt.Fprintln(os.Stderr, "oci:", err)
		os.Exit(1)
	}
}

func run(o order, to string) error {
	image, err := o.image()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "oci-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := write(image, dir, o); err != nil {
		return err
	}
	return pack(dir, to, o.time)
}

// image is one layer and how it is run.
func (o order) image() (v1.Image, error) {
	text, err := o.layer()
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil })
	if err != nil {
		return nil, err
	}
	image, err := mutate.Append(empty.Image,
		mutate.Addendum{Layer: layer, History: v1.History{Created: v1.Time{Time: o.time}, CreatedBy: "tools/oci"}})
	if err != nil {
		return nil, err
	}
	return mutate.ConfigFile(image, o.config(image))
}

func (o order) config(image v1.Image) *v1.ConfigFile {
	c, err := image.ConfigFile()
	if err != nil {
		panic(err) // of an image in memory
	}
	c = c.DeepCopy()
	c.Architecture, c.OS, c.Created = o.arch, "linux", v1.Time{Time: o.time}
	c.Config = v1.Config{
		Entrypoint: []string{"/usr/bin/ironhook"}, Cmd: []string{"serve"}, Env: []string{"IRONHOOK_DATA=/var/lib/ironhook", "PATH=/usr/bin"},
		Volumes: map[string]struct{}{"/var/lib/ironhook": {}}, WorkingDir: "/var/lib/ironhook", StopSignal: "SIGTERM",
		Labels: map[string]string{"org.opencontainers.image.title": "Ironhook", "org.opencontainers.image.version": o.version,
			"org.opencontainers.image.licenses": "Apache-2.0"},
	}
	return c
}

// layer is a tar archive of the files.
func (o order) layer() ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, dir := range []struct {
		name string
		mode int64
	}{{"etc", 0o755}, {"etc/ssl", 0o755}, {"etc/ssl/certs", 0o755}, {"tmp", 0o1777}, {"usr", 0o755}, {"usr/bin", 0o755},
		{"var", 0o755}, {"var/lib", 0o755}, {"var/lib/ironhook", 0o700}, {"var/tmp", 0o1777}} {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir.name +
			"/", Mode: dir.mode, ModTime: o.time, Format: tar.FormatPAX}); err != nil {
			return nil, err
		}
	}
	for _, f := range []struct {
		name, from string
		mode       int64
	}{{"etc/ssl/certs/ca-certificates.crt", o.certificates, 0o644}, {"usr/bin/ironhook", o.program, 0o755}} {
		if f.from == "" {
			continue
		}
		if err := addFile(w, f.name, f.from, f.mode, o.time); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), w.Close()
}

func addFile(w *tar.Writer, name, from string, mode int64, at time.Time) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(text)), ModTime: at,
		Format: tar.FormatPAX}); err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// write writes the layout of the OCI.
func write(image v1.Image, dir string, o order) error {
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	return path.AppendImage(image, layout.WithPlatform(v1.Platform{OS: "linux", Architecture: o.arch}),
		layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": "ironhook:" + o.version}))
}

// pack puts a directory into an archive.
func pack(dir, to string, at time.Time) error {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range []string{"oci-layout", "index.json"} {
		if err := addFile(w, name, dir+"/"+name, 0o644, at); err != nil {
			return err
		}
	}
	blobs, err := os.ReadDir(dir + "/blobs/sha256") // sorted by name
	if err != nil {
		return err
	}
	for _, blob := range blobs {
		if err := addFile(w, "blobs/sha256/"+blob.Name(), dir+"/blobs/sha256/"+blob.Name(), 0o644, at); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(to, b.Bytes(), 0o644)
}
