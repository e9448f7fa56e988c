package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// steps are what every program takes, in this order, with a line "ok: STEP" for each.
var steps = []string{
	"bearer",         // the client-credentials grant
	"login",          // the bearer alone
	"resource",       // both tokens, a path that the contract does not describe
	"reset",          // both tokens; brings a new password
	"new-password",   // which is good for a login
	"refused-login",  // the old one is not: 400 with errorCode and errorMessage in a model
	"refused-bearer", // 401 with a fault in a model
	"xml-fault",      // 401 with a fault in XML: the status comes through
	"unknown-member", // an answer with a member that the contract does not know
	"lost-answer",    // a reset whose answer is lost is an error, and is not sent again
	"redirect",       // to another host: not followed
	"logout",         // both tokens
	"ended-session",  // 400 with an errorCode about the session token
}

// requests are what the simulator sees of the steps.
var requests = []entry{
	{"oauth", 200, ""},
	{"login", 200, ""},
	{"resource", 200, ""},
	{"reset", 200, ""},
	{"login", 200, ""},
	{"login", 400, ""},
	{"login", 401, ""},
	{"login", 401, "status"},
	{"login", 200, "status"},
	{"reset", 200, "drop"},
	{"logout", 307, "redirect"},
	{"logout", 200, ""},
	{"logout", 400, ""},
}

// verifySteps compares what a program says with what the simulator saw.
func verifySteps(output string, seen []entry, s state) error {
	var said []string
	for line := range strings.Lines(output) {
		if step, ok := strings.CutPrefix(strings.TrimSpace(line), "ok: "); ok {
			said = append(said, step)
		}
	}
	var wrong []error
	if !slices.Equal(said, steps) {
		wrong = append(wrong, fmt.Errorf("it took the steps %v, not %v", said, steps))
	}
	if !slices.Equal(seen, requests) {
		wrong = append(wrong, fmt.Errorf("it sent %v, not %v", seen, requests))
	}
	if v := s.ContractViolations; v.Requests != 0 || v.Responses != 0 {
		wrong = append(wrong, fmt.Errorf("%d requests and %d answers broke the contract", v.Requests, v.Responses))
	}
	if s.Counters.MisplacedSecrets != 0 {
		wrong = append(wrong, fmt.Errorf("%d requests had a secret where none belongs", s.Counters.MisplacedSecrets))
	}
	if s.Counters.MaxStrikes != 1 {
		wrong = append(wrong, fmt.Errorf("it spent up to %d strikes, not 1", s.Counters.MaxStrikes))
	}
	return errors.Join(wrong...)
}

// verifySilence reports a secret in what a program printed. The account's name would not be one.
func verifySilence(output string, secrets ...string) error {
	for _, secret := range secrets {
		if secret != "" && strings.Contains(output, secret) {
			return errors.New("it printed a secret")
		}
	}
	return nil
}

// answered is part of the simulator's answer for the account, and of no error.
const answered = "Sirius Cybernetics"

// verifyExample reports an example that did not bring the account.
func verifyExample(output string) error {
	if !strings.Contains(output, answered) {
		return errors.New("it did not print the account")
	}
	return nil
}
