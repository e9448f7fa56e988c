package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestWhatTheSuitePrintsHoldsNoSecret(t *testing.T) {
	const token = "bcce3ea6-fe4f-4952-bacf-eadd80718e83"
	for _, line := range []string{
		`{"sessionToken":"` + token + `"}`, `{"newPassword": "` + token + `", "a": 1}`, `{'SESSIONTOKEN': '` + token + `'}`,
		`"{\"access_token\": \"` + token + `\"}"`, `a secret of ours: ` + someone.secret, `IMgr8`,
	} {
		for _, end := range []string{"", "\n", "\nnext\n"} {
			var out bytes.Buffer
			r := newRedactor(&out, someone)
			for _, piece := range strings.SplitAfter(line+end, "e") { // as pipes bring it
				if n, err := r.Write([]byte(piece)); n != len(piece) || err != nil {
					t.Fatal(n, err)
				}
			}
			if err := r.flush(); err != nil {
				t.Fatal(err)
			}
			got := out.String()
			if strings.Contains(got, token) || strings.Contains(got, "IMgr8") || strings.Contains(got, someone.secret+"\n") || !strings.Contains(got, filtered) || !strings.HasSuffix(got, end) {
				t.Errorf("%q became %q", line+end, got)
			}
		}
	}
}
