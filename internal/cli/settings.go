package cli

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// setting is one thing a command can be told, by a flag or by the environment. What is secret has no
// flag: other users of the machine can read a command line.
type setting struct {
	env   string
	flag  string
	value string // what the flag's value is called in help
	help  string
}

// The settings, in the order in which help lists them.
var (
	setBaseURL = setting{
		"THINGSPACE_BASE_URL", "base-url", "URL",
		"base URL of the API (default https://thingspace.verizon.com/api); plain http for a loopback host only",
	}
	setAppKey        = setting{"THINGSPACE_APP_KEY", "app-key", "KEY", "key of the application (Key Management)"}
	setAppSecret     = setting{"THINGSPACE_APP_SECRET", "", "", "secret of the application"}
	setAppSecretFile = setting{"THINGSPACE_APP_SECRET_FILE", "app-secret-file", "FILE", "file with the secret of the application"}
	setUsername      = setting{"THINGSPACE_USERNAME", "username", "NAME", "UWS user name"}
	setPassword      = setting{"THINGSPACE_PASSWORD", "", "", "UWS password; asked for on a terminal if a login needs it and nothing gives it"}
	setPasswordFile  = setting{"THINGSPACE_PASSWORD_FILE", "password-file", "FILE", "file with the UWS password"}
	setCredentials   = setting{
		"THINGSPACE_CREDENTIALS_FILE", "credentials-file", "FILE",
		`JSON file {"username": …, "password": …} that a password reset may rewrite`,
	}
	setStore = setting{
		"THINGSPACE_STORE", "store", "STORE",
		"where session and failed logins are kept: file (default), file:DIR, memory, redis://… or rediss://…",
	}
	setStorePassword     = setting{"THINGSPACE_STORE_PASSWORD", "", "", "password for a Redis store, if it is not in its URL"}
	setStorePasswordFile = setting{"THINGSPACE_STORE_PASSWORD_FILE", "store-password-file", "FILE", "file with the password for a Redis store"}

	allSettings = []setting{
		setBaseURL, setAppKey, setAppSecret, setAppSecretFile, setUsername,
		setPassword, setPasswordFile, setCredentials, setStore, setStorePassword, setStorePasswordFile,
	}

	// Settings of which one is enough.
	secretSettings        = []setting{setAppSecret, setAppSecretFile}
	userSettings          = []setting{setUsername, setCredentials}
	passwordSettings      = []setting{setCredentials, setPassword, setPasswordFile}
	storePasswordSettings = []setting{setStorePassword, setStorePasswordFile}
	alternatives          = [][]setting{secretSettings, userSettings, passwordSettings, storePasswordSettings}
)

// settings reads them: a flag overrides the environment, and an empty variable is no variable.
type settings struct {
	environ func(string) (string, bool)
	all     func() []string // NAME=VALUE of every variable
	flags   *pflag.FlagSet  // of the command that runs
}

// flagValue is a string flag whose help names what its value is.
type flagValue struct{ text, kind string }

func (f *flagValue) String() string { return f.text }

func (f *flagValue) Set(text string) error { f.text = text; return nil }

func (f *flagValue) Type() string { return f.kind }

// addFlags gives a flag set all flags of settings.
func (s *settings) addFlags(flags *pflag.FlagSet) {
	for _, v := range allSettings {
		if v.flag != "" {
			flags.Var(&flagValue{kind: v.value}, v.flag, v.help+" ($"+v.env+")")
		}
	}
}

// byFlag reports whether a flag gives the setting.
func (s *settings) byFlag(v setting) bool {
	return v.flag != "" && s.flags != nil && s.flags.Changed(v.flag)
}

// given reports whether anybody gives a setting.
func (s *settings) given(v setting) bool {
	value, _ := s.environ(v.env)
	return value != "" || s.byFlag(v)
}

// get returns a setting, "" if nobody gives it. A blank one is a mistake, not a value.
func (s *settings) get(v setting) (string, error) {
	if s.byFlag(v) {
		value := s.flags.Lookup(v.flag).Value.String()
		if strings.TrimSpace(value) == "" {
			return "", usage("leave it out, or give it a value", "--%s is blank", v.flag)
		}
		return value, nil
	}
	value, _ := s.environ(v.env)
	if value != "" && strings.TrimSpace(value) == "" {
		return "", usage("unset it, or give it a value", "%s is blank", v.env)
	}
	return value, nil
}

// text is get for what is sent as it is: a user name, a password, a key or secret.
func (s *settings) text(v setting) (string, error) {
	value, err := s.get(v)
	if err == nil {
		err = plainText(s.name(v), value)
	}
	return value, err
}

// one returns the one of several settings that exclude each other: a flag wins over the environment.
// chosen.env is "" if none is given.
func (s *settings) one(of ...setting) (chosen setting, value string, err error) {
	flagged := slices.ContainsFunc(of, s.byFlag)
	for _, v := range of {
		if flagged && !s.byFlag(v) {
			continue
		}
		got, err := s.get(v)
		if err != nil {
			return setting{}, "", err
		}
		if got == "" {
			continue
		}
		if chosen.env != "" {
			return setting{}, "", usage("leave one of them out", "%s and %s are both given", s.name(chosen), s.name(v))
		}
		chosen, value = v, got
	}
	return chosen, value, nil
}

// name is how the caller gave a setting.
func (s *settings) name(v setting) string {
	if s.byFlag(v) {
		return "--" + v.flag
	}
	return v.env
}
