package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// control is the control path of a simulator.
type control struct{ base string }

// local is for the control path alone, which answers at once.
var local = &http.Client{Timeout: 30 * time.Second}

// entry is a request that the simulator has seen.
type entry struct {
	Endpoint string `json:"endpoint"`
	Status   int    `json:"status"`
	Fault    string `json:"fault"`
}

// state is what the simulator has counted.
type state struct {
	Counters struct {
		MisplacedSecrets int `json:"misplacedSecrets"`
		MaxStrikes       int `json:"maxStrikes"`
	} `json:"counters"`
	ContractViolations struct {
		Requests  int `json:"requests"`
		Responses int `json:"responses"`
	} `json:"contractViolations"`
}

// prepare sets the simulator back and makes go wrong what the programs expect to: the fifth login is
// answered in XML, the sixth with a member that the contract does not know, the answer to the second reset is
// lost, and the first logout is sent to another host. (A fault counts only the requests that those before it let pass.)
func (c *control) prepare(ctx context.Context) error {
	if err := c.ask(ctx, http.MethodPost, "/reset", "", nil); err != nil {
		return err
	}
	for _, fault := range []string{
		`{"on": ["login"], "skip": 4, "times": 1, "kind": "status", "status": 401, "body": "xml"}`,
		`{"on": ["login"], "skip": 4, "times": 1, "kind": "status", "status": 200, "body": "content", "contentType": "application/json",
		  "content": "{\"sessionToken\": \"00000000-0000-4000-8000-000000000000\", \"added\": {\"later\": [true]}}"}`,
		`{"on": ["reset"], "skip": 1, "times": 1, "kind": "drop", "acted": true}`,
		`{"on": ["logout"], "times": 1, "kind": "redirect", "status": 307, "location": "` + c.elsewhere() + `"}`,
	} {
		if err := c.ask(ctx, http.MethodPost, "/faults", fault, nil); err != nil {
			return err
		}
	}
	return nil
}

// elsewhere is the simulator under another name, so that it sees who follows a redirect.
func (c *control) elsewhere() string {
	return strings.Replace(strings.TrimSuffix(c.base, "/_control"), "127.0.0.1", "localhost", 1) + "/api/m2m/v1/elsewhere"
}

func (c *control) journal(ctx context.Context) (entries []entry, err error) {
	err = c.ask(ctx, http.MethodGet, "/journal", "", &entries)
	return entries, err
}

func (c *control) state(ctx context.Context) (s state, err error) {
	err = c.ask(ctx, http.MethodGet, "/state", "", &s)
	return s, err
}

func (c *control) ask(ctx context.Context, method, path, body string, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	response, err := local.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("control path %s: status %d: %s", path, response.StatusCode, answer)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}
