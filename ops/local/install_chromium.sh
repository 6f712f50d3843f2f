#!/bin/sh
# The browser for the tests of the pages, from the distribution's own package.
set -eu
if [ "$(id -u)" = 0 ]; then sudo=""; elif sudo -n true 2> /dev/null; then sudo="sudo"; else sudo="none"; fi
if [ "$sudo" = none ] || ! command -v apt-get > /dev/null; then
    echo "Tests of the pages need Chromium, and it cannot be installed from here: put 'chromium' on PATH" \
        "(on Debian: sudo apt-get install chromium) and try again." >&2
    exit 1
fi
echo "Installing Chromium, once (about a minute) ..."
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
$sudo apt-get install -y -qq --no-install-recommends chromium fonts-liberation > /dev/null
