package main

import (
	"bufio"
	"bytes"
	"io"
)

// messages reads server-sent events.
type messages struct{ r *bufio.Reader }

func newMessages(r io.Reader) *messages { return &messages{bufio.NewReader(r)} }

// next is the size of the next message in bytes; signs of life are no messages.
func (m *messages) next() (size int, err error) {
	data := false
	for {
		line, err := m.r.ReadBytes('\n')
		if err != nil {
			return 0, err
		}
		size += len(line)
		data = data || bytes.HasPrefix(line, []byte("data:"))
		if len(line) == 1 {
			if data {
				return size, nil
			}
			size = 0
		}
	}
}
