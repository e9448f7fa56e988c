package browsertest

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

const (
	loginCall  = "#operations-Session_Management-startConnectivityManagementSession"
	logoutCall = "#operations-Session_Management-endConnectivityManagementSession"
	resetCall  = "#operations-Session_Management-resetConnectivityManagementPassword"
	answerBody = " .live-responses-table .response-col_description .highlight-code"
)

var guid = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// logIn does it as a reader would: first the bearer, then the login's own form.
func (b *tab) logIn() (token string) {
	b.t.Helper()
	b.click("#get-bearer")
	b.visible(`#step-bearer[data-state=held]`)
	b.click("#open-login")
	b.click(loginCall + " button.execute")
	token = guid.FindString(b.text(loginCall+answerBody, "sessionToken"))
	if token == "" {
		b.t.Fatal("the page shows no session token")
	}
	return token
}

func TestThePageIsDrawnWithoutAComplaint(t *testing.T) {
	for _, as := range []look{desktop, phone.inTheDark()} {
		t.Run(as.String(), func(t *testing.T) {
			origin := simulate(t)
			b := open(t, origin, origin+"/", as)
			b.text("h1", "Session management")
			b.text("#contract-text", "Never let a client, a proxy or a library retry")
			b.text("#schemas", "ConnectivityManagementResult")
			b.text("#origin", origin+"/api")
			b.openAll()
			b.text(resetCall, "Send it once.")
		})
	}
}

// openAll unfolds every call and schema.
func (b *tab) openAll() {
	b.t.Helper()
	b.run(`document.querySelectorAll(".opblock-summary-control[aria-expanded=false]").forEach((e) => e.click())`)
	b.visible(resetCall + " textarea")
	b.run(`document.querySelectorAll(".model-box-control[aria-expanded=false]").forEach((e) => e.click())`)
	b.text("#schemas", "The fault in two or three words.")
}

func TestLoginTriedOnThePageReturnsATokenThatLogoutThenEnds(t *testing.T) {
	origin := simulate(t)
	b := open(t, origin, origin+"/", desktop)
	token := b.logIn()
	if shown := b.text("#session", "-"); shown != token {
		t.Errorf("the panel shows %s, the answer %s", shown, token)
	}
	var state struct{ Users []struct{ Sessions int } }
	b.state(&state)
	if len(state.Users) != 1 || state.Users[0].Sessions != 1 {
		t.Errorf("the simulator says %+v", state)
	}
	// Both credentials are filled in for what comes next.
	b.click(logoutCall + " .opblock-summary-control")
	b.click(logoutCall + " button.execute")
	if got := guid.FindString(b.text(logoutCall+answerBody, "sessionToken")); got != token {
		t.Errorf("ended %s, not %s", got, token)
	}
	b.text("#session", "none yet")
}

// state decodes what the simulator says of itself.
func (b *tab) state(into any) {
	b.t.Helper()
	if err := json.Unmarshal([]byte(value[string](b, `fetch("/_control/state").then((r) => r.text())`)), into); err != nil {
		b.t.Fatal(err)
	}
}

func TestTheDialogueForCredentialsIsFilledIn(t *testing.T) {
	origin := simulate(t)
	b := open(t, origin, origin+"/", desktop)
	b.click("#reference .authorize .btn.authorize")
	b.visible(".dialog-ux")
	b.click(".dialog-ux .auth-btn-wrapper .modal-btn.authorize")
	b.visible(`#step-bearer[data-state=held]`)
	b.click(".dialog-ux .auth-btn-wrapper .modal-btn.authorize") // it says Logout now
	b.text("#bearer", "none yet")
}

