package bench

import "testing"

// BenchmarkReadToken is what it costs to be given a token that is in hand.
func BenchmarkReadToken(b *testing.B) {
	for _, p := range peers {
		if p.read == nil {
			continue
		}
		b.Run("peer="+p.name, func(b *testing.B) {
			read := p.read(newEnv(b, nil))
			if token, err := read(b.Context()); err != nil || token == "" {
				b.Fatal("no token: ", err)
			}
			ctx := b.Context()
			b.ReportAllocs()
			before := cpuTime()
			for b.Loop() {
				if _, err := read(ctx); err != nil {
					b.Fatal(err)
				}
			}
			reportCPU(b, before)
		})
	}
}

// BenchmarkReadTokenParallel is the same from all processors at once.
func BenchmarkReadTokenParallel(b *testing.B) {
	for _, p := range peers {
		if p.read == nil {
			continue
		}
		b.Run("peer="+p.name, func(b *testing.B) {
			read := p.read(newEnv(b, nil))
			ctx := b.Context()
			if token, err := read(ctx); err != nil || token == "" {
				b.Fatal("no token: ", err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := read(ctx); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
