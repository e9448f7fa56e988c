package main

import (
	"os"
	"testing"
)

func TestMissingRedoclyIsLeftOutButFailsInCI(t *testing.T) {
	contract, err := os.ReadFile("../../../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir()) // no api/lint here
	if err := os.WriteFile("openapi.yaml", contract, 0o600); err != nil {
		t.Fatal(err)
	}
	for ci, want := range map[string]int{"": 0, "true": 2} {
		t.Setenv("CI", ci)
		if got := run(t.Context(), []string{"openapi.yaml"}); got != want {
			t.Errorf("CI=%q: exit status %d, want %d", ci, got, want)
		}
	}
}

func TestExitStatusTellsAProblemFromAFailure(t *testing.T) {
	t.Setenv("CI", "")
	t.Chdir(t.TempDir())
	if err := os.WriteFile("openapi.yaml", []byte("openapi: 3.0.3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := run(t.Context(), []string{"openapi.yaml"}); got != 1 {
		t.Errorf("document with problems: exit status %d", got)
	}
	if got := run(t.Context(), nil); got != 2 {
		t.Errorf("no document: exit status %d", got)
	}
}
