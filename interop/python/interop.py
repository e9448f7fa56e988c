"""Every step is one line on standard output; the first that goes wrong ends the program with status 1."""

import os
import sys
from typing import NoReturn

import urllib3
from thingspace_client import (
    ApiClient,
    Configuration,
    ConnectivityManagementResult,
    GatewayFault,
    LogInRequest,
    SessionManagementApi,
    SessionResetPasswordRequest,
)
from thingspace_client.exceptions import ApiException, BadRequestException, UnauthorizedException


def fail(step: str, reason: str) -> NoReturn:
    print(f"wrong: {step}: {reason}", file=sys.stderr)
    sys.exit(1)


def check(step: str, good: bool, reason: str) -> None:
    if not good:
        fail(step, reason)


def done(step: str) -> None:
    print(f"ok: {step}", flush=True)


base_url = os.environ["THINGSPACE_BASE_URL"]
username = os.environ["THINGSPACE_USERNAME"]
old_password = os.environ["THINGSPACE_PASSWORD"]

# retries=False: urllib3 would send a PUT again when its answer is lost, and the reset is one. It would follow redirects too.
configuration = Configuration(host=base_url, retries=False)
http = urllib3.PoolManager(retries=False)
api_client = ApiClient(configuration)
api = SessionManagementApi(api_client)

granted = http.request(
    "POST",
    f"{base_url}/ts/v1/oauth2/token",
    headers={
        **urllib3.make_headers(basic_auth=f"{os.environ['THINGSPACE_APP_KEY']}:{os.environ['THINGSPACE_APP_SECRET']}"),
        "Content-Type": "application/x-www-form-urlencoded",
    },
    body="grant_type=client_credentials",
)
check("bearer", granted.status == 200, f"status {granted.status}")
configuration.access_token = granted.json()["access_token"]
done("bearer")

session_token = api.start_connectivity_management_session(LogInRequest(username=username, password=old_password)).session_token.get_secret_value()
configuration.api_key["session"] = session_token
done("login")

url, headers = f"{base_url}/m2m/v1/accounts/0000123456-00001", {}
api_client.update_params_for_auth(headers, [], ["oauth", "session"], url, "GET", None)
account = http.request("GET", url, headers=headers)
check("resource", account.status == 200 and account.json()["accountName"] == "0000123456-00001", f"status {account.status}")
done("resource")

new_password = api.reset_connectivity_management_password(SessionResetPasswordRequest(old_password=old_password)).new_password.get_secret_value()
check("reset", new_password not in ("", old_password), "no new password")
done("reset")

session_token = api.start_connectivity_management_session(LogInRequest(username=username, password=new_password)).session_token.get_secret_value()
configuration.api_key["session"] = session_token
done("new-password")

try:
    api.start_connectivity_management_session(LogInRequest(username=username, password=old_password))
    fail("refused-login", "it was accepted")
except BadRequestException as refused:
    check("refused-login", isinstance(refused.data, ConnectivityManagementResult), "not typed")
    check("refused-login", "Password" in refused.data.error_code and refused.data.error_message != "", "no errorCode and errorMessage")
done("refused-login")

good, configuration.access_token = configuration.access_token, "made-up"
try:
    api.start_connectivity_management_session(LogInRequest(username=username, password=new_password))
    fail("refused-bearer", "it was accepted")
except UnauthorizedException as unauthorized:
    check("refused-bearer", isinstance(unauthorized.data, GatewayFault), "not typed")
    check("refused-bearer", str(unauthorized.data.fault.code) == "900901" and unauthorized.data.fault.message != "", "no code and message")
configuration.access_token = good
done("refused-bearer")

# The gateway may answer in XML, which fits no model: the status has to come through.
try:
    api.start_connectivity_management_session(LogInRequest(username=username, password=new_password))
    fail("xml-fault", "it was accepted")
except UnauthorizedException as xml:
    check("xml-fault", xml.status == 401, f"status {xml.status}")
done("xml-fault")

# The platform may add members at any time.
extended = api.start_connectivity_management_session(LogInRequest(username=username, password=new_password))
check("unknown-member", extended.session_token.get_secret_value() != "", "no token")
done("unknown-member")

# The connection breaks after the platform has acted: whoever sends it again has lost the password twice.
try:
    api.reset_connectivity_management_password(SessionResetPasswordRequest(old_password=new_password))
    fail("lost-answer", "an answer that was lost was not an error")
except urllib3.exceptions.ProtocolError:
    done("lost-answer")

# A redirect to another host must not be followed: the session token would go there too.
try:
    api.end_connectivity_management_session()
    fail("redirect", "it was followed")
except ApiException as redirect:
    check("redirect", redirect.status == 307, f"status {redirect.status}")
done("redirect")

check("logout", api.end_connectivity_management_session().session_token.get_secret_value() == session_token, "another session")
done("logout")

try:
    api.end_connectivity_management_session()
    fail("ended-session", "it was accepted")
except BadRequestException as dead:
    check("ended-session", "SessionToken" in dead.data.error_code, "another errorCode")
done("ended-session")
