package cli

import (
	"strings"
	"testing"
	"time"

	"iot.internal/thingspace/internal/platform"
)

func TestTheDemonstrationHoldsWhatItSays(t *testing.T) {
	var out strings.Builder
	d, err := newDemonstration(t.Context(), &out, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer d.stop()
	began := time.Now()
	if err := d.tell(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("it took %s", took)
	}
	for _, secret := range []string{demoPassword, demoWrong, demoSecret, d.platform.Password(demoUser)} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("it shows %q", secret)
		}
	}
}

// Whatever goes wrong, a step that did not do what it says must not be told as if it had.
func TestTheDemonstrationFailsIfAStepDoesNotHold(t *testing.T) {
	for name, c := range map[string]struct {
		fault    platform.Fault
		switches func(*platform.Switches)
		step     string
	}{
		"the first login fails": {
			fault: platform.Fault{On: []platform.Endpoint{platform.Login}, Kind: platform.Status, Status: 500},
			step:  "step 1",
		},
		"a needless login": {
			fault: platform.Fault{On: []platform.Endpoint{platform.Resource}, Skip: 1, Times: 1, Kind: platform.SessionToken},
			step:  "step 2",
		},
		"sessions do not expire": {switches: func(s *platform.Switches) { s.IdleLimit = 24 * time.Hour }, step: "step 3"},
		"bearers do not expire":  {switches: func(s *platform.Switches) { s.BearerLifetime = 24 * time.Hour }, step: "step 4"},
		"the wrong password is not refused as such": {
			fault: platform.Fault{On: []platform.Endpoint{platform.Login}, Skip: 3, Kind: platform.Status, Status: 500},
			step:  "step 5",
		},
		"the reset fails": {
			fault: platform.Fault{On: []platform.Endpoint{platform.Reset}, Kind: platform.Status, Status: 500},
			step:  "step 6",
		},
		"the logout fails": {
			fault: platform.Fault{On: []platform.Endpoint{platform.Logout}, Kind: platform.Status, Status: 500},
			step:  "step 7",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			d, err := newDemonstration(t.Context(), &out, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer d.stop()
			if c.fault.Kind != "" {
				if _, err := d.platform.Inject(c.fault); err != nil {
					t.Fatal(err)
				}
			}
			if c.switches != nil {
				if err := d.platform.SetSwitches(c.switches); err != nil {
					t.Fatal(err)
				}
			}
			status, line := explain(d.tell(t.Context()))
			if status != exitFailed || !strings.Contains(line, c.step) || strings.Contains(out.String(), "All 7 steps") {
				t.Errorf("%d %q\n%s", status, line, out.String())
			}
		})
	}
}
