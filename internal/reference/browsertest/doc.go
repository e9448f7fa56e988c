// Package browsertest tries the reference page in a real headless Chromium. It is a module of its own, so that the
// driver of the browser never enters the go.mod of anybody else; make browser runs it.
package browsertest
