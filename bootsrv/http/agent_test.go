package http

import (
	"testing"
	"testing/fstest"
)

func TestAgentFiles(t *testing.T) {
	s, _ := newServer(t, nil)
	if w := ask(s, "GET", "/agent/x86_64/vmlinuz"); w.Code != 404 {
		t.Errorf("without an agent: %d", w.Code)
	}
	s.Agent = fstest.MapFS{"vmlinuz": {Data: []byte("kernel")}, "initrd": {Data: []byte("ramdisk")}, "initrd-arm64": {Data: []byte("arm")}}
	for path, want := range map[string]string{
		"/agent/i386/vmlinuz": "kernel", "/agent/x86_64/initrd": "ramdisk", "/agent/arm64/initrd": "arm",
		"/agent/arm64/vmlinuz": "", "/agent/sparc/vmlinuz": "", "/agent/x86_64/passwd": "", "/agent/x86_64/../vmlinuz": "",
	} {
		w := ask(s, "GET", path)
		if want == "" && w.Code == 200 || want != "" && (w.Code != 200 || w.Body.String() != want) {
			t.Errorf("%s = %d %q, want %q", path, w.Code, w.Body.String(), want)
		}
	}
}
