package proxy

import "sync"

// kept is a copy of what has been read, in blocks, so that it grows without being copied again.
type kept struct {
	blocks [][]byte
	size   int64
}

const (
	blockSize = 32 << 10
	// smallBody is what gets a block of its own size.
	smallBody = 4 << 10
)

var blockPool sync.Pool

// reserve makes room for a short body of known length.
func (k *kept) reserve(length int64) {
	if length > 0 && length <= smallBody {
		k.blocks = append(k.blocks, make([]byte, 0, length))
	}
}

func (k *kept) add(p []byte) {
	for len(p) > 0 {
		last := len(k.blocks) - 1
		if last < 0 || len(k.blocks[last]) == cap(k.blocks[last]) {
			k.blocks = append(k.blocks, newBlock())
			last++
		}
		b := k.blocks[last]
		n := min(len(p), cap(b)-len(b))
		k.blocks[last] = append(b, p[:n]...)
		k.size += int64(n)
		p = p[n:]
	}
}

// copyAt copies what is kept from offset on, as far as p and a block go.
func (k *kept) copyAt(p []byte, offset int64) int {
	for _, b := range k.blocks {
		if offset < int64(len(b)) {
			return copy(p, b[offset:])
		}
		offset -= int64(len(b))
	}
	return 0
}

// drop forgets it all. Nobody may be reading.
func (k *kept) drop() {
	for _, b := range k.blocks {
		if cap(b) == blockSize {
			b = b[:0]
			blockPool.Put(&b)
		}
	}
	k.blocks, k.size = nil, 0
}

func newBlock() []byte {
	if b, ok := blockPool.Get().(*[]byte); ok {
		return *b
	}
	return make([]byte, 0, blockSize)
}
