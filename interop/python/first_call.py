import os
import urllib3
from thingspace_client import ApiClient, Configuration, LogInRequest, SessionManagementApi

env = os.environ
config = Configuration(host=env["THINGSPACE_BASE_URL"], retries=False)  # nothing is sent twice, no redirect followed
http = urllib3.PoolManager(retries=False)
basic = urllib3.make_headers(basic_auth=f"{env['THINGSPACE_APP_KEY']}:{env['THINGSPACE_APP_SECRET']}")
form = {**basic, "Content-Type": "application/x-www-form-urlencoded"}
granted = http.request("POST", f"{config.host}/ts/v1/oauth2/token", headers=form, body="grant_type=client_credentials")
config.access_token = granted.json()["access_token"]

login = LogInRequest(username=env["THINGSPACE_USERNAME"], password=env["THINGSPACE_PASSWORD"])
config.api_key["session"] = SessionManagementApi(ApiClient(config)).start_connectivity_management_session(login).session_token.get_secret_value()
tokens = {"Authorization": f"Bearer {config.access_token}", "VZ-M2M-Token": config.api_key["session"]}
print(http.request("GET", f"{config.host}/m2m/v1/accounts/0000123456-00001", headers=tokens).json())
