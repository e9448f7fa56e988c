"""Lives of sessions: generated sequences of calls beside a model of what the contract says in prose. Every answer is
validated against the contract as well.

Which status a dead session or a wrong password gets is the simulator's to choose where the contract says (unknown); what is
asserted of those is that they are refused, and how the contract says it is told.
"""

import sys

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule, run_state_machine_as_test

import server

IDLE = 20 * 60
STRIKES = 5

schema = schemathesis.openapi.from_path(sys.argv[1])
schema.config.update(base_url=server.API)
seen = {}


def call(method, path, expect, headers, body=None):
    """A call that must be answered with one of some statuses, and as the contract says."""
    more = {} if body is None else {"body": body, "media_type": "application/json"}
    case = schema[path][method].Case(headers=headers, **more)
    answer = case.call(allow_redirects=False)
    # The data are right or wrong by the model here, not by the schema, and credentials are left out on purpose.
    case.validate_response(answer, excluded_checks=OTHERS)
    name = f"{path.rsplit('/', 1)[-1]} {answer.status_code}"
    seen[name] = seen.get(name, 0) + 1
    assert answer.status_code in expect, f"{method} {path}: {answer.status_code}, not {expect}"
    return answer


OTHERS = [
    check
    for check in schemathesis.checks.CHECKS.get_all()
    if check.__name__
    not in {
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    }
]


def refused_session(answer):
    assert answer.status_code != 400 or "SessionToken" in answer.json()["errorCode"], "a dead session is told by its code"


class Life(RuleBasedStateMachine):
    """One user, its password, its strikes, and its sessions."""

    tokens = Bundle("tokens")

    @initialize(target=tokens)
    def born(self):
        # Not a reset of everything, which would also take away a fault that somebody wants found.
        server.anew()
        server.control("PATCH", "/switches", {"faultForm": "json"})
        server._bearer = None
        self.password, self.strikes, self.clock, self.used = server.PASSWORD, 0, 0, {}
        return self.log_in()

    def alive(self, token):
        return token in self.used and self.clock - self.used[token] < IDLE

    def locked(self):
        return self.strikes >= STRIKES

    def logs_in(self, password, expect):
        return call("POST", server.LOGIN, expect, server.headers(), {"username": server.USERNAME, "password": password})

    @rule(target=tokens)
    def log_in(self):
        if self.locked():
            self.logs_in(self.password, (400, 403))
            server.control("POST", f"/users/{server.USERNAME}/unlock")
        token = self.logs_in(self.password, (200,)).json()["sessionToken"]
        assert token not in self.used, "a token is given out once"
        self.strikes, self.used[token] = 0, self.clock
        return token

    @rule(wrong=st.text(st.characters(codec="utf-8", exclude_characters="'<\\", exclude_categories=["Cs"]), min_size=1, max_size=12))
    def log_in_wrongly(self, wrong):
        if wrong != self.password:
            self.logs_in(wrong, (400, 403))
            self.strikes += 1

    @rule(illegal=st.sampled_from(["'", "<", "\\"]))
    def log_in_with_an_illegal_character(self, illegal):
        answer = self.logs_in(self.password + illegal, (400,))
        assert answer.json()["errorCode"].endswith("INPUT_INVALID.Request.InvalidCharacter")

    @rule(token=tokens)
    def log_out(self, token):
        answer = call("POST", server.LOGOUT, (200,) if self.alive(token) else (400,), server.headers(token))
        if answer.status_code == 200:
            assert answer.json()["sessionToken"] == token, "the token that was ended is repeated"
        else:
            refused_session(answer)
        self.used.pop(token, None)

    @rule(token=tokens)
    def reset(self, token):
        well = self.alive(token) and not self.locked()
        answer = call("PUT", server.RESET, (200,) if well else (400, 403), server.headers(token), {"oldPassword": self.password})
        if well:
            new = answer.json()["newPassword"]
            assert new != self.password
            self.used[token] = self.clock
            self.logs_in(self.password, (400, 403))  # effective at once
            self.password, self.strikes = new, self.strikes + 1
        elif not self.alive(token):
            refused_session(answer)

    @rule(token=tokens)
    def without_a_bearer(self, token):
        call("POST", server.LOGOUT, (401,), {"VZ-M2M-Token": token})
        call("POST", server.LOGIN, (401,), {}, {"username": server.USERNAME, "password": self.password})
        call("PUT", server.RESET, (401,), {"VZ-M2M-Token": token}, {"oldPassword": self.password})

    @rule()
    def without_a_session(self):
        refused_session(call("POST", server.LOGOUT, (400,), server.headers()))
        refused_session(call("PUT", server.RESET, (400,), server.headers(), {"oldPassword": self.password}))

    @rule(dead=consumes(tokens))
    def log_out_twice(self, dead):
        self.log_out(dead)
        refused_session(call("POST", server.LOGOUT, (400,), server.headers(dead)))

    @rule()
    def a_whole_life(self):
        token = self.log_in()
        self.reset(token)
        self.log_in()
        self.log_out(token)
        refused_session(call("PUT", server.RESET, (400,), server.headers(token), {"oldPassword": self.password}))

    # One second more than a minute's multiple: no sum of them is twenty minutes to the second.
    @rule(seconds=st.sampled_from([61, 421, 781, 1261]))
    def time_passes(self, seconds):
        server.control("POST", "/clock/advance", {"by": f"{seconds}s"})
        self.clock += seconds
        server._bearer = None  # asked for again, which brings the same one until its hour is over

    @rule()
    def the_bearer_ends(self):
        expired = server.headers()
        server.control("POST", "/bearers/expire")
        call("POST", server.LOGIN, (401,), expired, {"username": server.USERNAME, "password": self.password})
        server._bearer = None

    @rule(form=st.sampled_from(["json", "number", "unwrapped", "xml"]))
    def the_gateway_says_it_in_another_form(self, form):
        server.control("PATCH", "/switches", {"faultForm": form})

    @invariant()
    def nothing_that_the_simulator_answered_broke_the_contract(self):
        assert server.control("GET", "/state")["contractViolations"]["responses"] == 0


lives, seed = int(sys.argv[2]), int(sys.argv[3])
how = settings(
    max_examples=lives,
    stateful_step_count=30,
    deadline=None,
    database=None,
    derandomize=False,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate] if "--no-shrink" in sys.argv else [Phase.generate, Phase.shrink],
    print_blob=False,
)
try:
    run_state_machine_as_test(seeded(seed)(Life), settings=how)
except Exception as failure:
    print(f"lifecycle: {type(failure).__name__}: {failure}", flush=True)
    for note in getattr(failure, "__notes__", []):
        print(note)
    sys.exit(1)
print(f"lifecycle: {lives} lives of up to 30 steps; answers: " + ", ".join(f"{n} {c}" for n, c in sorted(seen.items())))
