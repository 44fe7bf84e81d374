package volume

import "context"

// pass copies the marked blocks. Between any two of them the live stack may change.
func (m *merge) pass(ctx context.Context, live *stack) error {
	buf := make([]byte, clusterSize)
	for b, more := int64(0), true; more; b++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		if b, more, err = m.step(b, live, buf); err != nil {
			return err
		}
	}
	return nil
}

// step copies the next marked block. It clears the mark first: a write in between sets it
// again.
func (m *merge) step(b int64, live *stack, buf []byte) (at int64, more bool, err error) {
	if live != nil {
		live.gate.RLock()
		defer live.gate.RUnlock()
	}
	end := blocksOf(m.size)
	if b = m.todo.next(b, end); b == end {
		return b, false, nil
	}
	m.todo.remove(b)
	if !m.upper.has.has(b) { // it belongs to a newer layer on top
		return b, true, nil
	}
	return b, true, m.copy(b, buf[:min(clusterSize, m.size-b*clusterSize)])
}

// copy copies a block down.
func (m *merge) copy(b int64, buf []byte) error {
	off := b * clusterSize
	if err := m.upper.readAt(buf, off); err != nil {
		return err
	}
	if m.lower.has != nil {
		if err := m.lower.has.ready(b, b+1, m.lower.reserve); err != nil {
			return err
		}
	}
	var err error
	if isZero(buf) {
		err = m.lower.file.Punch(m.lower.data+off, int64(len(buf)))
	} else if err = m.dir.room.take(int64(len(buf))); err == nil {
		_, err = m.lower.file.WriteAt(buf, m.lower.data+off)
	}
	if err == nil && m.lower.has != nil {
		m.lower.has.add(b, b+1)
	}
	return err
}

// finish copies the remaining blocks while no writer runs.
func (m *merge) finish(ctx context.Context) error {
	m.todo.grow(m.size)
	if m.lower.has != nil {
		m.lower.has.grow(m.size)
	}
	if err := m.pass(ctx, nil); err != nil {
		return err
	}
	if err := m.lower.lengthen(m.size); err != nil {
		return err
	}
	return m.lower.sync()
}

// lengthen makes a raw layer at least as long as the volume.
func (l *layer) lengthen(size int64) error {
	if l.has != nil {
		return nil
	}
	info, err := l.file.Stat()
	if err != nil || info.Size >= size {
		return err
	}
	return l.file.Truncate(size)
}
