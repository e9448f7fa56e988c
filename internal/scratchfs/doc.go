// Package scratchfs gives tests real file systems that are full, read-only, or lose their power. It
// works on Linux, as root with the right to mount; elsewhere the test is skipped and says so, unless
// it runs in CI (CI=true) where mounting should work: there it fails.
package scratchfs
