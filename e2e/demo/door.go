package main

import (
	"context"
	"io"
	"net"
	"sync"

	"ironhook/e2e/lab"
)

// door lets the host's browser into the lab: a listener on the host's loopback
// whose connections go on to an address inside.
type door struct {
	listener net.Listener
	lab      *lab.Lab
	inside   string
	cancel   context.CancelFunc
	tasks    sync.WaitGroup
}

// openDoor opens a door at a free port. Close it.
func openDoor(l *lab.Lab, inside string) (*door, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	d := &door{listener: listener, lab: l, inside: inside, cancel: cancel}
	d.tasks.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // closed
			}
			d.tasks.Go(func() { d.pass(ctx, conn) })
		}
	})
	return d, nil
}

func (d *door) address() string { return d.listener.Addr().String() }

// close ends every connection and waits for it.
func (d *door) close() {
	d.cancel()
	d.listener.Close()
	d.tasks.Wait()
}

// pass copies both ways until one side ends or the door closes.
func (d *door) pass(ctx context.Context, outside net.Conn) {
	defer outside.Close()
	inside, err := d.lab.Dial(ctx, "tcp", d.inside)
	if err != nil {
		return // the browser sees the connection end
	}
	stop := context.AfterFunc(ctx, func() { inside.Close(); outside.Close() })
	defer stop()
	var both sync.WaitGroup
	both.Go(func() { io.Copy(inside, outside); inside.Close() })
	both.Go(func() { io.Copy(outside, inside); outside.Close() })
	both.Wait()
}
