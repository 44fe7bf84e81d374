package client

import (
	"bytes"
	"os"
)

// sparse writes an empty file from its beginning and leaves zeros out, which take up no space
// then.
type sparse struct {
	file *os.File
	at   int64
}

var zeros [64 << 10]byte

// Write may leave out what it reports as written; end makes the file as long as that.
func (s *sparse) Write(p []byte) (n int, err error) {
	for n < len(p) {
		piece := p[n:min(len(p), n+len(zeros)-int(s.at%int64(len(zeros))))]
		if !bytes.Equal(piece, zeros[:len(piece)]) {
			if m, err := s.file.WriteAt(piece, s.at); err != nil {
				return n + m, err
			}
		}
		n, s.at = n+len(piece), s.at+int64(len(piece))
	}
	return n, nil
}

func (s *sparse) end() error { return s.file.Truncate(s.at) }
