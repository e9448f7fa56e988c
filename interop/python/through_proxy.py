import os
from urllib.request import urlopen

with urlopen(f"{os.environ['THINGSPACE_PROXY_URL']}/m2m/v1/accounts/0000123456-00001") as answer:
    print(answer.read().decode())
