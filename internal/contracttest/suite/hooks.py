"""What schemathesis cannot know of this API: how to get both credentials, which data are right, and what must follow."""

import itertools

import schemathesis

import server

_session = None  # of a server that is not a simulator, which is spared logins
_right = set()  # cases with good credentials and right data: they must succeed
_count = itertools.count()


@schemathesis.auth(refresh_interval=None)
class BothTokens:
    """The bearer token for every operation, and a living session for those that want one."""

    def get(self, case, context):
        global _session
        path = case.operation.path
        if server.SIMULATOR:
            # The case before may have changed the password, locked the user or ended the session.
            server.anew()
            return server.headers(server.log_in() if path != server.LOGIN else None)
        if path == server.LOGIN:
            return server.headers()
        if _session is None:
            _session = server.log_in()
        session = _session
        if path == server.LOGOUT:
            _session = None
        return server.headers(session)

    def set(self, case, data, context):
        case.headers.update(data)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Puts the right data into half of the requests that are as the contract says, which no generator would guess."""
    body, path = case.body, case.operation.path
    if not isinstance(body, dict):
        right = path == server.LOGOUT
    elif not case.meta.generation.mode.is_positive:
        right = False
    elif next(_count) % 2 == 0:
        right = True
        if path == server.LOGIN:
            body.update(username=server.USERNAME, password=server.PASSWORD)
        else:
            body.update(oldPassword=server.PASSWORD)
        if not server.SIMULATOR:
            for more in set(body) - {"username", "password"}:
                del body[more]
    else:
        right = False
    if not server.SIMULATOR and not right and isinstance(body, dict):
        # The names that are generated may be somebody's, and the example's is.
        for name in [name for name in body if name.lower() == "username" and isinstance(body[name], str)]:
            body[name] = server.NOBODY
    good = case.headers.get("Authorization") == "Bearer " + server.bearer()
    good = good and (path == server.LOGIN or "VZ-M2M-Token" in case.headers)
    if right and good and case.meta.generation.mode.is_positive:
        _right.add(case.id)


@schemathesis.check
def right_credentials_are_accepted(context, response, case):
    """Good credentials with right data get a 200, which everything else about a session rests on."""
    if case.id in _right:
        assert response.status_code == 200, f"good credentials and right data get a {response.status_code}"


@schemathesis.check
def each_credential_is_needed(context, response, case):
    """What was accepted is refused without either credential, or with a wrong one. schemathesis has a check of its own for
    this, which takes 401 and 403 only; a session token that is missing is told by a 400 here."""
    if case.id not in _right or response.status_code != 200:
        return
    request, wrong = response.request, "00000000-0000-0000-0000-000000000000"
    attempts = [("Authorization", None, 401), ("Authorization", "Bearer " + wrong, 401)]
    if case.operation.path != server.LOGIN:
        attempts += [("VZ-M2M-Token", None, 400), ("VZ-M2M-Token", wrong, 400)]
    for header, value, status in attempts:
        headers = {name: v for name, v in request.headers.items() if name.lower() not in (header.lower(), "content-length")}
        if value is not None:
            headers[header] = value
        got = server.send(request.method, case.operation.path, headers=headers, data=request.body)
        assert got.status_code == status, f"{header} {'missing' if value is None else 'wrong'}: {got.status_code}, not {status}"
        if status == 400:
            assert "SessionToken" in got.json()["errorCode"], f"{header}: not told by its code"
