package main

// account is who the suite is at the server.
type account struct{ key, secret, username, password string }

var variables = [4]string{"THINGSPACE_APP_KEY", "THINGSPACE_APP_SECRET", "THINGSPACE_USERNAME", "THINGSPACE_PASSWORD"}

func accountFrom(env func(string) string) account {
	return account{env(variables[0]), env(variables[1]), env(variables[2]), env(variables[3])}
}

func (a account) incomplete() bool {
	return a.key == "" || a.secret == "" || a.username == "" || a.password == ""
}

func (a account) environ() []string {
	return []string{
		variables[0] + "=" + a.key, variables[1] + "=" + a.secret, variables[2] + "=" + a.username, variables[3] + "=" + a.password,
	}
}
