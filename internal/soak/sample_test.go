package soak

import (
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sample is what the process holds at a time.
type sample struct {
	at          time.Duration
	heap        uint64 // bytes alive, after a collection
	resident    uint64 // bytes, as the system counts; 0: not known
	goroutines  int
	descriptors int // 0: not known
}

func take(began time.Time) sample {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s := sample{at: time.Since(began), heap: m.HeapAlloc, goroutines: runtime.NumGoroutine()}
	if entries, err := os.ReadDir("/proc/self/fd"); err == nil {
		s.descriptors = len(entries)
	}
	if content, err := os.ReadFile("/proc/self/statm"); err == nil {
		if fields := strings.Fields(string(content)); len(fields) > 1 {
			pages, _ := strconv.ParseUint(fields[1], 10, 64)
			s.resident = pages * uint64(os.Getpagesize())
		}
	}
	return s
}

// flat compares the second quarter of the samples with the last by their medians: a leak of one thing
// for each event, let alone each request, shows.
func flat(t *testing.T, samples []sample) (early, late sample) {
	t.Helper()
	n := len(samples)
	early, late = middle(samples[n/4:n/2]), middle(samples[3*n/4:])
	if late.heap > early.heap+early.heap/4+(1<<20) {
		t.Errorf("the heap grows: %d bytes, then %d", early.heap, late.heap)
	}
	if late.goroutines > early.goroutines+early.goroutines/10+10 {
		t.Errorf("goroutines: %d, then %d", early.goroutines, late.goroutines)
	}
	if late.descriptors > early.descriptors+early.descriptors/10+10 {
		t.Errorf("file descriptors: %d, then %d", early.descriptors, late.descriptors)
	}
	return early, late
}

func middle(samples []sample) sample {
	return sample{
		heap:        median(samples, func(s sample) uint64 { return s.heap }),
		resident:    median(samples, func(s sample) uint64 { return s.resident }),
		goroutines:  median(samples, func(s sample) int { return s.goroutines }),
		descriptors: median(samples, func(s sample) int { return s.descriptors }),
	}
}

func median[T int | uint64](samples []sample, of func(sample) T) T {
	var values []T
	for _, s := range samples {
		values = append(values, of(s))
	}
	slices.Sort(values)
	return values[len(values)/2]
}
