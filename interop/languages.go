package main

import (
	"slices"
	"time"
)

// language is what is done for one of them. Commands are run in its directory, interop/NAME.
type language struct {
	name, title  string
	generator    string // as people look for it
	version      func() (string, error)
	needs        []tool
	compiler     []string   // prints the version of what compiles or interprets
	build        [][]string // from nothing to programs that run
	environment  []string
	interop      []string // runs the program that takes every step
	firstCall    example
	throughProxy example
	fence        string         // the name of the language in Markdown
	cpu          *time.Duration // what its commands have used, if anybody wants to know
}

// example is a program that the page shows.
type example struct {
	file string
	run  []string
}

// tool is a command, and how to come by it.
type tool struct{ command, install string }

var (
	java  = tool{"java", "a JDK of 17 or later (Debian: openjdk-17-jdk-headless)"}
	maven = tool{"mvn", "Maven (Debian: maven)"}
)

// generate writes the client that generator.yaml describes.
var generate = []string{"java", "-jar", "../build/openapi-generator-cli.jar", "generate", "-c", "generator.yaml"}

func (l language) sharesGenerator() bool {
	return slices.ContainsFunc(l.build, func(command []string) bool { return slices.Equal(command, generate) })
}

// Those that take long come first, so that nobody waits for them alone.
var languages = []language{
	{
		name: "rust", title: "Rust", fence: "rust",
		generator: "openapi-generator, `rust`", version: lockedGenerator,
		needs: []tool{
			{"cargo", "Rust 1.85 or later (rustup, or Debian: cargo-web rustc-web)"},
			{"cc", "a C compiler (Debian: gcc)"},
			java, maven,
		},
		compiler:     []string{"rustc", "--version"},
		build:        [][]string{generate, {"cargo", "build", "--locked", "--quiet", "--bins"}},
		interop:      []string{"target/debug/interop"},
		firstCall:    example{"src/bin/first_call.rs", []string{"target/debug/first_call"}},
		throughProxy: example{"src/bin/through_proxy.rs", []string{"target/debug/through_proxy"}},
	},
	{
		name: "java", title: "Java", fence: "java",
		generator: "openapi-generator, `java`, library `okhttp-gson`", version: lockedGenerator,
		needs:        []tool{{"javac", java.install}, java, maven},
		compiler:     []string{"javac", "-version"},
		build:        [][]string{{"mvn", "-q", "-B", "-ntp", "compile"}},
		interop:      []string{"java", "-cp", "target/classes:target/lib/*", "Interop"},
		firstCall:    example{"src/main/java/FirstCall.java", []string{"java", "-cp", "target/classes:target/lib/*", "FirstCall"}},
		throughProxy: example{"src/main/java/ThroughProxy.java", []string{"java", "-cp", "target/classes:target/lib/*", "ThroughProxy"}},
	},
	{
		name: "kotlin", title: "Kotlin", fence: "kotlin",
		generator: "openapi-generator, `kotlin`", version: lockedGenerator,
		needs:        []tool{java, maven},
		compiler:     []string{"java", "-cp", "target/lib/*:target/classes", "VersionKt"},
		build:        [][]string{{"mvn", "-q", "-B", "-ntp", "compile"}},
		interop:      []string{"java", "-cp", "target/classes:target/lib/*", "InteropKt"},
		firstCall:    example{"src/main/kotlin/FirstCall.kt", []string{"java", "-cp", "target/classes:target/lib/*", "FirstCall"}},
		throughProxy: example{"src/main/kotlin/ThroughProxy.kt", []string{"java", "-cp", "target/classes:target/lib/*", "ThroughProxy"}},
	},
	{
		name: "typescript", title: "TypeScript", fence: "ts",
		generator: "@hey-api/openapi-ts", version: packageVersion("@hey-api/openapi-ts"),
		needs:    []tool{{"node", "Node.js 20.19 or later"}, {"npm", "npm"}},
		compiler: []string{"node", "-p", "'TypeScript ' + require('typescript').version + ', Node.js ' + process.versions.node"},
		build: [][]string{
			{"npm", "ci", "--ignore-scripts", "--engine-strict", "--no-audit", "--no-fund", "--silent"},
			{"node_modules/.bin/openapi-ts"},
			{"node_modules/.bin/tsc", "-p", "."},
		},
		interop:      []string{"node", "build/interop.js"},
		firstCall:    example{"first_call.ts", []string{"node", "build/first_call.js"}},
		throughProxy: example{"through_proxy.ts", []string{"node", "build/through_proxy.js"}},
	},
	{
		name: "python", title: "Python", fence: "python",
		generator: "openapi-generator, `python`", version: lockedGenerator,
		needs:    []tool{{"python3", "Python 3.10 or later with venv (Debian: python3-venv)"}, java, maven},
		compiler: []string{"python3", "--version"},
		build: [][]string{
			generate,
			{"python3", "-m", "venv", "venv"},
			{"venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", "requirements.txt"},
		},
		environment:  []string{"PYTHONPATH=client"},
		interop:      []string{"venv/bin/python", "interop.py"},
		firstCall:    example{"first_call.py", []string{"venv/bin/python", "first_call.py"}},
		throughProxy: example{"through_proxy.py", []string{"venv/bin/python", "through_proxy.py"}},
	},
	{
		name: "php", title: "PHP", fence: "php",
		generator: "openapi-generator, `php`", version: lockedGenerator,
		needs: []tool{
			{"php", "PHP 8.1 or later with curl and mbstring, and Guzzle (Debian: php-cli php-curl php-mbstring php-guzzlehttp-guzzle)"},
			java, maven,
		},
		compiler:     []string{"php", "-r", "echo 'PHP ', PHP_VERSION;"},
		build:        [][]string{generate},
		interop:      []string{"php", "interop.php"},
		firstCall:    example{"first_call.php", []string{"php", "first_call.php"}},
		throughProxy: example{"through_proxy.php", []string{"php", "through_proxy.php"}},
	},
	{
		name: "ruby", title: "Ruby", fence: "ruby",
		generator: "openapi-generator, `ruby`", version: lockedGenerator,
		needs:        []tool{{"ruby", "Ruby 3.0 or later with Typhoeus (Debian: ruby ruby-typhoeus)"}, java, maven},
		compiler:     []string{"ruby", "--version"},
		build:        [][]string{generate},
		environment:  []string{"RUBYLIB=client/lib"},
		interop:      []string{"ruby", "interop.rb"},
		firstCall:    example{"first_call.rb", []string{"ruby", "first_call.rb"}},
		throughProxy: example{"through_proxy.rb", []string{"ruby", "through_proxy.rb"}},
	},
}
