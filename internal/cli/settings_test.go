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
