package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func saidAll() string { return "ok: " + strings.Join(steps, "\nok: ") + "\n" }

func seenAll() (entries []entry, s state) {
	s.Counters.MaxStrikes = 1
	return slices.Clone(requests), s
}

func TestProgramThatTakesEveryStepIsRight(t *testing.T) {
	seen, s := seenAll()
	if err := verifySteps("some words\n"+saidAll(), seen, s); err != nil {
		t.Error(err)
	}
}

func TestProgramIsNotBelievedByItsWordAlone(t *testing.T) {
	for name, spoil := range map[string]func(output *string, seen *[]entry, s *state){
		"a step is missing":        func(output *string, _ *[]entry, _ *state) { *output = strings.Replace(*output, "ok: reset\n", "", 1) },
		"steps in another order":   func(output *string, _ *[]entry, _ *state) { *output = "ok: logout\n" + *output },
		"nothing was sent":         func(_ *string, seen *[]entry, _ *state) { *seen = nil },
		"the reset was sent again": func(_ *string, seen *[]entry, _ *state) { *seen = slices.Insert(*seen, 10, entry{"reset", 400, ""}) },
		"a redirect was followed":  func(_ *string, seen *[]entry, _ *state) { *seen = slices.Insert(*seen, 11, entry{"resource", 200, ""}) },
		"the old password is good": func(_ *string, seen *[]entry, _ *state) { (*seen)[5].Status = 200 },
		"an invalid request":       func(_ *string, _ *[]entry, s *state) { s.ContractViolations.Requests = 1 },
		"an invalid answer":        func(_ *string, _ *[]entry, s *state) { s.ContractViolations.Responses = 1 },
		"a secret in a URL":        func(_ *string, _ *[]entry, s *state) { s.Counters.MisplacedSecrets = 1 },
		"a second strike":          func(_ *string, _ *[]entry, s *state) { s.Counters.MaxStrikes = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			output := saidAll()
			seen, s := seenAll()
			spoil(&output, &seen, &s)
			if verifySteps(output, seen, s) == nil {
				t.Error("it passed")
			}
		})
	}
}

func TestSecretInTheOutputIsCaught(t *testing.T) {
	if verifySilence("ok: login with IMgr8", "", "IMgr8") == nil {
		t.Error("it passed")
	}
	if err := verifySilence("ok: login", "", "IMgr8"); err != nil {
		t.Error(err)
	}
}

func TestExampleThatPrintsAnErrorIsCaught(t *testing.T) {
	if verifyExample(`{"errorCode": "UnifiedWebService.REQUEST_FAILED.SessionToken.Expired"}`) == nil {
		t.Error("it passed")
	}
}

func TestMissingToolSaysWhatToInstall(t *testing.T) {
	lacking := []language{{name: "none", needs: []tool{{"no-such-command", "the package of that name"}}}}
	_, err := prove(t.Context(), lacking, 1, true)
	if err == nil || !strings.Contains(err.Error(), "the package of that name") {
		t.Errorf("where it is strict: %v", err)
	}
	if results, err := prove(t.Context(), lacking, 1, false); err != nil || results != nil {
		t.Errorf("elsewhere: %v, %v", results, err)
	}
}

func TestUnknownLanguageIsRefused(t *testing.T) {
	if _, err := choose([]string{"python", "cobol"}); err == nil || !strings.Contains(err.Error(), "typescript") {
		t.Errorf("%v", err)
	}
	if status := command(t.Context(), []string{"cobol"}); status != 2 {
		t.Errorf("status %d", status)
	}
}

func TestFailingStepOfABuildIsTold(t *testing.T) {
	t.Chdir("..")
	l := languages[slices.IndexFunc(languages, func(l language) bool { return l.name == "ruby" })]
	l.build = [][]string{{"go", "no-such-verb"}}
	if r := l.prove(t.Context(), ""); r.err == nil || !strings.Contains(r.err.Error(), "no-such-verb") {
		t.Errorf("%v", r.err)
	}
}

func TestPersonsOwnVariablesDoNotGetIn(t *testing.T) {
	t.Chdir("..")
	t.Setenv("THINGSPACE_PASSWORD", "a real one")
	output, err := language{name: "ruby"}.run(t.Context(), []string{"env"}, []string{"THINGSPACE_USERNAME=zbeeblebrox"})
	if err != nil || strings.Contains(output, "a real one") || !strings.Contains(output, "THINGSPACE_USERNAME=zbeeblebrox") {
		t.Errorf("%v", err)
	}
}

func TestGeneratorWithAnotherSumIsRefused(t *testing.T) {
	jar := filepath.Join(t.TempDir(), "generator.jar")
	if err := os.WriteFile(jar, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := lock{sum: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}
	if err := good.matches(jar); err != nil {
		t.Error(err)
	}
	if (lock{sum: strings.Repeat("0", 64)}).matches(jar) == nil {
		t.Error("it passed")
	}
}

func TestOneVersionOfTheGenerator(t *testing.T) {
	t.Chdir("..")
	version, err := lockedGenerator()
	if err != nil {
		t.Fatal(err)
	}
	projects, err := filepath.Glob("interop/*/pom.xml")
	if err != nil || len(projects) == 0 {
		t.Fatal(projects, err)
	}
	for _, project := range projects {
		text, err := os.ReadFile(project)
		if err != nil {
			t.Fatal(err)
		}
		_, after, _ := strings.Cut(string(text), "<artifactId>openapi-generator-maven-plugin</artifactId>")
		if !strings.HasPrefix(strings.TrimSpace(after), "<version>"+version+"</version>") {
			t.Errorf("%s has not version %s of the generator", project, version)
		}
	}
}

func TestPageShowsTheProgramsThatRun(t *testing.T) {
	t.Chdir("..")
	content, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	page := string(content)
	renewed, err := withCode(page)
	if err != nil {
		t.Fatal(err)
	}
	if renewed != page {
		t.Error("the code on the page is not that of the programs: go run ./interop -snippets")
	}
	for _, l := range languages {
		for _, what := range []string{"interop: " + l.name + ": build", "interop/" + l.name + "/" + l.firstCall.file, "interop/" + l.name + "/" + l.throughProxy.file} {
			if strings.Count(page, "<!-- "+what+" -->\n```") != 1 {
				t.Errorf("the page does not show %s once", what)
			}
		}
		if !strings.Contains(page, "| "+l.title+" |") {
			t.Errorf("the page's table has no line for %s", l.title)
		}
	}
}
