#!/usr/bin/env bash
# Installs what is missing, builds in release and runs every test. Ends with the line "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/.."

# The clients that tests drive the server with, and the proxy that stands before two of them.
Scripts/install.sh curl nginx-light python3-venv chromium chromium-driver || exit $?
# The official OpenAI client drives the server in one test, which says that it is skipped where there is none.
clients=.build/clients
if [ -z "${MONOCLE_PYTHON:-}" ] && { [ -x "$clients/bin/python" ] || python3 -m venv "$clients"; } \
    && "$clients/bin/pip" install -q --disable-pip-version-check openai; then
    export MONOCLE_PYTHON="$PWD/$clients/bin/python"
fi
report=$(mktemp -d)
trap 'rm -rf "$report"' EXIT
swift test -c release --parallel --xunit-output "$report/tests.xml" "$@"
status=$?

# SwiftPM writes one file a test library; Swift Testing's carries the counts in its first testsuite element.
counts=$(grep -ho '<testsuite [^>]*' "$report"/*.xml 2>/dev/null | awk '
    { for (i = 1; i <= NF; i++) if (split($i, part, "\"") > 1) {
        if ($i ~ /^tests=/) tests += part[2]
        if ($i ~ /^(failures|errors)=/) failed += part[2]
    } }
    END { print tests + 0, failed + 0 }')
read -r tests failed <<<"$counts"
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; tests=$((tests + 1)); fi
echo "$((tests - failed)) passed, $failed failed"
exit "$status"
