#!/usr/bin/env bash
# Installs what is missing, builds in release and runs every test. Ends with the line "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/.."

# A client that tests drive the server with; where the system has them, also a proxy to stand before two servers, a browser (a
# package of Debian's, not of Ubuntu's) and words that a metric looks up. Tests that need one of these say so when they are skipped.
Scripts/install.sh curl python3-venv --optional nginx-light chromium chromium-driver wordnet-base || exit $?
# The official OpenAI client drives the server in one test, pyarrow reads parquet in another; each is skipped where there is none.
clients=.build/clients
if [ -z "${MONOCLE_PYTHON:-}" ] && { [ -x "$clients/bin/python" ] || python3 -m venv "$clients"; } \
    && "$clients/bin/pip" install -q --disable-pip-version-check openai pyarrow; then
    export MONOCLE_PYTHON="$PWD/$clients/bin/python"
fi
if [ -x "$clients/bin/pip" ]; then "$clients/bin/pip" install -q --disable-pip-version-check kubernetes-validate; fi
# Chinese words of long texts are compared with jieba's; those tests say that they are skipped where it is not.
if [ -z "${MONOCLE_JIEBA:-}" ] && [ -x "$clients/bin/pip" ] \
    && "$clients/bin/pip" install -q --disable-pip-version-check jieba==0.42.1; then
    MONOCLE_JIEBA=$("$clients/bin/python" -c 'import importlib.util as u; print(u.find_spec("jieba").submodule_search_locations[0])')
    export MONOCLE_JIEBA
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
