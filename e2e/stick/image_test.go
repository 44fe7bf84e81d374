package stick_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/diskfs/go-diskfs/partition/gpt"

	"ironhook/e2e/lab"
)

// images are what the script behind `make usb` makes of this tree.
type images struct{ image, upgrade string }

// builds make the image and an upgrade of each architecture once for all tests.
var builds = map[string]func() (images, error){
	"amd64": sync.OnceValues(func() (images, error) { return buildOf("amd64", "") }),
	"arm64": sync.OnceValues(func() (images, error) { return buildOf("arm64", "-arm64") }),
}

func build(arch string) (images, error) { return builds[arch]() }

func buildOf(arch, suffix string) (im images, err error) {
	ctx := context.Background()
	if _, err := client(); err != nil {
		return im, err
	}
	root, err := lab.Root()
	if err != nil {
		return im, err
	}
	dir := filepath.Join(os.Getenv("IRONHOOK_LAB_SCRATCH"), arch)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return im, err
	}
	program, out := filepath.Join(dir, "ironhook"), filepath.Join(dir, "ironhook-usb"+suffix)
	if err := compile(ctx, root, program, "first", arch); err != nil {
		return im, err
	}
	return images{out + ".img", out + ".upgrade"}, makeImage(ctx, program, out, "first", arch)
}

// client is the program for this host, with what it embeds.
var client = sync.OnceValues(func() (string, error) { return lab.Build(context.Background()) })

// compile builds the program in a directory.
func compile(ctx context.Context, dir, out, version, arch string) error {
	cmd := exec.CommandContext(ctx, "go", "build",
		"-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.version="+version, "-o", out, ".")
	cmd.Env, cmd.Dir = append(os.Environ(), "CGO_ENABLED=0", "GOARCH="+arch), dir
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, text)
	}
	return nil
}

// makeImage runs the script behind `make usb`.
func makeImage(ctx context.Context, program, out, version, arch string) error {
	root, err := lab.Root()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "scripts/usb.sh", program, out, version, arch)
	cmd.Dir = root
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("usb.sh: %w\n%s", err, text)
	}
	return nil
}

// maxImage is what the image may have.
const maxImage = 150_000_000

// TestImage reads what lies beside the image as the programs do that write it to a stick.
func TestImage(t *testing.T) {
	needsLab(t)
	judged(t, "amd64", "Ironhook first", 1, 2, 3, 4, 5, 6)
}

// judged judges the image of an architecture, which is listed under name and has these partitions.
func judged(t *testing.T, arch, name string, partitions ...int) {
	im, err := build(arch)
	must(t, "build the image", err)
	image, err := os.ReadFile(im.image)
	must(t, "read", err)
	if len(image) > maxImage {
		t.Errorf("the image has %d bytes, want at most %d", len(image), maxImage)
	}
	t.Run("partitions", func(t *testing.T) { divided(t, im.image, partitions) })
	t.Run("os_list.json", func(t *testing.T) { listed(t, im, image, name) })
	t.Run("bmap", func(t *testing.T) { mapped(t, im, image) })
}

// divided reads the table of partitions, whose numbers and places the stick and its loader count on.
func divided(t *testing.T, image string, want []int) {
	f, err := os.Open(image)
	must(t, "open", err)
	defer f.Close() //nolint:errcheck // only read
	table, err := gpt.Read(f, 512, 512)
	must(t, "read the table", err)
	starts := map[int]uint64{1: 1, 2: 2, 3: 3, 4: slotAAt >> 20, 5: slotBAt >> 20, 6: 107} // MiB
	var numbers []int
	for _, p := range table.Partitions {
		if p.Type == gpt.Unused {
			continue
		}
		numbers = append(numbers, p.Index)
		if p.Start != starts[p.Index]*2048 {
			t.Errorf("partition %d begins at sector %d, want %d", p.Index, p.Start, starts[p.Index]*2048)
		}
	}
	if !slices.Equal(numbers, want) {
		t.Errorf("the partitions are %d, want %d", numbers, want)
	}
}

