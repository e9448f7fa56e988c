#!/bin/sh
# Installs what the languages need and this machine lacks, on Debian 12 or later, as root. Rust there is that of cargo-web,
# because cargo is too old.
set -eu
lacks() { ! command -v "$1" >/dev/null; }
want=
if lacks javac; then want="$want openjdk-17-jdk-headless"; fi
if lacks mvn; then want="$want maven"; fi
if lacks cargo; then want="$want cargo-web rustc-web"; fi
if lacks cc; then want="$want gcc libc6-dev"; fi
if lacks curl; then want="$want curl"; fi
if lacks npm; then want="$want nodejs npm"; fi
python3 -c 'import ensurepip' 2>/dev/null || want="$want python3 python3-venv"
php -r 'exit(extension_loaded("curl") && extension_loaded("mbstring") && is_file("/usr/share/php/GuzzleHttp/autoload.php") ? 0 : 1);' 2>/dev/null ||
	want="$want php-cli php-curl php-mbstring php-guzzlehttp-guzzle"
ruby -rtyphoeus -e '' 2>/dev/null || want="$want ruby ruby-typhoeus"
test -n "$want" || exit 0
apt-get update -qq
# shellcheck disable=SC2086 # a list of packages
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $want >/dev/null
