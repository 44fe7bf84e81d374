package volumes_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"ironhook/e2e/lab"
	"ironhook/internal/asked"
)

// usage is what the program holds.
type usage struct {
	goroutines, files, grants, volumes int
	resident                           int // MiB
}

// TestCrowd deploys many nodes at once and tears them down at once, three times. All end in the right
// state, and goroutines, open files, grants and volumes are as many afterwards as before. IRONHOOK_CROWD says how
// many nodes.
func TestCrowd(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the program")
	}
	nodes := asked.Number(t, "IRONHOOK_CROWD", 20)
	program, err := lab.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := &planner{pointed: &pointed{cloud: &cloud{T: t, dir: t.TempDir(), options: []string{"--hardware-types", "fake-hardware"}},
		program: program}}
	p.serve(program, "none")
	p.images = []string{p.upload("golden", 2<<20)}
	for i := range nodes {
		p.ok("POST", "/v1/nodes",
			fmt.Sprintf(`{"name": "pc-%d", "driver": "fake-hardware", "storage_interface": "iscsi", "deploy_interface": "direct",
			"boot_interface": "ipxe", "properties": {"capabilities": "iscsi_boot:True"}}`, i))
		p.ok("POST", "/v1/ports",
			fmt.Sprintf(`{"address": "52:54:00:00:%02x:%02x", "node_uuid": %q}`, i/256, i%256, p.field(fmt.Sprintf("/v1/nodes/pc-%d", i), "uuid")))
	}
	p.all(nodes, "manage", "manageable")
	p.all(nodes, "provide", "available")
	before := p.usage()
	for round := range 3 {
		for i := range nodes {
			p.ok("PATCH", fmt.Sprintf("/v1/nodes/pc-%d", i),
				fmt.Sprintf(`[{"op": "add", "path": "/instance_info/image_source", "value": %q}]`, p.images[0]))
		}
		up := p.all(nodes, "active", "active")
		full := p.usage()
		if full.grants != nodes || full.volumes != nodes {
			t.Errorf("%d nodes are active with %d grants and %d volumes", nodes, full.grants, full.volumes)
		}
		down := p.all(nodes, "deleted", "available")
		p.reach("the volumes to go", func() bool { return len(p.bootVolumes()) == 0 })
		t.Logf("round %d: %d nodes deployed in %v, torn down in %v; resident %d MiB", round+1, nodes, up.Round(time.Millisecond),
			down.Round(time.Millisecond), full.resident)
	}
	p.reach("goroutines and files to end", func() bool {
		after := p.usage()
		return after.goroutines <= before.goroutines+5 && after.files <= before.files+5
	})
	after := p.usage()
	if after.grants != 0 || after.volumes != 0 {
		t.Errorf("in the end: %+v, before: %+v", after, before)
	}
	t.Logf("before: %+v; after: %+v", before, after)
}

// all asks for a verb of all nodes at once, and waits until they have arrived. A client that is told that
// all workers are busy asks again.
func (p *planner) all(nodes int, verb, state string) time.Duration {
	p.Helper()
	begun := time.Now()
	var group sync.WaitGroup
	for i := range nodes {
		group.Go(func() {
			path := fmt.Sprintf("/v1/nodes/pc-%d/states/provision", i)
			for {
				status, text, err := p.try("PUT", path, fmt.Sprintf(`{"target": %q}`, verb))
				if err == nil && status == http.StatusServiceUnavailable {
					time.Sleep(50 * time.Millisecond)
					continue
				}
				if err != nil || status != http.StatusAccepted {
					p.Errorf("%s = %d %s, %v", path, status, text, err)
				}
				return
			}
		})
	}
	group.Wait()
	p.reach(fmt.Sprintf("%d nodes to be %s", nodes, state), func() bool {
		text := p.ok("GET", "/v1/nodes?fields=uuid,provision_state,reservation&limit=1000", "")
		if n := strings.Count(text, " failed"); n > 0 || p.Failed() {
			p.Fatalf("%d nodes have failed: %s", n, p.ok("GET", "/v1/nodes?fields=last_error&limit=5", ""))
		}
		free := strings.Count(strings.ReplaceAll(text, " ", ""), `"reservation":null`)
		return strings.Count(strings.ReplaceAll(text, " ", ""), fmt.Sprintf(`"provision_state":%q`, state)) == nodes && free == nodes
	})
	return time.Since(begun)
}

var goroutines = regexp.MustCompile(`(?m)^go_goroutines (\d+)`)

func (p *planner) usage() (u usage) {
	p.Helper()
	http.DefaultClient.CloseIdleConnections()
	if m := goroutines.FindStringSubmatch(p.ok("GET", "/metrics", "")); m != nil {
		u.goroutines, _ = strconv.Atoi(m[1])
	}
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p.pid))
	p.must(err)
	u.files, u.grants, u.volumes = len(files), p.grants(), len(p.bootVolumes())
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
	p.must(err)
	if m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status); m != nil {
		kilo, _ := strconv.Atoi(string(m[1]))
		u.resident = kilo / 1024
	}
	return u
}
