package machine_test

import (
	"runtime"
	"strings"
	"testing"

	"iot.internal/thingspace/internal/machine"
)

func TestTheTableSaysWhatItWasMeasuredOn(t *testing.T) {
	table := machine.Table(t.Context())
	for _, want := range []string{"| | |\n|---|---|\n", "| Go | " + runtime.Version() + " |\n", runtime.GOOS + "/" + runtime.GOARCH} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
	for l := range strings.Lines(table) {
		if strings.Count(l, "|") != 3 {
			t.Errorf("not two cells: %q", l)
		}
	}
}
