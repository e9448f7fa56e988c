# A ThingSpace of your own. Once its variables are printed it listens.
rm -f simulator.env proxy.env
thingspace simulate --listen 127.0.0.1:0 >simulator.env &
until grep -qs THINGSPACE_PASSWORD simulator.env || ! kill -0 $!; do sleep 0.1; done
. ./simulator.env

# The proxy: it logs in when the first request comes, and keeps both tokens.
thingspace proxy --listen 127.0.0.1:0 >proxy.env &
until grep -qs THINGSPACE_PROXY_URL proxy.env || ! kill -0 $!; do sleep 0.1; done
. ./proxy.env

curl -fsS "$THINGSPACE_PROXY_URL/m2m/v1/accounts/0000123456-00001"
