package main

import (
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"ironhook/e2e/lab"
)

func TestMain(m *testing.M) { os.Exit(lab.RunTests(m.Run)) }

// TestDemo runs the whole demonstration.
func TestDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("boots a virtual machine")
	}
	var out strings.Builder
	err := perform(t.Context(), &out, false)
	t.Log(out.String())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"watch it: http://127.0.0.1:", "power-on", "script", "login", "root mounted", "\nOK: "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the demonstration does not show %q", want)
		}
	}
}

// TestDoor reaches a listener in the lab from the host's loopback.
func TestDoor(t *testing.T) {
	if testing.Short() {
		t.Skip("needs network namespaces")
	}
	l, err := lab.New("demo-door")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	inside, err := l.Listen("tcp", lab.Address+":6385")
	if err != nil {
		t.Fatal(err)
	}
	door, err := openDoor(l, lab.Address+":6385")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", door.address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	far, err := inside.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	for _, way := range []struct{ from, to net.Conn }{{conn, far}, {far, conn}} {
		if _, err := way.from.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 5)
		if _, err := io.ReadFull(way.to, got); string(got) != "hello" {
			t.Errorf("read %q, %v, want hello", got, err)
		}
	}
	door.close()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the connection outlived the door")
	}
}