// listed reads the list of Raspberry Pi Imager.
func listed(t *testing.T, im images, image []byte, name string) {
	var list struct {
		Systems []struct {
			Name, Description, URL string
			Size                   int    `json:"extract_size"`
			Sum                    string `json:"extract_sha256"`
			Download               int    `json:"image_download_size"`
			DownloadSum            string `json:"image_download_sha256"`
			Date                   string `json:"release_date"`
		} `json:"os_list"`
	}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(im.image), "os_list.json"))
	must(t, "read", err)
	must(t, "parse", json.Unmarshal(text, &list))
	if len(list.Systems) != 1 {
		t.Fatalf("%d systems, want one", len(list.Systems))
	}
	s := list.Systems[0]
	if s.Name != name || s.Description == "" || len(s.Date) != len("2006-01-02") || !strings.HasSuffix(s.URL, "/"+filepath.Base(im.image)) {
		t.Errorf("%+v", s)
	}
	if s.Size != len(image) || s.Download != len(image) || s.Sum != sum(image) || s.DownloadSum != s.Sum {
		t.Errorf("%+v, and the image has %d bytes of %s", s, len(image), sum(image))
	}
}

// The rest of the empty slot, behind its first mebibyte.
const unread, unreadEnd = 60 << 20, 107 << 20

// blockMap is version 2.0 of bmaptool's map.
type blockMap struct {
	ImageSize, BlockSize, BlocksCount, MappedBlocksCount int
	ChecksumType                                         string
	Ranges                                               []struct {
		Sum    string `xml:"chksum,attr"`
		Blocks string `xml:",chardata"` // first-last, or one
	} `xml:"BlockMap>Range"`
}

// mapped holds the map against the image, by bmaptool and by itself: it leaves out only what
// nobody reads before it is written.
func mapped(t *testing.T, im images, image []byte) {
	name := strings.TrimSuffix(im.image, ".img") + ".bmap"
	text, err := os.ReadFile(name)
	must(t, "read", err)
	var m blockMap
	must(t, "parse", xml.Unmarshal(text, &m))
	if m.ImageSize != len(image) || m.BlocksCount*m.BlockSize != len(image) || strings.TrimSpace(m.ChecksumType) != "sha256" {
		t.Fatalf("of an image of %d bytes: %+v", len(image), m)
	}
	for block, is := range m.written(t, image) {
		at := block * m.BlockSize
		if !is && (at < unread || at >= unreadEnd || bytes.Count(image[at:at+m.BlockSize], []byte{0}) != m.BlockSize) {
			t.Fatalf("what is at %d is not written to a stick", at)
		}
	}
	copied := filepath.Join(t.TempDir(), "copy")
	out, err := exec.CommandContext(t.Context(), "bmaptool", "copy", "--bmap", name, im.image, copied).CombinedOutput()
	must(t, "bmaptool: "+string(out), err)
	if got, err := os.ReadFile(copied); err != nil || !bytes.Equal(got, image) {
		t.Errorf("bmaptool copies another image: %v", err)
	}
}

// written is which blocks of the image the map names, whose sums must be right.
func (m blockMap) written(t *testing.T, image []byte) []bool {
	written, count := make([]bool, m.BlocksCount), 0
	for _, r := range m.Ranges {
		var first, last int
		if n, _ := fmt.Sscanf(strings.TrimSpace(r.Blocks), "%d-%d", &first, &last); n < 2 {
			last = first
		}
		if got := sum(image[first*m.BlockSize : (last+1)*m.BlockSize]); got != r.Sum {
			t.Errorf("blocks %s have the sum %s, want %s", r.Blocks, got, r.Sum)
		}
		for block := first; block <= last; block++ {
			written[block] = true
			count++
		}
	}
	if count != m.MappedBlocksCount {
		t.Errorf("%d blocks are in the map, which says %d", count, m.MappedBlocksCount)
	}
	return written
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