func TestAPasswordResetOnThePageSaysTheNewPassword(t *testing.T) {
	origin := simulate(t)
	b := open(t, origin, origin+"/", desktop)
	b.logIn()
	b.click(resetCall + " .opblock-summary-control")
	b.click(resetCall + " button.execute")
	answer := b.text(resetCall+answerBody, "newPassword")
	password := regexp.MustCompile(`"newPassword": "([^"]+)"`).FindStringSubmatch(answer)
	if said := b.text("#said", "from now on"); password == nil || !strings.Contains(said, password[1]) {
		t.Errorf("answered %q, said %q", answer, said)
	}
}

func TestTwentyIdleMinutesEndTheSessionOnThePage(t *testing.T) {
	origin := simulate(t)
	b := open(t, origin, origin+"/", desktop)
	b.logIn()
	b.click("#use")
	b.text("#used", ": 200")
	b.click("#idle")
	b.text("#said", "20 minutes have passed")
	b.expect("status of 400")
	b.click("#use")
	b.text("#used", "400 UnifiedWebService.REQUEST_FAILED.SessionToken.Expired")
	b.text("#said", "log in again, and keep the bearer")
}

func TestAWrongPasswordIsAStrikeOnThePage(t *testing.T) {
	origin := simulate(t)
	b := open(t, origin, origin+"/", desktop)
	b.click("#get-bearer")
	b.visible(`#step-bearer[data-state=held]`)
	b.click("#open-login")
	b.expect("status of 400")
	b.visible(loginCall + " textarea")
	b.run(`document.querySelector(` + quote(loginCall+" textarea") + `).select()`)
	b.do(chromedp.KeyEvent(`{"username": "zbeeblebrox", "password": "wrong"}`))
	b.click(loginCall + " button.execute")
	b.text(loginCall+answerBody, "errorCode")
	b.visible(`#strikes[aria-label="1 of 5 strikes"]`)
	b.click("#afresh")
	b.visible(`#strikes[aria-label="0 of 5 strikes"]`)
}

func TestThePageFitsItsWindow(t *testing.T) {
	for _, width := range []int64{320, 390, 768} {
		as := look{width: width, height: 844}
		t.Run(as.String(), func(t *testing.T) {
			origin := simulate(t)
			b := open(t, origin, origin+"/", as)
			b.logIn()
			b.openAll()
			wide := value[[]string](b, `document.documentElement.scrollWidth <= window.innerWidth ? [] : [document.documentElement.scrollWidth + " px wide"].concat(
				[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > window.innerWidth + 1).map((e) => e.tagName + "." + e.className).slice(0, 10))`)
			if len(wide) != 0 {
				t.Errorf("it scrolls sideways: %q", wide)
			}
		})
	}
}

func TestTheColoursFollowTheSystem(t *testing.T) {
	origin := simulate(t)
	for as, dark := range map[look]bool{desktop: false, desktop.inTheDark(): true} {
		b := open(t, origin, origin+"/", as)
		light := value[float64](b, `getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).reduce((a, v) => a + Number(v), 0) / 765`)
		if (light < 0.5) != dark {
			t.Errorf("%s: the ground's lightness is %.2f", as, light)
		}
	}
}

// It also shows that what judge goes by arrives at all.
func TestThePolicyKeepsThePageFromOtherHosts(t *testing.T) {
	origin := simulate(t)
	b := open(t, origin, origin+"/", desktop)
	directive := value[string](b, `new Promise((done) => {
		document.addEventListener("securitypolicyviolation", (e) => done(e.effectiveDirective));
		fetch("https://192.0.2.1/").catch(() => {});
	})`)
	if directive != "connect-src" {
		t.Errorf("stopped by %q", directive)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.ContainsFunc(b.complains, func(c string) bool { return strings.Contains(c, "policy violated: connect-src https://192.0.2.1") }) {
		t.Errorf("the browser's complaint did not arrive: %q", b.complains)
	}
	b.expected = append(b.expected, "192.0.2.1")
	b.asked = slices.DeleteFunc(b.asked, func(url string) bool { return strings.HasPrefix(url, "https://192.0.2.1") })
}
