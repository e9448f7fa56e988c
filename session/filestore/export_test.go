package filestore

import "context"

// LockedStore loads as the store does on Windows.
type LockedStore struct{ *Store }

// Load takes the lock.
func (s LockedStore) Load(ctx context.Context, key string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.loadLocked(ctx, key)
}
