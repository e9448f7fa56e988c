"""The server under test, as both parts of the suite see it: through the relay of contracttest, which enforces the rules."""

import os

import requests

LOGIN = "/m2m/v1/session/login"
LOGOUT = "/m2m/v1/session/logout"
RESET = "/m2m/v1/session/password/actions/reset"

KEY = os.environ["THINGSPACE_APP_KEY"]
SECRET = os.environ["THINGSPACE_APP_SECRET"]
USERNAME = os.environ["THINGSPACE_USERNAME"]
PASSWORD = os.environ["THINGSPACE_PASSWORD"]
NOBODY = os.environ["CONTRACT_TEST_NOBODY"]

_RELAY = os.environ["CONTRACT_TEST_URL"]
API = _RELAY + os.environ["CONTRACT_TEST_BASE"]
# A simulator has a control path, so everything may be tried and put right again.
SIMULATOR = os.environ.get("CONTRACT_TEST_CONTROL") == "yes"

_http = requests.Session()
_http.trust_env = False
_bearer = None


def send(method, path, **kwargs):
    """One request below the base URL, without any credential of its own."""
    return _http.request(method, API + path, timeout=30, allow_redirects=False, **kwargs)


def control(method, path, body=None):
    """One request to the control path of a simulator, which must do it."""
    answer = _http.request(method, _RELAY + "/_control" + path, json=body, timeout=30)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def bearer():
    """The bearer token: the same for an hour."""
    global _bearer
    if _bearer is None:
        answer = send("POST", "/ts/v1/oauth2/token", data={"grant_type": "client_credentials"}, auth=(KEY, SECRET))
        if answer.status_code != 200:
            raise RuntimeError(f"the token endpoint answers {answer.status_code}")
        _bearer = answer.json()["access_token"]
    return _bearer


def headers(session=None):
    """Both credentials, or the bearer token alone."""
    both = {"Authorization": "Bearer " + bearer()}
    if session is not None:
        both["VZ-M2M-Token"] = session
    return both


def log_in(password=PASSWORD):
    """A new session."""
    answer = send("POST", LOGIN, headers=headers(), json={"username": USERNAME, "password": password})
    if answer.status_code != 200:
        raise RuntimeError(f"the login with the right password answers {answer.status_code}")
    return answer.json()["sessionToken"]


def anew():
    """A simulator's user as at the start: not locked, no strikes, the first password."""
    control("PUT", f"/users/{USERNAME}/password", {"password": PASSWORD})
    control("POST", f"/users/{USERNAME}/unlock")
