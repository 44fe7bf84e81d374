package scsi

// readCapacity10 tells the last block and the block size (SBC-3 §5.15). A unit
// too large for four bytes says so with all ones.
func (t task) readCapacity10() ([]byte, error) {
	b := make([]byte, 8)
	put32(b, uint32(min(t.lun.blocks.Load()-1, 0xffffffff)))
	put32(b[4:], BlockSize)
	return b, nil
}
