package baremetalapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
)

// benchLab is an API with n nodes, each with one volume target.
func benchLab(b *testing.B, n int) *lab {
	l := newLab(b)
	err := l.store.Update(b.Context(), func(tx *store.Tx) error {
		for i := range n {
			node := &baremetal.Node{UUID: fmt.Sprintf("c0ffee00-0000-4000-8000-%012d", i), Name: fmt.Sprintf("node-%d", i), Driver: "fake-hardware",
				ProvisionState: baremetal.Enroll, Properties: baremetal.Object{"cpu_arch": "x86_64", "memory_mb": 8192}}
			if err := l.api.conductor.Equip(node); err != nil {
				return err
			}
			if err := tx.Nodes().Insert(node); err != nil {
				return err
			}
			target := &baremetal.VolumeTarget{UUID: fmt.Sprintf("c0ffee01-0000-4000-8000-%012d", i), NodeUUID: node.UUID, VolumeType: "iscsi",
				VolumeID: fmt.Sprint(i), Properties: baremetal.Object{"target_iqn": "iqn.2026-01.test:x", "auth_password": "x"}}
			if err := tx.Targets().Insert(target); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return l
}

func benchGet(b *testing.B, nodes int, path string) {
	l := benchLab(b, nodes)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Header["X-Openstack-Ironic-Api-Version"] = []string{"1.82"}
			w := httptest.NewRecorder()
			l.front.ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				b.Fatal(w.Body)
			}
		}
	})
}

func BenchmarkShowNode(b *testing.B) {
	benchGet(b, 100, "/v1/nodes/c0ffee00-0000-4000-8000-000000000042")
}
func BenchmarkListNodes100(b *testing.B)  { benchGet(b, 100, "/v1/nodes") }
func BenchmarkListNodes1000(b *testing.B) { benchGet(b, 1000, "/v1/nodes") }
func BenchmarkListTargets1000(b *testing.B) {
	benchGet(b, 1000, "/v1/volume/targets?limit=1000")
}
