package main

import (
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// pageFile shows the programs of this directory. What stands below a comment
//
//	<!-- interop/python/first_call.py -->   the file of that name
//	<!-- interop: python: build -->         the commands that generate and compile
//	<!-- interop: python: run -->           the commands that run both
//	<!-- interop: start -->                 how to start a simulator and the proxy
//	<!-- interop: table -->                 the newest results
//
// up to the end of its code block, or to <!-- /interop -->, is written by this program.
const pageFile = "docs/languages.md"

const startFile = "interop/start.sh"

var (
	codeBlock  = regexp.MustCompile("(?s)<!-- (interop[^\n]*?) -->\n```[a-z]*\n.*?```\n")
	tableBlock = regexp.MustCompile("(?s)<!-- interop: table -->\n.*?<!-- /interop -->\n")
)

// rewrite brings the page up to date: its code, and its table too if there are results.
func rewrite(file string, results []result) error {
	page, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text, err := withCode(string(page))
	if err != nil {
		return err
	}
	if results != nil {
		text = tableBlock.ReplaceAllLiteralString(text, "<!-- interop: table -->\n"+table(results)+
			"\nBy `make interop-page` on "+time.Now().UTC().Format(time.DateOnly)+".\n<!-- /interop -->\n")
	}
	return os.WriteFile(file, []byte(text), 0o644) //nolint:gosec // G306: a page for everybody
}

// withCode returns the page with the programs as they are.
func withCode(page string) (string, error) {
	var failed error
	text := codeBlock.ReplaceAllStringFunc(page, func(block string) string {
		what := codeBlock.FindStringSubmatch(block)[1]
		fence, code, err := code(what)
		if err != nil {
			failed = err
			return block
		}
		return fmt.Sprintf("<!-- %s -->\n```%s\n%s```\n", what, fence, code)
	})
	return text, failed
}

func code(what string) (fence, text string, err error) {
	if what == "interop: start" {
		content, err := os.ReadFile(startFile)
		return "sh", string(content), err
	}
	for _, l := range languages {
		if what == "interop: "+l.name+": build" {
			if l.sharesGenerator() {
				generator, err := readLock()
				if err != nil {
					return "", "", err
				}
				text = "mvn -q " + dependencyGet + " -Dmdep.stripVersion=true -Dartifact=" + generator.coordinate +
					` -DoutputDirectory="$PWD/../build"` + "\n"
			}
			for _, command := range l.build {
				text += strings.Join(command, " ") + "\n"
			}
			return "sh", text, nil
		}
		if what == "interop: "+l.name+": run" {
			return "sh", l.shell(l.firstCall.run) + l.shell(l.throughProxy.run), nil
		}
		for _, e := range []example{l.firstCall, l.throughProxy} {
			if file := path.Join("interop", l.name, e.file); file == what {
				content, err := os.ReadFile(file)
				return l.fence, string(content), err
			}
		}
	}
	return "", "", fmt.Errorf("%s asks for %q, which no language has", pageFile, what)
}

// shell is a command with its environment as a person types it.
func (l language) shell(command []string) string {
	words := slices.Clone(l.environment)
	for _, word := range command {
		if strings.Contains(word, "*") {
			word = "'" + word + "'"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ") + "\n"
}

// table is what came out, in Markdown.
func table(results []result) string {
	var b strings.Builder
	b.WriteString("| language | generator | version | compiler or interpreter | what ran |\n|---|---|---|---|---|\n")
	for _, r := range results {
		ran := fmt.Sprintf("%d steps, first call, through the proxy", len(steps))
		if r.err != nil {
			ran = "**failed**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.language.title, r.language.generator, r.version, r.compiler, ran)
	}
	return b.String()
}

// seconds is how long it took, which depends too much on the machine to stand on a page.
func seconds(results []result) string {
	var b strings.Builder
	for _, r := range results {
		fmt.Fprintf(&b, "%-10s build %4.0f s (%3.0f s of CPU), run %4.1f s (%4.1f s of CPU)\n", r.language.name,
			r.build.wall.Seconds(), r.build.cpu.Seconds(), r.running.wall.Seconds(), r.running.cpu.Seconds())
	}
	return b.String()
}
