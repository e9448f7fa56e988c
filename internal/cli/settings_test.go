package cli

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func settingsOf(t *testing.T, env map[string]string, args ...string) *settings {
	t.Helper()
	s := &settings{environ: func(name string) (string, bool) { v, ok := env[name]; return v, ok }}
	s.flags = pflag.NewFlagSet("test", pflag.ContinueOnError)
	s.addFlags(s.flags)
	if err := s.flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFlagsOverrideTheEnvironment(t *testing.T) {
	s := settingsOf(t, map[string]string{"THINGSPACE_USERNAME": "zaphod", "THINGSPACE_STORE": "", "THINGSPACE_APP_KEY": " "}, "--username", "trillian")
	if got, err := s.get(setUsername); got != "trillian" || err != nil {
		t.Error(got, err)
	}
	if got, err := s.get(setStore); got != "" || err != nil {
		t.Error(got, err)
	}
	if _, err := s.get(setAppKey); err == nil {
		t.Error("a blank variable passes")
	}
}

func TestNoFlagTakesASecret(t *testing.T) {
	for _, v := range []setting{setPassword, setAppSecret} {
		if v.flag != "" {
			t.Errorf("--%s would put a secret on the command line", v.flag)
		}
	}
	for _, v := range allSettings {
		if !strings.HasPrefix(v.env, "THINGSPACE_") || v.help == "" {
			t.Errorf("%+v", v)
		}
	}
}

func TestOfSettingsThatExcludeEachOtherOneIsTaken(t *testing.T) {
	of := []setting{setCredentials, setPassword, setPasswordFile}
	for name, c := range map[string]struct {
		env  map[string]string
		args []string
		want string
		fail bool
	}{
		"none":           {},
		"variable":       {env: map[string]string{"THINGSPACE_PASSWORD": "x"}, want: "THINGSPACE_PASSWORD"},
		"two variables":  {env: map[string]string{"THINGSPACE_PASSWORD": "x", "THINGSPACE_PASSWORD_FILE": "y"}, fail: true},
		"flag wins":      {env: map[string]string{"THINGSPACE_PASSWORD": "x"}, args: []string{"--credentials-file", "f"}, want: "THINGSPACE_CREDENTIALS_FILE"},
		"two flags":      {args: []string{"--credentials-file", "f", "--password-file", "g"}, fail: true},
		"blank variable": {env: map[string]string{"THINGSPACE_PASSWORD": " "}, fail: true},
	} {
		chosen, _, err := settingsOf(t, c.env, c.args...).one(of...)
		if chosen.env != c.want || (err != nil) != c.fail {
			t.Errorf("%s: %q, %v", name, chosen.env, err)
		}
	}
}

func TestAMisspeltVariableIsRefusedUnlessTheRightOneIsSet(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		says string
	}{
		"left out":      {map[string]string{"THINGSPACE_BASEURL": "x"}, "THINGSPACE_BASE_URL"},
		"changed":       {map[string]string{"THINGSPACE_API_KEY": "x"}, "THINGSPACE_APP_KEY"},
		"case":          {map[string]string{"THINGSPACE_Store": "x"}, "THINGSPACE_STORE"},
		"added":         {map[string]string{"THINGSPACE_PASSWORDS": "x"}, "THINGSPACE_PASSWORD"},
		"right one set": {map[string]string{"THINGSPACE_BASEURL": "x", "THINGSPACE_BASE_URL": "y"}, ""},
		"all right":     {map[string]string{"THINGSPACE_BASE_URL": "y", "THINGSPACE_PASSWORD_FILE": "z"}, ""},
		"another's":     {map[string]string{"THINGSPACE_BEARER_TOKEN": "x", "THINGSPACE_SESSION_TOKEN": "x", "THINGSPACE_PORT": "tcp://x", "BASE_URL": "x"}, ""},
		"in the prefix": {map[string]string{"TINGSPACE_BASE_URL": "x"}, "THINGSPACE_BASE_URL"},
		"small letters": {map[string]string{"thingspace_base_url": "x"}, "THINGSPACE_BASE_URL"},
		"two words":     {map[string]string{"THING_SPACE_BASE_URL": "x"}, "THINGSPACE_BASE_URL"},
		"another word":  {map[string]string{"THINGSPACE_API_URL": "x"}, "THINGSPACE_BASE_URL"},
		"its beginning": {map[string]string{"THINGSPACE_CREDENTIALS": "x"}, "THINGSPACE_CREDENTIALS_FILE"},
		"of two, none":  {map[string]string{"THINGSPACE_PASS": "x"}, "THINGSPACE_PASSWORD"},
		"what does instead": {map[string]string{
			"THINGSPACE_PASS": "x", "THINGSPACE_USER": "x", "THINGSPACE_PASSWORD_FILE_PATH": "x", "THINGSPACE_CREDENTIALS_FILE": "y",
		}, ""},
		"transposed":     {map[string]string{"THINGSPACE_STOER": "x"}, "THINGSPACE_STORE"},
		"a server":       {map[string]string{"THINGSPACE_SERVER_URL": "x"}, "THINGSPACE_BASE_URL"},
		"a host":         {map[string]string{"THINGSPACE_API_HOSTNAME": "x"}, "THINGSPACE_BASE_URL"},
		"an endpoint":    {map[string]string{"THINGSPACE_ENDPOINT_URL": "x"}, "THINGSPACE_BASE_URL"},
		"a Redis":        {map[string]string{"THINGSPACE_REDIS_URL": "x"}, "THINGSPACE_STORE"},
		"a Redis, given": {map[string]string{"THINGSPACE_REDIS_URL": "x", "THINGSPACE_STORE": "y"}, ""},
		"a directory":    {map[string]string{"THINGSPACE_STATE_DIR": "x"}, "THINGSPACE_STORE"},
		"other words":    {map[string]string{"THINGSPACE_STATE": "x", "THINGSPACE_STAGE": "x", "THINGSPACE_SCOPE": "x"}, ""},
		"of two, one":    {map[string]string{"THINGSPACE_PASS": "x", "THINGSPACE_PASSWORD_FILE": "y"}, ""},
		"more than it":   {map[string]string{"THINGSPACE_STORE_DIR": "x"}, "THINGSPACE_STORE"},
		"service links":  {map[string]string{"THINGSPACE_SERVICE_HOST": "x", "THINGSPACE_STORE_PORT_6379_TCP": "x", "THINGSPACE_PROXY_SERVICE_PORT_HTTP": "x"}, ""},
		"a program's":    {map[string]string{"THINGSPACE_PROXY_URL": "x", "THINGSPACE_ORG": "x", "THINGSPACE_S": "x", "THINGSPACE_SITE": "x"}, ""},
		"empty is unset": {map[string]string{"THINGSPACE_STORES": "x", "THINGSPACE_STORE": ""}, "THINGSPACE_STORE"},
	} {
		s := settingsOf(t, c.env)
		s.all = func() (all []string) {
			for name, value := range c.env {
				all = append(all, name+"="+value)
			}
			return all
		}
		err := s.misspelt()
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says+"?") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
